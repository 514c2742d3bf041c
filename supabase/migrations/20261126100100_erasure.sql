-- Erasure, both ways. A report that Vitrine has erased disappears here; a report that is deleted here is erased by
-- Vitrine, which is asked until its event says that the report is gone.
--
-- To see what is still asked for: select * from vitrine.erasures;

alter table vitrine.applied add column erased boolean not null default false;
comment on column vitrine.applied.erased is 'Whether the report is erased: no later event can bring it back.';

create table vitrine.erasures (
    report_id text primary key,
    user_id uuid not null,
    times int not null default 0,
    last_at timestamptz not null default clock_timestamp(),
    asked_at timestamptz not null default clock_timestamp(),
    request_id bigint
);
comment on table vitrine.erasures is 'Reports deleted here that Vitrine has not yet confirmed as erased.';

create function vitrine.post_erasure(asked vitrine.erasures) returns void
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
        )
    ) where report_id = asked.report_id;
end
$$;

create function vitrine.ask_erasure(report_id text, user_id uuid) returns void
language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
begin
    insert into vitrine.applied as known (report_id, ended_at, succeeded, erased)
        values (report_id, clock_timestamp(), false, true)
        on conflict on constraint applied_pkey do update set erased = true, applied_at = clock_timestamp();
    insert into vitrine.erasures (report_id, user_id) values (report_id, user_id)
        on conflict on constraint erasures_pkey do nothing;
end
$$;

-- Also for rows that disappear with their user. The first 50 of a statement are posted at once, the others by the
-- sweep: the receiver takes so many a second.
create function vitrine.erase_deleted() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    -- An erasure of Vitrine's own is not asked for again.
    if current_setting('vitrine.erasing', true) = 'on' then
        return null;
    end if;
    perform vitrine.ask_erasure(id, user_id) from gone;
    perform vitrine.post_erasure(erasures) from (
        select erasures.* from vitrine.erasures join gone on gone.id = erasures.report_id
        where erasures.times = 0 order by erasures.report_id limit 50
    ) as erasures;
    return null;
end
$$;

create trigger erase_in_vitrine after delete on public.reports
    referencing old table as gone for each statement execute function vitrine.erase_deleted();

-- Applies the event of an erased or expired report; returns whether it took effect.
create function vitrine.erase_report(owner uuid, analysis uuid, report_id text, erased_at timestamptz)
returns boolean
language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
    gone boolean;
begin
    perform from public.reports where reports.id = report_id and reports.user_id <> owner;
    if found then
        return false;
    end if;
    insert into vitrine.applied as known (report_id, ended_at, succeeded, erased)
        values (report_id, erased_at, false, true)
        on conflict on constraint applied_pkey do update set erased = true, applied_at = clock_timestamp()
        where not known.erased;
    gone := found;
    delete from vitrine.erasures where erasures.report_id = report_id and erasures.user_id = owner;
    gone := gone or found;
    -- A report that was erased before its end: its analysis is not posted again.
    update public.analyses set report_id = report_id
        where analyses.id = analysis and analyses.user_id = owner and analyses.report_id is null;
    perform set_config('vitrine.erasing', 'on', true);
    delete from public.reports where reports.id = report_id and reports.user_id = owner;
    gone := gone or found;
    perform set_config('vitrine.erasing', '', true);
    return gone;
end
$$;

-- As before, but an erased report stays erased, and a report whose user is gone is erased by Vitrine.
create or replace function vitrine.apply_report(
    owner uuid, analysis uuid, report_id text, succeeded boolean, ended_at timestamptz, report jsonb
) returns boolean
language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
    answered uuid;
begin
    perform from auth.users where users.id = owner;
    if not found then
        perform vitrine.ask_erasure(report_id, owner);
        perform vitrine.post_erasure(erasures) from vitrine.erasures
            where erasures.report_id = report_id and erasures.times = 0;
        return false;
    end if;
    -- Concurrent deliveries wait for each other on the row of applied.
    insert into vitrine.applied as known (report_id, ended_at, succeeded) values (report_id, ended_at, succeeded)
        on conflict on constraint applied_pkey do update
        set ended_at = excluded.ended_at, succeeded = excluded.succeeded, applied_at = excluded.applied_at
        where not known.erased and (known.ended_at, known.succeeded) < (excluded.ended_at, excluded.succeeded);
    if not found then
        return false;
    end if;
    update public.analyses set report_id = report_id
        where analyses.id = analysis and analyses.user_id = owner
        returning analyses.id into answered;
    insert into public.reports as known (id, user_id, analysis_id, status, report, ended_at)
        values (
            report_id, owner, answered, case when succeeded then 'succeeded' else 'failed' end, report, ended_at
        )
        on conflict on constraint reports_pkey do update
        set status = excluded.status, report = excluded.report, ended_at = excluded.ended_at,
            analysis_id = excluded.analysis_id, received_at = excluded.received_at
        where known.user_id = excluded.user_id;
    return true;
end
$$;

-- Repeats each erasure until it is confirmed, with the pauses of the analyses, for 30 days: a report that expires
-- meanwhile is confirmed as well. An id that Vitrine refuses names no report of Vitrine's.
create function vitrine.sweep_erasures() returns int
language plpgsql set search_path = ''
as $$
declare
    asked vitrine.erasures;
    found int := 0;
begin
    delete from vitrine.erasures where vitrine.refusal(request_id, last_at) is not null;
    for asked in
        select * from vitrine.erasures
        where asked_at > now() - interval '30 days'
            and (times = 0 or last_at < now() - interval '1 minute' * (2 ^ least(times, 10)))
        order by last_at
        limit 100
        for update skip locked
    loop
        perform vitrine.post_erasure(asked);
        found := found + 1;
    end loop;
    return found;
end
$$;

revoke all on all functions in schema vitrine from public;

select cron.schedule('vitrine-sweep-erasures', '* * * * *', 'select vitrine.sweep_erasures()');
