"""The vision model behind its endpoint, and the fallback LLM."""
