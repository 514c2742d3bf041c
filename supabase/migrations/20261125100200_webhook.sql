-- Posts each new analysis to Vitrine, signed by Standard Webhooks, and repeats it until its report arrives.
--
-- The address and the keys are secrets in Vault, which only this schema's functions read:
--   select vault.create_secret('https://api.example.com/hooks/supabase', 'vitrine_hooks_url');
--   select vault.create_secret('whsec_…', 'vitrine_hooks_secret');
-- To rotate the key: set the secret to both keys, separated by a space, here and at the receiver, then to the new
-- one alone.

create schema vitrine;
revoke all on schema vitrine from public;

-- HMAC over the built-in sha256(): the schema of pgcrypto differs between projects.
create function vitrine.hmac_sha256(message bytea, key bytea) returns bytea
language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
    block bytea := case when length(key) > 64 then sha256(key) else key end;
    inner_pad bytea;
    outer_pad bytea;
begin
    block := block || decode(repeat('00', 64 - length(block)), 'hex');
    inner_pad := block;
    outer_pad := block;
    for i in 0..63 loop
        inner_pad := set_byte(inner_pad, i, get_byte(block, i) # 54);
        outer_pad := set_byte(outer_pad, i, get_byte(block, i) # 92);
    end loop;
    return sha256(outer_pad || sha256(inner_pad || message));
end
$$;

create function vitrine.secret(secret_name text) returns text
language sql stable set search_path = ''
as $$
    select nullif(trim(decrypted_secret), '') from vault.decrypted_secrets where name = secret_name
$$;

-- The header webhook-signature: one signature for each key of the secret.
create function vitrine.signatures(message_id text, seconds bigint, body text, keys text) returns text
language sql immutable set search_path = ''
as $$
    select string_agg('v1,' || encode(vitrine.hmac_sha256(
        convert_to(message_id || '.' || seconds || '.' || body, 'UTF8'),
        decode(regexp_replace(key, '^whsec_', ''), 'base64')
    ), 'base64'), ' ' order by nth)
    from regexp_split_to_table(trim(keys), '\s+') with ordinality as given (key, nth)
$$;

create table vitrine.posts (
    analysis_id uuid primary key references public.analyses (id) on delete cascade,
    times int not null default 1,
    last_at timestamptz not null default clock_timestamp()
);
comment on table vitrine.posts is 'How often and when last each analysis was posted.';

create function vitrine.post(asked public.analyses) returns void
language plpgsql set search_path = ''
as $$
declare
    url text := vitrine.secret('vitrine_hooks_url');
    keys text := vitrine.secret('vitrine_hooks_secret');
    message_id text := 'anl_' || asked.id;
    seconds bigint := extract(epoch from clock_timestamp())::bigint;
    body jsonb := jsonb_build_object(
        'type', 'INSERT',
        'table', 'analyses',
        'schema', 'public',
        'record', jsonb_build_object(
            'id', asked.id,
            'user_id', asked.user_id,
            'upload_ids', asked.upload_ids,
            'language', asked.language,
            'created_at', asked.created_at
        ),
        'old_record', null
    );
begin
    insert into vitrine.posts (analysis_id) values (asked.id)
        on conflict (analysis_id) do update set times = posts.times + 1, last_at = excluded.last_at;
    if url is null or keys is null then
        raise warning 'vitrine: analysis % waits: Vault lacks vitrine_hooks_url or vitrine_hooks_secret', asked.id;
        return;
    end if;
    -- pg_net sends body::text, so these bytes are signed.
    perform net.http_post(
        url := url,
        body := body,
        headers := jsonb_build_object(
            'Content-Type', 'application/json',
            'webhook-id', message_id,
            'webhook-timestamp', seconds::text,
            'webhook-signature', vitrine.signatures(message_id, seconds, body::text, keys)
        ),
        timeout_milliseconds := 5000
    );
end
$$;

create function vitrine.post_new() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    perform vitrine.post(new);
    return null;
end
$$;

create trigger post_to_vitrine after insert on public.analyses
    for each row execute function vitrine.post_new();

-- A post may be lost: pg_net tries once. So it is repeated after 2 minutes, then after twice as long each time, for
-- two days. The receiver makes one report of an analysis, by its id, however often it is posted.
create function vitrine.sweep() returns int
language plpgsql set search_path = ''
as $$
declare
    asked public.analyses;
    found int := 0;
begin
    for asked in
        select analyses.* from public.analyses
        join vitrine.posts on posts.analysis_id = analyses.id
        where analyses.report_id is null
            and analyses.created_at > now() - interval '2 days'
            and posts.last_at < now() - interval '1 minute' * (2 ^ least(posts.times, 10))
        order by posts.last_at
        limit 100
        for update of posts skip locked
    loop
        perform vitrine.post(asked);
        found := found + 1;
    end loop;
    return found;
end
$$;

revoke all on all functions in schema vitrine from public;

select cron.schedule('vitrine-sweep', '* * * * *', 'select vitrine.sweep()');
