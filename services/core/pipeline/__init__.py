"""From a submission to an ended report."""
