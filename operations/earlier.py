"""An environment's documents as they were at a revision of git, and what a change from there did."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from operations.errors import OperationError

if TYPE_CHECKING:
    from operations.parts import Parts
    from operations.stack import Stack


def repository(folder: Path) -> Path:
    """The top of the working tree that a folder lies in. Raises ``OperationError`` if it is in none."""
    return Path(_git(folder, "rev-parse", "--show-toplevel").strip()).resolve()


def commit(folder: Path, revision: str) -> str:
    """The commit that a revision names. Raises ``OperationError`` if there is none."""
    try:
        return _git(
            folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        ).strip()
    except OperationError:
        raise OperationError(
            f'there is no revision "{revision}" in {repository(folder)}; name a branch, a tag or a commit '
            "(a shallow clone has few of them: git fetch --unshallow)"
        ) from None


def clean(folder: Path) -> bool:
    """Whether the working tree is as its commit says, files that git ignores aside."""
    return not _git(folder, "status", "--porcelain", "--untracked-files=normal").strip()


def commit_of(folder: Path) -> str | None:
    """The commit that has a folder as it is; ``None``: it is in no repository, or changed since."""
    try:
        return commit(folder, "HEAD") if clean(folder) else None
    except OperationError:
        return None


@contextmanager
def tree_at(folder: Path, revision: str) -> Iterator[Path]:
    """All files of the folder's repository at a revision; gone after the body.

    They are written through an index of their own: neither the repository's index nor its list of work
    trees is touched. Raises ``OperationError`` if the folder is in no repository, or there is no such
    revision.
    """
    top, found = repository(folder), commit(folder, revision)
    with tempfile.TemporaryDirectory(prefix="estate-from-") as place:
        tree = Path(place).resolve() / "tree"
        tree.mkdir()
        index = {"GIT_INDEX_FILE": str(tree.with_name("index"))}
        _git(top, "read-tree", found, **index)
        _git(top, "checkout-index", "--all", f"--prefix={tree}/", **index)
        yield tree


@contextmanager
def documents_at(folder: Path, revision: str) -> Iterator[Path]:
    """The same folder at a revision, with all that it may extend; gone after the body.

    Raises ``OperationError`` if the folder is in no repository, or was not there.
    """
    inside = folder.resolve().relative_to(repository(folder))
    with tree_at(folder, revision) as tree:
        if not (tree / inside).is_dir():
            raise OperationError(f"{inside} does not exist at {revision}; name a later revision")
        yield tree / inside


def _git(folder: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise OperationError(f"git {arguments[0]} in {folder}: {done.stderr.strip()}")
    return done.stdout


@contextmanager
def applying(parts: "Parts", documents: Path) -> "Iterator[Parts]":
    """The parts, with other documents: configuration files are copied, so that their own stay as they are."""
    with ExitStack() as held:
        yield replace(
            parts,
            parts=tuple(
                replace(one, stack=held.enter_context(_applying(one.stack, documents))) for one in parts.parts
            ),
        )


@contextmanager
def _applying(stack: "Stack", documents: Path) -> "Iterator[Stack]":
    text = stack.config_file.read_text().replace(str(stack.documents), str(documents))
    file = stack.config_file.with_name(f"{stack.config_file.stem}.earlier.yaml")
    file.write_text(text)
    try:
        yield replace(stack, documents=documents, config_file=file)
    finally:
        file.unlink()


def resources(stack: "Stack") -> dict[str, str]:
    """Ids of everything that the stack made, by ``TYPE NAME``. Gates are steps, and no things with an id."""
    exported = json.loads(stack.pulumi("stack", "export", quiet=True).stdout)
    return {
        f"{one['type'].rpartition(':')[2]} {one['urn'].rpartition('::')[2]}": one["id"]
        for one in exported["deployment"].get("resources") or []
        if one.get("custom") and one.get("id") and not one["type"].startswith(("pulumi:", "pulumi-python:"))
    }


@dataclass(frozen=True)
class Change:
    """What became of an estate; resources as ``TYPE NAME``."""

    replaced: tuple[str, ...]
    """Made anew under the same name: a server among them was rebuilt from nothing."""
    added: tuple[str, ...]
    removed: tuple[str, ...]
    renamed: Mapping[str, str]
    """Name before → name now of what stayed the same."""
    moved: Mapping[str, tuple[str, str]]
    """Server, by its name now → host before and after (ESXi host where there is one)."""


def change(
    before: Mapping[str, str], after: Mapping[str, str], was: Mapping[str, str], now: Mapping[str, str]
) -> Change:
    """Compare ids of resources (``before``, ``after``) and hosts of servers (``was``, ``now``)."""
    both = before.keys() & after.keys()
    came, went = after.keys() - before.keys(), before.keys() - after.keys()
    known = {_identity(name, after): name for name in came}
    renamed = {
        name: known[identity] for name in sorted(went) if (identity := _identity(name, before)) in known
    }
    names = {name: renamed.get(f"{_SERVER}{name}", name).removeprefix(_SERVER) for name in was}
    moved = {names[name]: (host, now.get(names[name])) for name, host in was.items()}
    return Change(
        replaced=tuple(sorted(name for name in both if before[name] != after[name])),
        added=tuple(sorted(came - set(renamed.values()))),
        removed=tuple(sorted(went - renamed.keys())),
        renamed=renamed,
        moved={
            name: (old, new) for name, (old, new) in sorted(moved.items()) if new is not None and old != new
        },
    )


_SERVER = "Instance "


def _identity(name: str, ids: Mapping[str, str]) -> tuple[str, str]:
    """Type and id: what is the same with both is the same thing."""
    return name.partition(" ")[0], ids[name]
