"""`calibrate`: fits a model's probabilities to labelled photos, and measures what they are worth."""
