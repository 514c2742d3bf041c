"""The Lambdas behind /hooks: what the database tells us is checked and queued, then accepted as analyses."""
