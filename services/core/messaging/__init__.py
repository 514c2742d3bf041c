"""SQS queues: what is sent, and what a consumer does with a message."""
