"""A new archive into an environment, proven on an endpoint of its own before a user meets it."""
