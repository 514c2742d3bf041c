#!/usr/bin/env bash
# Prints which resources of an environment differ from their templates, and in how many properties: drift.sh ENVIRONMENT.
# The issue may be public, so that it gets no values and no messages of AWS: these go to the log, where GitHub masks the
# account. Ends as `ops drift` does.
set -euo pipefail

status=0
found=$(.venv/bin/python -m ops drift --env "$1" --json) || status=$?
printf '%s\n' "$found" >&2
jq --raw-output '.[] | .stack as $stack
    | (.differences | group_by(.resource)[] | "\($stack)/\(.[0].resource) (\(.[0].type)): \(length)"),
      (.failed | select(. != []) | "\($stack): not compared: \(length)")' <<<"$found"
exit "$status"
