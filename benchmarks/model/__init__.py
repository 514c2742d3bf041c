"""Measures how fast BLIP-2 answers: scoring, generation, and the model server."""
