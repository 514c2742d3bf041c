"""The vision model and its SageMaker endpoint."""
