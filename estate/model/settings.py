"""Kind ``estate``: what holds for the whole environment."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from estate.model.block import Block
from estate.model.clusters import EvcMode
from estate.model.releases import PROVEN, Release, TargetRelease, release_of
from estate.model.words import Count, Name, RefersTo, Text


class NetworkBackend(StrEnum):
    """What carries logical networks to both hypervisors."""

    NSX_POLICY = "nsx-policy"
    OVN = "ovn"
    NOVA_NETWORK = "nova-network"


class Nsx(Block):
    """What must exist in NSX before Neutron starts; of each NSX takes the only one if it is absent."""

    overlay_transport_zone: Text | None = Field(
        default=None, description="Transport zone of overlay networks, by name."
    )
    vlan_transport_zone: Text | None = Field(
        default=None, description="Transport zone of VLAN networks, by name."
    )
    tier0_router: Text | None = Field(default=None, description="Tier-0 router that leads out, by name.")
    dhcp_profile: Text = Field(description="DHCP profile, by name.")
    metadata_proxy: Text = Field(description="Metadata proxy, by name.")


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
    nsx: Nsx | None = Field(default=None, description="With `nsx-policy`: names of what exists in NSX.")
    evc_modes: tuple[EvcMode, ...] = Field(
        default=(),
        description="EVC modes of the vCenters that are newer than those known here, from old to new.",
        examples=["[intel-graniterapids]"],
    )
    default_volume_type: Annotated[Name | None, RefersTo("volume_types")] = Field(
        default=None, description="Type of volumes that name none, where their project has no default."
    )
    restriction_budget: Count | None = Field(
        default=None, description="How many servers may be restricted to ESXi; no limit if absent."
    )
    destroy: Literal["forbidden", "allowed"] = Field(
        default="forbidden",
        description="Whether this environment may be torn down. `forbidden` protects all resources.",
    )
    approval: Literal["required", "optional"] = Field(
        default="optional",
        description="With `required` nothing is applied but what was approved before (`estate up "
        "--approved`); the program refuses any other `up`.",
    )

    @field_validator("network_backend", mode="after")
    @classmethod
    def _security_groups(cls, back_end: NetworkBackend) -> NetworkBackend:
        if back_end is NetworkBackend.NOVA_NETWORK:
            # Nova's release note remove-nova-network; its API answers 410 Gone.
            raise ValueError(
                "expected nsx-policy or ovn, got nova-network: it has no security groups on vSphere, "
                "and Nova "
                "removed it in Ussuri"
            )
        return back_end

    @field_validator("nsx", mode="after")
    @classmethod
    def _only_of_nsx(cls, nsx: Nsx | None, info: ValidationInfo) -> Nsx | None:
        back_end = info.data.get("network_backend")
        if nsx is not None and back_end is NetworkBackend.OVN:
            raise ValueError("only network_backend: nsx-policy has nsx; remove it")
        return nsx

    def release_of(self, service: str) -> Release:
        """The release of ``keystone``, ``glance``, ``placement``, ``nova``, ``neutron`` or ``cinder``."""
        return release_of(self.release, service)
