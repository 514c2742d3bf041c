"""The vision model behind its endpoint, and the LLM that stands in for it."""
