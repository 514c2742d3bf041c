"""Commands that package, check, compare and deploy an archive."""
