"""The handlers of the artifact, run by the container's own code (over `sagemaker_inference`)."""

from model_artifacts.blip2.server.handlers import Answer, Invoke, load

__all__ = ["Answer", "Invoke", "load"]
