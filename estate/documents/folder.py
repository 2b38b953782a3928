"""Which folder an environment is, and which documents it has."""

import os
from pathlib import Path

from estate.model.nearest import nearest

_MEANT = (".yaml", ".yml", ".json")
"""Ends of files, in whichever case, that people take for documents."""

PROGRAM = "estate.py"
"""The document of a folder that is written in Python."""


class DocumentsError(Exception):
    """The documents cannot be read at all: one clear sentence."""


def environments() -> Path | None:
    """The ``stacks/`` of the project: the nearest folder, from the current one upward, that has one."""
    here = Path.cwd()
    return next((top / "stacks" for top in (here, *here.parents) if (top / "stacks").is_dir()), None)


def find(env: str | Path) -> Path:
    """The folder of ENV: a name under the project's ``stacks/``, or a path.

    A name that exists there wins over a folder of that name in the current directory, which is ``./NAME``.
    The folder is given relative to the current directory, as a person would write it.

    Raises ``DocumentsError`` if there is no such folder.
    """
    here, stacks = Path.cwd(), environments()
    is_name = isinstance(env, str) and env != ".." and Path(env).name == env
    if not str(env):
        raise DocumentsError("expected the name of an environment or the path of a folder, got nothing.")
    try:
        if is_name and stacks is not None and (stacks / env).is_dir():
            return Path(os.path.relpath(stacks / env, here))
        if Path(env).is_dir():
            return Path(env)
        if not is_name or Path(env).exists():
            what = "a file" if Path(env).exists() else "nothing"
            raise DocumentsError(f"expected a folder of documents, found {what} at {env}.")
        if stacks is None:
            raise DocumentsError(
                f'there is no environment "{env}": no stacks/ in {here} or above, and no folder {env} here.'
            )
        names = [folder.name for folder in stacks.iterdir() if folder.is_dir()]
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        raise DocumentsError(f"cannot look for the environment {str(env)!r}: {error}") from error
    raise DocumentsError(f'there is no environment "{env}" in {stacks}.{nearest(str(env), names)}')


def documents(folder: Path) -> list[Path]:
    """The documents of a folder, by name: ``*.yaml``, ``estate.py``, and what was meant as one, to be refused
    (``*.yml``, ``*.YAML``, ``*.json``); no hidden files.

    Raises ``DocumentsError`` if the folder cannot be read or has none.
    """
    try:
        found = sorted(
            path
            for path in folder.iterdir()
            if ((path.suffix.lower() in _MEANT and not path.name.startswith(".")) or path.name == PROGRAM)
            and not path.is_dir()
        )
    except OSError as error:
        raise DocumentsError(f"cannot read the folder {folder}: {error.strerror}.") from error
    if not found:
        raise DocumentsError(f"expected documents (*.yaml) in {folder}, found none.")
    return found


def inside(folder: Path) -> list[Path]:
    """The folders in a folder, but for hidden ones; none where it cannot be read."""
    try:
        return sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
    except OSError:
        return []
