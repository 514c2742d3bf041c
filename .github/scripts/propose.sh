#!/usr/bin/env bash
# Opens a pull request with a patch, or renews the open one of the same branch: propose.sh PATCH BRANCH TITLE
# The token in GH_TOKEN may push a branch and open pull requests; MADE_IN is the attempt of the run that made the patch.
set -euo pipefail
patch=$1 branch=$2 title=$3

if [ ! -s "$patch" ]; then
    echo "nothing to propose"
    exit 0
fi
git apply "$patch"
git switch --quiet --create "$branch"
git -c user.name='github-actions[bot]' -c user.email='41898282+github-actions[bot]@users.noreply.github.com' \
    commit --quiet --all --message "$title"
gh auth setup-git # git asks gh for the token: no argument holds it
# What is replaced: nothing, or the proposal that is seen here. git ends with 2 where there is no such branch.
seen=
status=0
git ls-remote --quiet --exit-code origin "refs/heads/$branch" >/dev/null || status=$?
if [ "$status" = 0 ]; then
    git fetch --quiet --depth 1 origin "refs/heads/$branch"
    seen=$(git rev-parse FETCH_HEAD)
elif [ "$status" != 2 ]; then
    echo "::error::The branch $branch could not be looked for: git ended with $status. Run this job again."
    exit 1
fi
# Where this job alone is started again, its patch is an old one: a later run may have proposed another since then.
if [ -n "$seen" ] && [ "$MADE_IN" != "$GITHUB_RUN_ATTEMPT" ] && ! git diff --quiet "$seen" HEAD; then
    echo "::error::The branch $branch has another change, which may be of a later run. If this one is the newer," \
        "delete that branch, and run this job again."
    exit 1
fi
git push --quiet --force-with-lease="refs/heads/$branch:$seen" origin "HEAD:refs/heads/$branch"
if [ -z "$(gh pr list --head "$branch" --state open --json number --jq '.[].number')" ]; then
    gh pr create --head "$branch" --title "$title" --body "Made by the workflow $GITHUB_WORKFLOW. No checks run on it
by themselves: close it and open it again."
fi
