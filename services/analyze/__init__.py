"""The analyze service: takes photos over HTTP, answers product reports."""
