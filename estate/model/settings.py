"""Kind ``estate``: what holds for the whole environment."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from estate.model.block import Block
from estate.model.words import Name, Text


class NetworkBackend(StrEnum):
    """What carries logical networks to both hypervisors."""

    NSX_POLICY = "nsx-policy"
    OVN = "ovn"


class Settings(Block):
    """The estate itself."""

    name: Name = Field(description="Name of the environment, e.g. `prod`.")
    region: Text = Field(default="RegionOne", description="Region of the target cloud (Keystone).")
    release: Literal["2025.1", "2025.2", "2026.1", "2026.2"] = Field(
        default="2026.2",
        description="OpenStack release of the target cloud; defaults differ between releases.",
    )
    network_backend: NetworkBackend = Field(
        default=NetworkBackend.NSX_POLICY, description="What carries logical networks to both hypervisors."
    )
    destroy: Literal["forbidden", "allowed"] = Field(
        default="forbidden",
        description="Whether this environment may be torn down. `forbidden` protects all resources.",
    )
