"""The Lambdas that finish reports, and tell of those that have ended."""
