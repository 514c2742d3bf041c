-- The trace of a request to the REST API goes on in the webhook that the request leads to, by W3C's header traceparent.
-- Without a valid one Vitrine begins a trace.

create function vitrine.traceparent() returns text
language sql stable set search_path = ''
as $$
    select substring(
        nullif(current_setting('request.headers', true), '')::jsonb ->> 'traceparent'
        from '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'
    )
$$;

alter table vitrine.posts add column traceparent text default vitrine.traceparent();
comment on column vitrine.posts.traceparent is 'The trace of the request that inserted the row, also for later posts.';
alter table vitrine.erasures add column traceparent text default vitrine.traceparent();
comment on column vitrine.erasures.traceparent is 'The trace of the request that deleted the row.';

-- As before, in a trace: null for none.
drop function vitrine.deliver(text, jsonb);
create function vitrine.deliver(message_id text, body jsonb, traceparent text) returns bigint
language plpgsql set search_path = ''
as $$
declare
    url text := vitrine.secret('vitrine_hooks_url');
    keys text := vitrine.secret('vitrine_hooks_secret');
    seconds bigint := extract(epoch from clock_timestamp())::bigint;
begin
    if url is null or keys is null then
        raise warning 'vitrine: % waits: Vault lacks vitrine_hooks_url or vitrine_hooks_secret', message_id;
        return null;
    end if;
    -- pg_net sends body::text, so these bytes are signed.
    return net.http_post(
        url := url,
        body := body,
        headers := jsonb_strip_nulls(jsonb_build_object(
            'Content-Type', 'application/json',
            'webhook-id', message_id,
            'webhook-timestamp', seconds::text,
            'webhook-signature', vitrine.signatures(message_id, seconds, body::text, keys),
            'traceparent', traceparent
        )),
        timeout_milliseconds := 5000
    );
end
$$;

create or replace function vitrine.post(asked public.analyses) returns void
language plpgsql set search_path = ''
as $$
declare
    trace text;
begin
    insert into vitrine.posts as known (analysis_id) values (asked.id)
        on conflict (analysis_id) do update set times = known.times + 1, last_at = excluded.last_at
        returning known.traceparent into trace;
    update vitrine.posts set request_id = vitrine.deliver(
        'anl_' || asked.id,
        jsonb_build_object(
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
        ),
        trace
    ) where analysis_id = asked.id;
end
$$;

create or replace function vitrine.post_erasure(asked vitrine.erasures) returns void
language plpgsql set search_path = ''
as $$
begin
    update vitrine.erasures set times = times + 1, last_at = clock_timestamp(), request_id = vitrine.deliver(
        'era_' || asked.report_id,
        jsonb_build_object(
            'type', 'DELETE',
            'table', 'reports',
            'schema', 'public',
            'record', null,
            'old_record', jsonb_build_object('id', asked.report_id, 'user_id', asked.user_id)
        ),
        asked.traceparent
    ) where report_id = asked.report_id;
end
$$;

revoke all on all functions in schema vitrine from public;
