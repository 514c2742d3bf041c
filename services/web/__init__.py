"""What the services that speak HTTP share: problem documents and the trace of a request."""
