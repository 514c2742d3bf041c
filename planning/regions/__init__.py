"""Which region suits an environment's users, and what a second one takes."""
