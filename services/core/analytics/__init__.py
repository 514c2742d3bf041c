"""Events about reports, for the product analytics of PostHog."""
