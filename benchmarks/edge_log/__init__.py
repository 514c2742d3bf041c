"""What its log costs an Edge Function, also while the receiver of its lines fails."""
