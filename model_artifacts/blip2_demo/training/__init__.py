"""The demo model's training and evaluation."""
