"""The commands against an account."""
