"""Kind ``projects``: who may use the cloud, and how much of it."""

from typing import Annotated

from pydantic import Field, Strict, ValidationInfo, field_validator

from estate.model.block import Block, ResourceBlock
from estate.model.ownership import Mode
from estate.model.words import GibiBytesFromZero, MebiBytes, RefersTo, Text
from estate.model.words import Name as BlockName

Limit = Annotated[int, Strict(), Field(ge=0, le=1_000_000)]
"""How many a project may have."""


class ComputeQuota(Block):
    """Quota of Nova; what is absent keeps the cloud's default."""

    instances: Limit | None = Field(default=None, description="Servers.")
    cores: Limit | None = Field(default=None, description="VCPUs.")
    memory: MebiBytes | None = Field(default=None, description="Memory, MiB.")
    key_pairs: Limit | None = Field(default=None, description="Key pairs of each user.")
    server_groups: Limit | None = Field(default=None, description="Server groups.")
    server_group_members: Limit | None = Field(default=None, description="Members of each server group.")


class NetworkQuota(Block):
    """Quota of Neutron; what is absent keeps the cloud's default."""

    networks: Limit | None = Field(default=None, description="Networks.")
    subnets: Limit | None = Field(default=None, description="Subnets.")
    ports: Limit | None = Field(default=None, description="Ports.")
    routers: Limit | None = Field(default=None, description="Routers.")
    floating_ips: Limit | None = Field(default=None, description="Floating addresses.")
    security_groups: Limit | None = Field(default=None, description="Security groups.")
    security_group_rules: Limit | None = Field(default=None, description="Rules of all of them.")


class TypeQuota(Block):
    """Quota of one volume type."""

    volumes: Limit | None = Field(default=None, description="Volumes.")
    size: GibiBytesFromZero | None = Field(default=None, description="Size of all of them together, GiB.")


class VolumeQuota(Block):
    """Quota of Cinder; what is absent keeps the cloud's default."""

    volumes: Limit | None = Field(default=None, description="Volumes.")
    snapshots: Limit | None = Field(default=None, description="Snapshots.")
    size: GibiBytesFromZero | None = Field(
        default=None, description="Size of volumes and snapshots together, GiB."
    )
    types: Annotated[dict[BlockName, TypeQuota], RefersTo("volume_types")] = Field(
        default_factory=dict, description="Quota of single volume types, by name."
    )


class Quota(Block):
    """How much a project may have."""

    compute: ComputeQuota = Field(default_factory=ComputeQuota, description="Nova.")
    network: NetworkQuota = Field(default_factory=NetworkQuota, description="Neutron.")
    volumes: VolumeQuota = Field(default_factory=VolumeQuota, description="Cinder.")


class Project(ResourceBlock):
    """A Keystone project."""

    mode: Mode = Field(
        default=Mode.MANAGED,
        description="`managed`: the stack makes the project. `referenced`: it exists; quotas are still set.",
    )
    description: Text | None = Field(default=None, description="What it is for.")
    quota: Quota = Field(default_factory=Quota, description="How much of the cloud it may have.")

    @field_validator("description", mode="after")
    @classmethod
    def _described_by_its_owner(cls, description: str | None, info: ValidationInfo) -> str | None:
        if description is not None and info.data.get("mode") is Mode.REFERENCED:
            raise ValueError("a referenced project keeps the description that it has; remove description")
        return description
