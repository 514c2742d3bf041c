"""What a change of the OpenAPI document means for those who call the API."""
