"""What the commands of ops and local share."""
