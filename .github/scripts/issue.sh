#!/usr/bin/env bash
# Makes one issue of the notes in notes/, edits the open one, or closes it where nothing is noted:
# issue.sh JOB=RESULT…, where a job that did not succeed is a note too.
set -euo pipefail
shopt -s nullglob

mkdir -p notes
for job in "$@"; do
    case ${job#*=} in
    success | skipped) ;;
    *) printf '## The job %s\n\nIt ended as %s, so its findings are missing.\n\n' "${job%%=*}" "${job#*=}" >"notes/job-${job%%=*}.md" ;;
    esac
done

notes=(notes/*.md)
number=$(gh issue list --label nightly --state open --limit 1 --json number --jq '.[].number')
if [ ${#notes[@]} -eq 0 ]; then
    [ -z "$number" ] || gh issue close "$number" --comment "Nothing is left to do: $RUN"
    exit 0
fi
body=$(mktemp)
{
    printf 'Found by %s.\n\n' "$RUN"
    cat "${notes[@]}"
} >"$body"
if [ -n "$number" ]; then
    gh issue edit "$number" --body-file "$body"
else
    gh issue create --title "Nightly findings" --label nightly --body-file "$body"
fi
