"""What the program registered, as plain values: whoever compares them needs no SDK."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One RegisterResource request."""

    urn: str
    type: str
    name: str
    custom: bool
    parent: str
    inputs: dict[str, Any]
    dependencies: frozenset[str]
    """Names of all resources that it depends on."""
    property_dependencies: dict[str, frozenset[str]]
    protect: bool
    delete_before_replace: bool
    replace_on_changes: tuple[str, ...]
    ignore_changes: tuple[str, ...]
    import_id: str
    aliases: tuple[tuple[str, str], ...]
    """(name, parent's URN) of what it may have been before; what an alias leaves open is empty."""
    provider: str
    outputs: dict[str, Any]
