#!/usr/bin/env bash
# Runs a command; where it fails, its output becomes a note of the nightly issue: note.sh TITLE COMMAND…
set -euo pipefail
title=$1
shift

output=$(mktemp)
if "$@" 2>&1 | tee "$output"; then
    exit 0
fi
mkdir -p notes
# GitHub refuses a text of more than 65,536 characters.
{
    printf '## %s\n\n```\n' "$title"
    tail -c 8000 "$output"
    printf '\n```\n\n'
} >"notes/${title//[^A-Za-z0-9]/-}.md"
