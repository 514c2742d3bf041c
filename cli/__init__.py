"""What the commands of ops and local share: errors, findings, progress, the CDK, settings, dead letters."""
