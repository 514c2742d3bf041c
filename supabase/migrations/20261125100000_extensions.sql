-- The extensions of a Supabase project, which a plain Postgres lacks. Local mode skips this file and loads
-- local/fakes/postgres/prelude.sql instead.
create extension if not exists pg_net;
create extension if not exists pg_cron with schema pg_catalog;
create extension if not exists supabase_vault;
