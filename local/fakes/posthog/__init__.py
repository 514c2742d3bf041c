"""PostHog on this machine, by its documented API."""
