"""SageMaker Studio and its permissions."""
