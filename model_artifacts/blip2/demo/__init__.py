"""The demo model: a small BLIP-2 trained on drawn goods, and the recipe that made it."""
