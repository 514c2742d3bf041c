-- A row in analyses asks for a report; a row in reports is its answer. Each user sees and deletes their own.

create table public.analyses (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    upload_ids text[] not null
        check (array_position(upload_ids, null) is null)
        check (array_to_string(upload_ids, ',') ~ '^[0-9A-Z]{26}(,[0-9A-Z]{26}){0,7}$'),
    language text not null default 'en' check (language in ('en', 'fr')),
    created_at timestamptz not null default now(),
    report_id text
);
comment on table public.analyses is 'What users ask to have looked at: photos by the ids of their uploads.';
comment on column public.analyses.report_id is 'The report that ended, succeeded or not; null until then.';
create index analyses_by_user on public.analyses (user_id, created_at desc);
create index analyses_unanswered on public.analyses (created_at) where report_id is null;

create table public.reports (
    id text primary key,
    user_id uuid not null references auth.users (id) on delete cascade,
    analysis_id uuid references public.analyses (id) on delete set null,
    status text not null check (status in ('succeeded', 'failed')),
    report jsonb not null,
    ended_at timestamptz not null,
    received_at timestamptz not null default now()
);
comment on table public.reports is 'Reports that ended, as GET /reports/{id} answers them; written by the Edge Function report-ready alone.';
create index reports_by_user on public.reports (user_id, ended_at desc);
create index reports_by_analysis on public.reports (analysis_id);

alter table public.analyses enable row level security;
alter table public.reports enable row level security;

-- Supabase grants everything on new tables to its API's roles. Here each may do what is named, and no more.
revoke all on public.analyses, public.reports from anon, authenticated;
grant select, delete on public.analyses, public.reports to authenticated;
grant insert (id, user_id, upload_ids, language) on public.analyses to authenticated;
grant all on public.analyses, public.reports to service_role;

-- (select auth.uid()) is asked once per statement, auth.uid() once per row.
create policy "users see their own analyses" on public.analyses
    for select to authenticated using (user_id = (select auth.uid()));
create policy "users ask in their own name" on public.analyses
    for insert to authenticated with check (user_id = (select auth.uid()));
create policy "users delete their own analyses" on public.analyses
    for delete to authenticated using (user_id = (select auth.uid()));
create policy "users see their own reports" on public.reports
    for select to authenticated using (user_id = (select auth.uid()));
create policy "users delete their own reports" on public.reports
    for delete to authenticated using (user_id = (select auth.uid()));
