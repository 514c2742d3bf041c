-- What a Supabase project has before its first migration, as far as our migrations and their callers need it.
-- local/fakes/postgres/project.py loads it into an empty Postgres instead of the migration that adds extensions.

create role anon nologin;
create role authenticated nologin;
create role service_role nologin bypassrls;
grant anon, authenticated, service_role to postgres;
grant usage on schema public to anon, authenticated, service_role;
-- Supabase grants all privileges on objects in public; row-level security restricts the rows.
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to anon, authenticated, service_role;

create schema auth;
grant usage on schema auth to anon, authenticated, service_role;
create table auth.users (id uuid primary key, email text unique);
-- Reads the claims of the token, which Supabase's REST API sets in each transaction.
create function auth.uid() returns uuid language sql stable as $$
    select nullif(current_setting('request.jwt.claims', true)::jsonb ->> 'sub', '')::uuid
$$;

-- Vault, without encryption.
create schema vault;
create table vault.secrets (id uuid primary key default gen_random_uuid(), name text unique, secret text not null);
create view vault.decrypted_secrets as select id, name, secret as decrypted_secret from vault.secrets;
create function vault.create_secret(new_secret text, new_name text) returns uuid language sql as $$
    insert into vault.secrets (name, secret) values (new_name, new_secret) returning id
$$;

-- pg_net: requests go into a table, and local/fakes/postgres/project.py sends them after they are committed.
create schema net;
create table net.http_request_queue (
    id bigint generated always as identity primary key,
    method text not null,
    url text not null,
    headers jsonb not null,
    body bytea,
    timeout_milliseconds int not null
);
create table net._http_response (
    id bigint primary key,
    status_code int,
    content text,
    timed_out boolean,
    error_msg text,
    created timestamptz not null default now()
);
create function net.http_post(
    url text,
    body jsonb default '{}'::jsonb,
    params jsonb default '{}'::jsonb,
    headers jsonb default '{"Content-Type": "application/json"}'::jsonb,
    timeout_milliseconds int default 5000
) returns bigint language plpgsql security definer as $$
declare
    request_id bigint;
begin
    if params <> '{}'::jsonb then
        raise exception 'params are not supported: put them into the url';
    end if;
    insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
        values ('POST', url, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds)
        returning id into request_id;
    notify vitrine_net;
    return request_id;
end
$$;

-- pg_cron: jobs are kept, and local/fakes/postgres/project.py runs those due every minute.
create schema cron;
create table cron.job (jobname text primary key, schedule text not null, command text not null);
create function cron.schedule(job_name text, schedule text, command text) returns bigint language plpgsql as $$
begin
    insert into cron.job values (job_name, schedule, command)
        on conflict (jobname) do update set schedule = excluded.schedule, command = excluded.command;
    return 1;
end
$$;
