"""Rows of the matrix, and the shortest counterexample of each, as they are found."""

from estate.placement.proof.claims import Claim, Counterexample, Row
from estate.placement.proof.requests import Who
from estate.placement.proof.situation import Situation

Key = tuple[Claim, str, str, str]
"""Claim, who, flavor or workload, and what it boots from or what is done with it."""


class Rows:
    """Requests that look alike are one row."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._rows: dict[Key, list[int]] = {}
        self._shortest: dict[Key, Counterexample] = {}

    def add(self, claim: Claim, who: Who, flavor: str, boot: str, lands: frozenset[str]) -> Key:
        """Count a request; the key of its row."""
        key = (claim, who.label, flavor, boot)
        row = self._rows.setdefault(key, [0, 0, 0])
        row[0] += 1
        row[1] |= bool(lands & self._situation.kvm)
        row[2] |= bool(lands & self._situation.esxi)
        return key

    def break_(self, key: Key, found: Counterexample) -> None:
        """Keep a counterexample if it is shorter than what the row has."""
        known = self._shortest.get(key)
        if known is None or _length(found) < _length(known):
            self._shortest[key] = found

    def rows(self) -> tuple[Row, ...]:
        """All rows, in the order of their first request."""
        return tuple(
            Row(
                claim=key[0],
                who=key[1],
                flavor=key[2],
                boot=key[3],
                requests=count,
                kvm=bool(kvm),
                esxi=bool(esxi),
                holds=key not in self._shortest,
            )
            for key, (count, kvm, esxi) in self._rows.items()
        )

    def counterexamples(self) -> tuple[Counterexample, ...]:
        """The shortest first."""
        return tuple(
            sorted(self._shortest.values(), key=lambda one: (list(Claim).index(one.claim), _length(one)))
        )


def _length(one: Counterexample) -> tuple[int, int, int]:
    """Steps, then whether it takes an administrator, then what the steps name."""
    named = sum(
        len(step.request.image.properties if step.request.image is not None else ())
        + (step.request.zone is not None)
        + (step.request.zone or "").count(":")
        + (step.request.image is not None)
        for step in one.steps
        if step.request is not None
    )
    return len(one.steps), one.who.admin, named
