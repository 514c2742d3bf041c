-- Who may ask. Users of an anonymous sign-in have the role of signed-in users, so their token's claim tells them apart.
--
-- To let them ask: update vitrine.limits set anonymous_users = true; and, for the API, supabase.allow_anonymous in the
-- settings of the environment.

alter table vitrine.limits add column anonymous_users boolean not null default false;
comment on column vitrine.limits.anonymous_users is 'Whether users of an anonymous sign-in may ask for analyses.';

-- Only false says that a user is not anonymous; a token without the claim is of a project without such users.
create function vitrine.may_ask() returns boolean
language sql stable security definer set search_path = ''
as $$
    select coalesce(
        nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'is_anonymous', 'false'::jsonb
    ) = 'false'::jsonb or (select anonymous_users from vitrine.limits)
$$;
revoke all on function vitrine.may_ask() from public;
grant execute on function vitrine.may_ask() to authenticated;

create policy "anonymous users do not ask" on public.analyses
    as restrictive for insert to authenticated with check ((select vitrine.may_ask()));
