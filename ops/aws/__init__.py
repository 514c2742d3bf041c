"""What the commands ask an AWS account."""
