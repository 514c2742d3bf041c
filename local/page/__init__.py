"""The page on one machine: its files, its configuration and, below /api, the gateway, at one address."""
