"""Region, bucket, latency and cost of an environment, before its first deployment and on every change."""
