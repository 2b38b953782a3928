"""Kind ``projects``: who may use the cloud, and how much of it."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from estate.model.block import Block, ResourceBlock
from estate.model.ownership import Mode
from estate.model.words import (
    GibiBytesFromZero,
    MebiBytes,
    RefersTo,
    Text,
    gibibytes_from_zero,
    mebibytes,
    shown,
)
from estate.model.words import Name as BlockName

UNLIMITED: Final = "unlimited"
_MOST = 1_000_000


def _count(value: object) -> object:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST
    if value is not None and value != UNLIMITED and not fits:
        raise ValueError(f"expected a whole number up to {_MOST}, or {UNLIMITED}, got {shown(value)}")
    return value


def _size(value: object, read: Callable[[object], int]) -> object:
    if value is not None and value != UNLIMITED:
        try:
            read(value)
        except ValueError as error:
            raise ValueError(f"{error}; without a limit say {UNLIMITED}") from None
    return value


Limit = Annotated[int | Literal["unlimited"] | None, BeforeValidator(_count)]
"""How many a project may have."""

Memory = Annotated[MebiBytes | Literal["unlimited"] | None, BeforeValidator(partial(_size, read=mebibytes))]
"""How much memory a project may have, MiB."""

Size = Annotated[
    GibiBytesFromZero | Literal["unlimited"] | None, BeforeValidator(partial(_size, read=gibibytes_from_zero))
]
"""How much storage a project may have, GiB."""


class ComputeQuota(Block):
    """Quota of Nova; what is absent keeps the cloud's default."""

    instances: Limit = Field(default=None, description="Servers.")
    cores: Limit = Field(default=None, description="VCPUs.")
    memory: Memory = Field(default=None, description="Memory, MiB.")
    key_pairs: Limit = Field(default=None, description="Key pairs of each user.")
    server_groups: Limit = Field(default=None, description="Server groups.")
    server_group_members: Limit = Field(default=None, description="Members of each server group.")


class NetworkQuota(Block):
    """Quota of Neutron; what is absent keeps the cloud's default."""

    networks: Limit = Field(default=None, description="Networks.")
    subnets: Limit = Field(default=None, description="Subnets.")
    ports: Limit = Field(default=None, description="Ports.")
    routers: Limit = Field(default=None, description="Routers.")
    floating_ips: Limit = Field(default=None, description="Floating addresses.")
    security_groups: Limit = Field(default=None, description="Security groups.")
    security_group_rules: Limit = Field(default=None, description="Rules of all of them.")


class TypeQuota(Block):
    """Quota of one volume type."""

    volumes: Limit = Field(default=None, description="Volumes.")
    size: Size = Field(default=None, description="Size of all of them together, GiB.")


class VolumeQuota(Block):
    """Quota of Cinder; what is absent keeps the cloud's default."""

    volumes: Limit = Field(default=None, description="Volumes.")
    snapshots: Limit = Field(default=None, description="Snapshots.")
    size: Size = Field(default=None, description="Size of volumes and snapshots together, GiB.")
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
