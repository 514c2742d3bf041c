#!/usr/bin/env bash
# Makes one issue of the notes in notes/, edits the open one, or closes it where nothing is noted:
# issue.sh JOB=RESULT…, where a job that did not succeed is a note too. GitHub notifies nobody of an edit, so that
# changed findings are a comment too.
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
if [ -z "$number" ]; then
    gh issue create --title "Nightly findings" --label nightly --body-file "$body"
    exit 0
fi

# The first line names the run alone.
findings() { tail -n +2 | tr -d '\r'; }
before=$(gh issue view "$number" --json body --jq .body | findings)
gh issue edit "$number" --body-file "$body"
if [ "$before" != "$(findings <"$body")" ]; then
    gh issue comment "$number" --body-file "$body"
fi
