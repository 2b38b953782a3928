"""The proof as matrices: of each claim who asks for what, by what it boots from; equal rows become one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from estate.placement.proof import Claim
from review.value import ProofRow

_MEMBERS = "members of "
_WORDS = {
    Claim.RESTRICTED_STAYS: (
        "Restricted workloads stay on ESXi",
        "However such a server is made, and whatever is done with it afterwards.",
        "restricted workload",
    ),
    Claim.ESXI_BY_GRANT: (
        "Nothing else reaches ESXi",
        "Only a project that the documents grant a flavor for ESXi lands there, and administrators with one.",
        "flavor",
    ),
    Claim.UNTAGGED_NOWHERE: (
        "What names no side lands nowhere",
        "A flavor and an image that both say nothing about the hypervisor.",
        "flavor",
    ),
    Claim.LANDS: (
        "What is declared has a place",
        "Every declared workload finds a host of its side.",
        "workload",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Where such requests land; ``side`` is kvm, esxi, both or nowhere."""

    side: str
    holds: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """Requests that look alike. ``who`` and ``flavors``: all that have the same cells."""

    who: str
    flavors: tuple[str, ...]
    cells: tuple[Cell | None, ...]
    """None: there is no such request."""


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """One claim."""

    title: str
    words: str
    subject: str
    """What ``flavors`` are."""
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    holds: bool


def matrices(rows: Iterable[ProofRow]) -> tuple[Matrix, ...]:
    """Of all claims that are among the rows, the restricted workloads first."""
    of: dict[str, list[ProofRow]] = {}
    for row in rows:
        of.setdefault(row.claim, []).append(row)
    known = [claim.value for claim in _WORDS]
    return tuple(
        _matrix(claim, of[claim])
        for claim in sorted(of, key=lambda one: known.index(one) if one in known else len(known))
    )


def _matrix(claim: str, rows: list[ProofRow]) -> Matrix:
    columns = tuple(dict.fromkeys(row.boot for row in rows))
    cells: dict[tuple[str, str], dict[str, Cell]] = {}
    for row in rows:
        cells.setdefault((row.who, row.flavor), {})[row.boot] = Cell(side=_side(row), holds=row.holds)
    # First the flavors that are alike to somebody, then all to whom the same ones are.
    alike: dict[tuple[str, tuple[Cell | None, ...]], list[str]] = {}
    for (who, flavor), found in cells.items():
        alike.setdefault((who, tuple(found.get(column) for column in columns)), []).append(flavor)
    merged: dict[tuple[tuple[str, ...], tuple[Cell | None, ...]], list[str]] = {}
    for (who, line), flavors in alike.items():
        merged.setdefault((tuple(flavors), line), []).append(who)
    title, words, subject = _WORDS.get(Claim(claim), (claim, "", "flavor"))
    return Matrix(
        title=title,
        words=words,
        subject=subject,
        columns=columns,
        rows=tuple(
            Row(who=_together(whos), flavors=flavors, cells=line) for (flavors, line), whos in merged.items()
        ),
        holds=all(row.holds for row in rows),
    )


def _side(row: ProofRow) -> str:
    return {(True, True): "both", (True, False): "kvm", (False, True): "esxi"}.get(
        (row.kvm, row.esxi), "nowhere"
    )


def _together(whos: Sequence[str]) -> str:
    """Members of several projects at once."""
    projects = [who.removeprefix(_MEMBERS) for who in whos if who.startswith(_MEMBERS)]
    others = [who for who in whos if not who.startswith(_MEMBERS)]
    return ", ".join([*([_MEMBERS + ", ".join(projects)] if projects else []), *others])
