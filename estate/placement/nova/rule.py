"""One rule of Nova or placement: its own name, where it is written, and since which release it reads so."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

RELEASES = ("2025.1", "2025.2", "2026.1", "2026.2")
"""Releases whose sources were read: Nova 31 to 34."""


class Stage(StrEnum):
    """Where in a request's way a rule stands, in that order."""

    API = "API"
    REQUEST = "request filter"
    PLACEMENT = "placement"
    HOSTS = "host manager"
    FILTER = "filter"
    CONDUCTOR = "conductor"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a rule is called and where it was read."""

    name: str
    stage: Stage
    source: str
    """File below the package, and the function if the rule is not the whole file."""
    does: str
    releases: tuple[str, ...]


RULES: dict[str, Rule] = {}
"""Every rule of the engine by its name, filled by ``rule`` when its file is imported."""

_F = TypeVar("_F", bound=Callable[..., Any] | type)


def rule(
    stage: Stage, source: str, *, name: str | None = None, since: str = RELEASES[0]
) -> Callable[[_F], _F]:
    """Mark a function or class as a rule. Its name is Nova's, the first paragraph of its text says what it
    does.

    :param since: first release that has it; it reads alike in all later ones.
    """

    def mark(made: _F) -> _F:
        known = name or made.__name__
        text = (made.__doc__ or "").split("\n\n", maxsplit=1)[0]
        RULES[known] = Rule(
            name=known,
            stage=stage,
            source=source,
            does=" ".join(text.split()),
            releases=RELEASES[RELEASES.index(since) :],
        )
        return made

    return mark
