"""How GitHub Actions deploys the environment: its identity provider and two roles."""
