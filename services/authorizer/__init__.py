"""The Lambda that checks access tokens at the gateway."""
