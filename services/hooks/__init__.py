"""The Lambdas behind /hooks: `app` queues the database's webhooks, `worker` submits their analyses."""
