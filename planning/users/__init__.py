"""A list of users as exported from Supabase: read row by row, counted by day."""
