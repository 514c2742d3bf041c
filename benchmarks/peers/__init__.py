"""Plain services that ours is measured beside, each in its own environment: no stores, sign-in or LLM."""
