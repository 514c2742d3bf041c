"""The page's own tests, beside this file, by Node's test runner; Node reads TypeScript as it is."""

import subprocess

from cli.cdk import node
from web.build import FOLDER, install


def test_page_passes_its_own_tests() -> None:
    install(dev=True)
    done = subprocess.run(
        [str(node()), "--test", "--test-timeout=300000", "../tests/web/**/*.test.ts"],
        cwd=FOLDER,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    _, _, failures = done.stdout.partition("failing tests:")
    assert done.returncode == 0, failures or done.stdout + done.stderr
