"""What stands in, on one machine, for the services that AWS, Supabase and OpenAI run."""
