"""A git repository with a settings file."""

import subprocess
from pathlib import Path


class Checkout:
    """A new repository in a folder; `first` is its first commit."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "shop.toml"
        folder.mkdir(exist_ok=True)
        self.git("init", "--quiet")
        self.first = self.commit('artifact = "demo"\n')

    def git(self, *arguments: str) -> str:
        """Run git, and return what it prints."""
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
        command = ["git", *identity, *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, text: str, name: str = "shop.toml") -> str:
        """Write a file, by default the settings, and return the commit of it."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "one")
        return self.git("rev-parse", "HEAD")
