"""Hazards as a reader takes them in: all that happens to the same servers of a block in one row."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from estate.model.words import ranges
from review.value import Hazard, HazardKind, Place

_ORDER = list(HazardKind)
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Struck:
    """What one change does."""

    environment: str
    kinds: tuple[HazardKind, ...]
    """The worst first."""
    subjects: tuple[str, ...]
    """Blocks to which it does the same."""
    messages: tuple[str, ...]
    sources: tuple[str, ...]
    servers: tuple[str, ...]
    places: tuple[Place, ...]

    @property
    def who(self) -> list[str]:
        """Servers, equal names as ranges."""
        return ranges(self.servers)


def by_block(hazards: Iterable[Hazard]) -> list[Struck]:
    """A row for each block and the servers that are hit, the worst first."""
    found: dict[tuple[str, str, frozenset[str]], list[Hazard]] = {}
    for one in sorted(hazards, key=lambda one: _ORDER.index(one.kind)):
        found.setdefault((one.environment, one.subject, frozenset(one.servers)), []).append(one)
    return [_struck(same) for same in found.values()]


def by_effect(rows: Iterable[Struck]) -> list[Struck]:
    """Of rows for each block: those to which the same happens in one."""
    found: dict[tuple[str, tuple[HazardKind, ...], tuple[str, ...], bool], list[Struck]] = {}
    for one in rows:
        found.setdefault((one.environment, one.kinds, one.messages, bool(one.servers)), []).append(one)
    return [
        Struck(
            environment=same[0].environment,
            kinds=same[0].kinds,
            subjects=_each(name for one in same for name in one.subjects),
            messages=same[0].messages,
            sources=_each(source for one in same for source in one.sources),
            servers=_each(name for one in same for name in one.servers),
            places=_each(place for one in same for place in one.places),
        )
        for same in found.values()
    ]


def _struck(same: list[Hazard]) -> Struck:
    return Struck(
        environment=same[0].environment,
        kinds=_each(one.kind for one in same),
        subjects=(same[0].subject,),
        messages=_each(one.message for one in same),
        sources=_each(one.source for one in same),
        servers=same[0].servers,
        places=_each(one.place for one in same if one.place is not None),
    )


def _each(values: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(values))
