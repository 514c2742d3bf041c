"""Jobs while processes are killed at random: every report must end exactly once."""
