#!/bin/sh
# Signs in, posts photos of one thing and prints the report as JSON:
#
#   sh examples/curl/report.sh PHOTO…
#
# VITRINE_API_URL, SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY are outputs of the stacks (`python -m local outputs` on the
# local system); EMAIL and PASSWORD are a user's.
set -eu
: "${VITRINE_API_URL:?}" "${SUPABASE_URL:?}" "${SUPABASE_PUBLISHABLE_KEY:?}" "${EMAIL:?}" "${PASSWORD:?}"
[ $# -gt 0 ] || { echo "usage: report.sh PHOTO…" >&2; exit 2; }

token=$(curl --silent --show-error --fail-with-body "$SUPABASE_URL/auth/v1/token?grant_type=password" \
    --header "apikey: $SUPABASE_PUBLISHABLE_KEY" --json "{\"email\": \"$EMAIL\", \"password\": \"$PASSWORD\"}" |
    sed -n 's/.*"access_token": *"\([^"]*\)".*/\1/p')
[ -n "$token" ] || { echo "signing in failed" >&2; exit 1; }

# The same key again gives the same report: safe to repeat after a lost connection.
key=$(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen)
for photo; do
    set -- "$@" --form "images=@$photo"
    shift
done
report=$(curl --silent --show-error --fail-with-body "$VITRINE_API_URL/analyze" \
    --header "Authorization: Bearer $token" --header "Idempotency-Key: $key" --header "Prefer: wait=20" "$@")

# 202: the report is not ready yet. Ask again; each request waits up to 20 s.
id=$(printf '%s' "$report" | sed -n 's/^{"id": *"\([^"]*\)".*/\1/p')
while printf '%s' "$report" | grep -qE '"status": *"(queued|running)"'; do
    report=$(curl --silent --show-error --fail-with-body "$VITRINE_API_URL/reports/$id" \
        --header "Authorization: Bearer $token" --header "Prefer: wait=20")
done
printf '%s\n' "$report"
