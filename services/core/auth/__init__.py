"""Access tokens and webhook signatures."""
