-- Applies an event about a report: once, and never an older one over a newer one.

create table vitrine.applied (
    report_id text primary key,
    ended_at timestamptz not null,
    succeeded boolean not null,
    applied_at timestamptz not null default clock_timestamp()
);
comment on table vitrine.applied is
    'Reports whose event took effect. It outlives the report''s row, so that a repeated event cannot bring it back.';

-- Returns whether the event took effect. One that is no newer than what was applied, or whose user is gone, does not.
create function vitrine.apply_report(
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
        return false;
    end if;
    -- Concurrent deliveries wait for each other on the row of applied.
    insert into vitrine.applied as known (report_id, ended_at, succeeded) values (report_id, ended_at, succeeded)
        on conflict on constraint applied_pkey do update
        set ended_at = excluded.ended_at, succeeded = excluded.succeeded, applied_at = excluded.applied_at
        where (known.ended_at, known.succeeded) < (excluded.ended_at, excluded.succeeded);
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

revoke all on all functions in schema vitrine from public;

-- An event is repeated for a day at most.
select cron.schedule(
    'vitrine-forget', '17 3 * * *', $$delete from vitrine.applied where applied_at < now() - interval '30 days'$$
);
