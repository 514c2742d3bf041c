"""What an environment costs: idle, per report, and by the way its model runs."""
