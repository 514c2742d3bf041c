"""What the FastAPI services share."""
