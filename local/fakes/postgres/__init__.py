"""A real Postgres that looks like a Supabase project's to the migrations in supabase/."""
