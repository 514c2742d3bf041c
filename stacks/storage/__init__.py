"""The buckets, the reports table and the image repository."""
