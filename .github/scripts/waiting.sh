#!/usr/bin/env bash
# Writes replace=true where a run of the workflow deploy waits for the approval of prod, and no deployment of prod runs:
# the next run may then cancel it. The token in GH_TOKEN may read runs and deployments.
set -euo pipefail

waiting=$(gh api "repos/$GITHUB_REPOSITORY/actions/workflows/deploy.yml/runs?status=waiting&per_page=1" --jq .total_count)
# shellcheck disable=SC2016 # GraphQL's own variables
query='query($owner: String!, $name: String!) {
    repository(owner: $owner, name: $name) { deployments(environments: ["prod"], last: 20) { nodes { state } } }
}'
states=$(gh api graphql --raw-field owner="${GITHUB_REPOSITORY%/*}" --raw-field name="${GITHUB_REPOSITORY#*/}" \
    --raw-field query="$query" --jq '.data.repository.deployments.nodes[].state')
# Everything but an end and the wait: PENDING, QUEUED, IN_PROGRESS, and what GitHub may add.
if [ "$waiting" != 0 ] && grep -qx WAITING <<<"$states" &&
    ! grep -vxE 'WAITING|SUCCESS|ACTIVE|INACTIVE|FAILURE|ERROR|ABANDONED|DESTROYED|' <<<"$states"; then
    echo "replace=true" >>"$GITHUB_OUTPUT"
fi
