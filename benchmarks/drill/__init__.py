"""Jobs while processes are killed at random: every report ends once."""
