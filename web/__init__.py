"""The page that a reseller uses, and what builds and serves it."""
