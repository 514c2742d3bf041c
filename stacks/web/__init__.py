"""The page behind CloudFront, with the API on its origin."""
