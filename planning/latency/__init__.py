"""How long reports take, and how many instances that needs, by simulation."""
