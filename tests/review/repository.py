"""A repository with the environment ``sandbox``, committed; tests change it and have it reviewed."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

from operations.reviews import Asked, reviewed
from review.value import Review

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Repository:
    top: Path

    @classmethod
    def of(cls, top: Path, *environments: str) -> "Repository":
        """With copies of environments from here."""
        for name in environments or ("sandbox",):
            copytree(ROOT / "stacks" / name, top / "stacks" / name)
        made = cls(top)
        made.git("init", "-q", "-b", "main")
        made.commit("then")
        return made

    def git(self, *arguments: str) -> str:
        own = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            ["git", *own, *arguments], cwd=self.top, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", message)
        return self.git("rev-parse", "HEAD")

    def file(self, name: str) -> Path:
        return self.top / "stacks" / name

    def edit(self, name: str, *changes: tuple[str, str]) -> None:
        """Replace texts of a document, each of which must be there."""
        text = self.file(name).read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        self.file(name).write_text(text)

    def review(
        self, *environments: str, base: str = "HEAD", head: str | None = None, engine: Asked | None = None
    ) -> Review:
        """With ``engine`` as if it had been asked, and had answered so."""
        return reviewed(
            [str(self.file(name)) for name in environments or ("sandbox",)],
            base,
            head,
            ask=None if engine is None else lambda *_: engine,
        )
