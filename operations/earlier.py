"""An environment's documents as they were at a revision of git, and what a change from there did."""

import io
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from operations.errors import OperationError
from operations.stack import Stack


@contextmanager
def documents_at(folder: Path, revision: str) -> Iterator[Path]:
    """The same folder at a revision, with its neighbours, which it may extend; gone after the body.

    Raises ``OperationError`` if the folder is in no repository, or was not there.
    """
    top = Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())
    inside = folder.resolve().relative_to(top)
    archive = _git(top, "archive", "--format=tar", revision, "--", str(inside.parent))
    with tempfile.TemporaryDirectory(prefix="estate-from-") as place:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(place, filter="data")
        found = Path(place).resolve() / inside
        if not found.is_dir():
            raise OperationError(f"{inside} does not exist at {revision}; name a later revision")
        yield found


def _git(folder: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    if done.returncode:
        raise OperationError(f"git {arguments[0]} in {folder}: {done.stderr.decode().strip()}")
    return done.stdout


@contextmanager
def applying(stack: Stack, documents: Path) -> Iterator[Stack]:
    """The stack, with other documents: its configuration file is copied, so that its own stays as it is."""
    text = stack.config_file.read_text().replace(str(stack.documents), str(documents))
    file = stack.config_file.with_name(f"{stack.config_file.stem}.earlier.yaml")
    file.write_text(text)
    try:
        yield replace(stack, documents=documents, config_file=file)
    finally:
        file.unlink()


def resources(stack: Stack) -> dict[str, str]:
    """Ids of everything that the stack made, by ``TYPE NAME``."""
    exported = json.loads(stack.pulumi("stack", "export", quiet=True).stdout)
    return {
        f"{one['type'].rpartition(':')[2]} {one['urn'].rpartition('::')[2]}": one["id"]
        for one in exported["deployment"].get("resources") or []
        if one.get("custom") and one.get("id") and not one["type"].startswith("pulumi:")
    }


@dataclass(frozen=True)
class Change:
    """What became of an estate; resources as ``TYPE NAME``."""

    replaced: tuple[str, ...]
    """Made anew under the same name: a server among them was rebuilt from nothing."""
    added: tuple[str, ...]
    removed: tuple[str, ...]
    moved: Mapping[str, tuple[str, str]]
    """Server → host before and after (ESXi host where there is one)."""


def change(
    before: Mapping[str, str], after: Mapping[str, str], was: Mapping[str, str], now: Mapping[str, str]
) -> Change:
    """Compare ids of resources (``before``, ``after``) and hosts of servers (``was``, ``now``)."""
    both = before.keys() & after.keys()
    return Change(
        replaced=tuple(sorted(name for name in both if before[name] != after[name])),
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        moved={
            name: (was[name], now[name]) for name in sorted(was.keys() & now.keys()) if was[name] != now[name]
        },
    )
