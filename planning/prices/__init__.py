"""Prices of AWS and of LLMs as data: each with its source, its date and how sure it is."""
