"""The SageMaker runtime in front of model servers: realtime and asynchronous endpoints."""
