"""Releases whose first versions have ways past every rule of the scheduler."""

from collections.abc import Iterator

from estate.model import Estate, Finding, Loc, Severity
from estate.model.releases import Releases, release_of
from estate.model.subjects import subject
from estate.placement.nova.point_releases import not_proven


def check(estate: Estate) -> Iterator[Finding]:
    """A warning where the target's release of Nova is only as good as its version, which no document says."""
    named = estate.estate.release
    words = not_proven(release_of(named, "nova"))
    if words is not None:
        field: Loc = ("estate", "release")
        if isinstance(named, Releases):
            field = (*field, "nova" if named.nova is not None else "default")
        yield Finding(
            rule="nova-version",
            message=f"{words}.",
            loc=field,
            subject=subject(("estate",)),
            severity=Severity.WARNING,
        )
