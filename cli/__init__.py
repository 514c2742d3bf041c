"""What the commands share: errors, findings, progress, the CDK, settings, dead letters."""
