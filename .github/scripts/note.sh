#!/usr/bin/env bash
# Runs a command; where it fails, its standard output becomes a note of the nightly issue: note.sh TITLE COMMAND…
# Standard error goes to the log alone: progress differs each night, and a note that differs is a comment.
set -euo pipefail
title=$1
shift

output=$(mktemp)
if "$@" | tee "$output"; then
    exit 0
fi
mkdir -p notes
{
    printf '## %s\n\n' "$title"
    if [ -s "$output" ]; then
        printf '```\n'
        tail -c 8000 "$output" # GitHub refuses a text of more than 65,536 characters
        printf '\n```\n\n'
    else
        printf 'The check itself failed: its log says why.\n\n'
    fi
} >"notes/${title//[^A-Za-z0-9]/-}.md"
