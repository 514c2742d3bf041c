"""Fakes, on one machine, of the services that AWS, Supabase and OpenAI run."""
