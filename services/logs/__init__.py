"""Edge logs of Supabase: received, filtered and written to CloudWatch Logs."""
