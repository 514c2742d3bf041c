-- What may stand in analyses: ids that Vitrine takes, and so many rows per user. A row that Vitrine refuses for good
-- is not posted again.

alter table public.analyses add column refused text;
comment on column public.analyses.refused is 'Why no report is made of the row; null unless Vitrine refuses it.';

-- The rule of Vitrine itself: a list of 1 to 8 ids of uploads, each a ULID. Rows that break it never become a report.
create function pg_temp.takes(upload_ids text[]) returns boolean language sql as $$
    select coalesce(
        array_ndims(upload_ids) = 1
        and array_to_string(upload_ids, ',') ~ '^[0-9A-HJKMNP-TV-Z]{26}(,[0-9A-HJKMNP-TV-Z]{26}){0,7}$'
        and length(array_to_string(upload_ids, ',')) = 27 * cardinality(upload_ids) - 1, false)
$$;
delete from public.analyses where not pg_temp.takes(upload_ids);
drop function pg_temp.takes;
alter table public.analyses
    drop constraint analyses_upload_ids_check,
    drop constraint analyses_upload_ids_check1,
    -- An element with a comma in it would look like two: so the length is checked against the number of elements.
    add constraint analyses_upload_ids_check check (
        coalesce(
            array_ndims(upload_ids) = 1
            and array_to_string(upload_ids, ',') ~ '^[0-9A-HJKMNP-TV-Z]{26}(,[0-9A-HJKMNP-TV-Z]{26}){0,7}$'
            and length(array_to_string(upload_ids, ',')) = 27 * cardinality(upload_ids) - 1, false)
    );

-- The limits per user. To change them: update vitrine.limits set open_analyses = …, analyses_per_day = …;
create table vitrine.limits (
    one_row boolean primary key default true check (one_row),
    open_analyses int not null default 50 check (open_analyses > 0),
    analyses_per_day int not null default 200 check (analyses_per_day > 0)
);
comment on table vitrine.limits is 'How many analyses a user may have open, and ask for in a day (UTC); one row.';
insert into vitrine.limits default values;

create table vitrine.usage (
    user_id uuid references auth.users (id) on delete cascade,
    day date,
    analyses int not null,
    primary key (user_id, day)
);
comment on table vitrine.usage is 'How many analyses each user has asked for in a day, deleted ones included.';

create function vitrine.limit_analyses() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
    allowed vitrine.limits;
    caller record;
    used int;
    unanswered int;
begin
    select * into allowed from vitrine.limits;
    for caller in select user_id, count(*)::int as number from asked group by user_id order by user_id loop
        -- Concurrent statements of one user wait for each other on this row.
        insert into vitrine.usage as known (user_id, day, analyses)
            values (caller.user_id, (now() at time zone 'utc')::date, caller.number)
            on conflict on constraint usage_pkey do update set analyses = known.analyses + excluded.analyses
            returning known.analyses into used;
        if used > allowed.analyses_per_day then
            -- PostgREST answers 429 to this code.
            raise exception 'a user may ask for % analyses a day', allowed.analyses_per_day
                using errcode = 'PT429', detail = format('%s would be asked for today', used),
                hint = 'Ask again after 00:00 UTC. The owner of the project sets the limit in vitrine.limits.';
        end if;
        select count(*) into unanswered from public.analyses
            where analyses.user_id = caller.user_id and report_id is null and refused is null
                and created_at > now() - interval '2 days';
        if unanswered > allowed.open_analyses then
            raise exception 'a user may have % open analyses', allowed.open_analyses
                using errcode = 'PT429', detail = format('%s would be open', unanswered),
                hint = 'Ask again when a report has arrived. The owner of the project sets the limit in vitrine.limits.';
        end if;
    end loop;
    return null;
end
$$;

-- Triggers of one event fire in the order of their names: nothing is posted of a statement over the limit.
create trigger limit_per_user after insert on public.analyses
    referencing new table as asked for each statement execute function vitrine.limit_analyses();

alter table vitrine.posts add column request_id bigint;
comment on column vitrine.posts.request_id is 'The last request of pg_net, whose answer may refuse the row.';

-- Sends a signed webhook; returns pg_net's number of the request, or null if Vault lacks the address or the keys.
create function vitrine.deliver(message_id text, body jsonb) returns bigint
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

create or replace function vitrine.post(asked public.analyses) returns void
language plpgsql set search_path = ''
as $$
declare
    sent bigint := vitrine.deliver('anl_' || asked.id, jsonb_build_object(
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
    ));
begin
    insert into vitrine.posts (analysis_id, request_id) values (asked.id, sent)
        on conflict (analysis_id) do update
        set times = posts.times + 1, last_at = excluded.last_at, request_id = excluded.request_id;
end
$$;

create or replace function vitrine.post_new() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    perform vitrine.post(analyses) from public.analyses join asked using (id);
    return null;
end
$$;

drop trigger post_to_vitrine on public.analyses;
create trigger post_to_vitrine after insert on public.analyses
    referencing new table as asked for each statement execute function vitrine.post_new();

-- What Vitrine's answer to a request says for good: it cannot use the content, and a repetition changes nothing.
-- pg_net's table is emptied after a crash, and its numbers start again: so the answer must be newer than the request.
create function vitrine.refusal(sent bigint, sent_at timestamptz) returns text
language sql stable set search_path = ''
as $$
    select format('Vitrine answered %s: %s', status_code, left(content, 300)) from net._http_response
    where id = sent and status_code in (413, 422) and created >= sent_at - interval '1 second'
$$;

create or replace function vitrine.sweep() returns int
language plpgsql set search_path = ''
as $$
declare
    asked public.analyses;
    found int := 0;
begin
    update public.analyses set refused = vitrine.refusal(posts.request_id, posts.last_at)
        from vitrine.posts
        where posts.analysis_id = analyses.id and report_id is null and refused is null
            and analyses.created_at > now() - interval '2 days'
            and vitrine.refusal(posts.request_id, posts.last_at) is not null;
    for asked in
        select analyses.* from public.analyses
        join vitrine.posts on posts.analysis_id = analyses.id
        where analyses.report_id is null and analyses.refused is null
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

select cron.schedule(
    'vitrine-forget-usage', '27 3 * * *', $$delete from vitrine.usage where day < (now() - interval '2 days')::date$$
);
