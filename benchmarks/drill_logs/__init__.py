"""Log events of a drain while processes are killed at random: each accepted one must be written once."""
