"""The service on Fargate behind its load balancer."""
