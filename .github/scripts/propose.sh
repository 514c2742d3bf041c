#!/usr/bin/env bash
# Opens a pull request with a patch, or renews the open one of the same branch: propose.sh PATCH BRANCH TITLE
# The token in GH_TOKEN may push a branch and open pull requests.
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
git push --quiet --force origin "HEAD:refs/heads/$branch"
if [ -z "$(gh pr list --head "$branch" --state open --json number --jq '.[].number')" ]; then
    gh pr create --head "$branch" --title "$title" --body "Made by the workflow $GITHUB_WORKFLOW. No checks run on it
by themselves: close it and open it again."
fi
