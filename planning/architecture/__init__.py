"""The picture of the architecture, drawn from the templates of an environment."""
