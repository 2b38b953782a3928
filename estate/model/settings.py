"""Kind ``estate``: what holds for the whole environment."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from estate.model.block import Block
from estate.model.releases import PROVEN, Release, TargetRelease, release_of
from estate.model.words import Name, Text


class NetworkBackend(StrEnum):
    """What carries logical networks to both hypervisors."""

    NSX_POLICY = "nsx-policy"
    OVN = "ovn"


class Settings(Block):
    """The estate itself."""

    name: Name = Field(description="Name of the environment, e.g. `prod`.")
    region: Text = Field(default="RegionOne", description="Region of the target cloud (Keystone).")
    release: TargetRelease = Field(
        default=PROVEN,
        description="OpenStack release of the target cloud, for all services or by service; defaults differ "
        "between releases.",
        examples=['{nova: "2025.1", default: "2026.2"}'],
    )
    network_backend: NetworkBackend = Field(
        default=NetworkBackend.NSX_POLICY, description="What carries logical networks to both hypervisors."
    )
    destroy: Literal["forbidden", "allowed"] = Field(
        default="forbidden",
        description="Whether this environment may be torn down. `forbidden` protects all resources.",
    )

    def release_of(self, service: str) -> Release:
        """The release of ``keystone``, ``glance``, ``placement``, ``nova``, ``neutron`` or ``cinder``."""
        return release_of(self.release, service)
