"""What Vitrine costs, read out of its own templates."""
