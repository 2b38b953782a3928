"""Configuration in layers: the sandbox's own keys first, then the operators' fragments, verbatim and last.

oslo.config lets a later file win, so a fragment can never be overridden. That our keys do not even meet a
fragment's is checked, because a key that we need (a database, a port) and a fragment sets would break us.
"""

import configparser
import re
from collections.abc import Mapping
from pathlib import Path

from sandbox import files
from sandbox.errors import SandboxError

Conf = Mapping[str, Mapping[str, object]]
"""Section to key to value; booleans and numbers are written as oslo.config reads them."""


def render(conf: Conf) -> str:
    """``conf`` as an INI file."""
    return "\n".join(
        "".join([f"[{section}]\n", *(f"{key} = {value}\n" for key, value in values.items())])
        for section, values in conf.items()
        if values
    )


def parse(text: str, what: str) -> dict[tuple[str, str], str]:
    """(section, key) to value; of a key that may stand several times the last value."""
    parser = configparser.RawConfigParser(
        default_section="", strict=False, delimiters=("=", ":"), comment_prefixes=("#", ";")
    )
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise SandboxError(f"{what} is not a configuration file: {error}") from None
    return {(section, key): value for section in parser.sections() for key, value in parser[section].items()}


def layers(
    folder: Path,
    own: Conf,
    fragments: Mapping[str, str],
    *,
    tuning: Conf | None = None,
    same: Conf | None = None,
) -> tuple[str, ...]:
    """Write ``sandbox.conf`` and the ``fragments`` (file name to text) into ``folder``.

    Returns the ``--config-file`` arguments in their order.

    :param own: what only the sandbox can know. A fragment that sets such a key is a :class:`SandboxError`.
    :param tuning: what suits a sandbox where no fragment says anything.
    :param same: what the sandbox relies on: written where no fragment says it, an error if one differs.
    """
    stated = {
        key: (value, name)
        for name, text in fragments.items()
        for key, value in parse(text, f"fragment {name}").items()
    }
    for section, key, _ in _items(own):
        if (section, key) in stated:
            raise SandboxError(
                f"fragment {stated[section, key][1]} sets [{section}] {key}, which is the sandbox's to set: "
                "leave it out of the fragment (connections, passwords and folders belong to the site)"
            )
    for section, key, value in _items(same or {}):
        found, name = stated.get((section, key), (str(value), ""))
        if found != str(value):
            raise SandboxError(f"fragment {name} sets [{section}] {key} = {found}, expected {value}")
    merged: dict[str, dict[str, object]] = {}
    for section, key, value in [*_items(tuning or {}), *_items(same or {}), *_items(own)]:
        if (section, key) not in stated:
            merged.setdefault(section, {})[key] = value
    files.write(folder / "sandbox.conf", render(merged), mode=0o600)
    for name, text in fragments.items():
        files.write(folder / name, text)
    names = ["sandbox.conf", *fragments]
    return tuple(argument for name in names for argument in ("--config-file", str(folder / name)))


def changed(text: str, section: str, option: str, value: str | None) -> str:
    """A fragment with another value for an option that it sets, or without it."""
    lines, inside = [], False
    for line in text.splitlines():
        if line.startswith("["):
            inside = line.strip() == f"[{section}]"
        if not inside or not re.match(rf"{re.escape(option)}\s*[=:]", line):
            lines.append(line)
        elif value is not None:
            lines.append(f"{option} = {value}")
    return "\n".join([*lines, ""])


def disagree(one: str, other: str) -> bool:
    """Whether two fragments give some key different values, so that no one process can honour both."""
    left, right = parse(one, "fragment"), parse(other, "fragment")
    return any(left[key] != right[key] for key in left.keys() & right.keys())


def without(text: str, *keys: tuple[str, str]) -> frozenset[tuple[tuple[str, str], str]]:
    """What a fragment says, but for ``keys``: equal for fragments that may share a process."""
    return frozenset(item for item in parse(text, "fragment").items() if item[0] not in keys)


def _items(conf: Conf) -> list[tuple[str, str, object]]:
    return [(section, key, value) for section, values in conf.items() for key, value in values.items()]
