"""An environment's dashboard, insights and alerts in PostHog, made and kept by commands."""
