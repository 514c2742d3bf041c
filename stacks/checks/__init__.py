"""What every environment's templates are checked by."""
