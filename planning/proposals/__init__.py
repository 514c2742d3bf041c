"""What the answers lead to in the settings: a second region, and other values."""
