"""Deploys an environment into its AWS account, and looks after it there."""
