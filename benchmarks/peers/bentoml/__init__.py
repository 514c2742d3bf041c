"""BentoML as its documentation shows it: one service with one worker."""
