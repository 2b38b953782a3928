"""Releases of the target cloud, per service: defaults and rules differ between them."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from estate.model.block import Block
from estate.model.finding import Finding, Severity
from estate.model.subjects import subject

Release = Literal["2025.1", "2025.2", "2026.1", "2026.2"]

PROVEN: Release = "2026.2"
"""The release whose sources were read, and run, for every rule here that repeats one of OpenStack."""


class Releases(Block):
    """The release of each service."""

    default: Release = Field(default=PROVEN, description="Release of the services that are not named.")
    keystone: Release | None = Field(default=None, description="Identity.")
    glance: Release | None = Field(default=None, description="Images.")
    placement: Release | None = Field(default=None, description="Placement.")
    nova: Release | None = Field(default=None, description="Compute.")
    neutron: Release | None = Field(default=None, description="Networks.")
    cinder: Release | None = Field(default=None, description="Volumes.")


SERVICES = tuple(name for name in Releases.model_fields if name != "default")


FOR_ALL, BY_SERVICE = "[for all]", "[by service]"
"""The two forms, as pydantic names them in the place of an error; no document has such a key."""


def _form(value: object) -> str:
    return BY_SERVICE if isinstance(value, Mapping | Releases) else FOR_ALL


TargetRelease = Annotated[
    Annotated[Release, Tag(FOR_ALL)] | Annotated[Releases, Tag(BY_SERVICE)], Discriminator(_form)
]
"""One release for all services, or a mapping by service."""


def release_of(release: Release | Releases, service: str) -> Release:
    """The release of one of ``SERVICES``."""
    if not isinstance(release, Releases):
        return release
    own: Release | None = getattr(release, service)
    return own or release.default


def unproven(release: Release | Releases) -> Iterator[Finding]:
    """A warning for each place that names a release on which nothing here was proven."""
    named = (
        {"default": release}
        if not isinstance(release, Releases)
        else {name: value for name in Releases.model_fields if (value := getattr(release, name)) is not None}
    )
    for service, value in named.items():
        if value != PROVEN:
            which = "the services" if service == "default" else service
            yield Finding(
                rule="release-not-proven",
                message=f"{which} may have other rules and defaults in {value}: the guarantee, its "
                f"configuration and the rehearsal were proven on {PROVEN} only. Compare what `estate render` "
                f"says with the release notes of {value} before relying on it.",
                loc=("estate", "release", *([service] if isinstance(release, Releases) else [])),
                subject=subject(("estate",)),
                severity=Severity.WARNING,
            )
