"""What calls the deployed system as its users do: the local demo, the smoke test."""
