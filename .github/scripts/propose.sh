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
# Where this job alone is started again, its patch is an old one: a later run may have proposed another since then.
if [ "$MADE_IN" != "$GITHUB_RUN_ATTEMPT" ] &&
    git ls-remote --quiet --exit-code origin "refs/heads/$branch" >/dev/null; then
    git fetch --quiet --depth 1 origin "refs/heads/$branch"
    git diff --quiet FETCH_HEAD HEAD || {
        echo "::error::The branch $branch has another change, which may be of a later run. If this one is the newer," \
            "delete that branch, and run this job again."
        exit 1
    }
fi
git push --quiet --force origin "HEAD:refs/heads/$branch"
if [ -z "$(gh pr list --head "$branch" --state open --json number --jq '.[].number')" ]; then
    gh pr create --head "$branch" --title "$title" --body "Made by the workflow $GITHUB_WORKFLOW. No checks run on it
by themselves: close it and open it again."
fi
