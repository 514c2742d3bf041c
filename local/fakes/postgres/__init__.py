"""A real Postgres that the migrations in supabase/ find set up like a Supabase project's."""
