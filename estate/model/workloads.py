"""Kind ``workloads``: what runs. A workload says what it needs, not where it goes."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from estate.model.block import Block, NamedBlock
from estate.model.words import Day, GibiBytes, Name, NameRange, RefersTo, Text


class ReasonCode(StrEnum):
    """Why a workload must stay on ESXi."""

    VENDOR_SUPPORT = "vendor-support"
    LICENCE = "licence"
    CERTIFICATION = "certification"
    TECHNICAL = "technical"


class Restriction(Block):
    """A workload's duty to stay on ESXi, as an auditor wants it: reason, evidence, owner, review date."""

    reason: ReasonCode = Field(description="Reason code.")
    evidence: Text = Field(description="Where the reason is written: contract, support statement, ticket.")
    owner: Text = Field(description="Who answers for it.")
    review: Day = Field(description="When it is looked at again, e.g. `2027-06-30`.")


class Volume(Block):
    """A data volume of each member of a workload."""

    type: Annotated[Name, RefersTo("volume_types")] = Field(description="Volume type.")
    size: GibiBytes = Field(description="Size, GiB.")


class Workload(NamedBlock):
    """Servers of one kind. Placement follows from the image and the restriction."""

    members: NameRange = Field(
        default=(),
        description="Names of its servers, e.g. `ledger-db-[1-2]`; its own name if absent.",
    )
    image: Annotated[Name, RefersTo("images")] = Field(description="Image that its servers boot from.")
    flavor: Annotated[Name, RefersTo("flavors")] = Field(description="Flavor of its servers.")
    networks: Annotated[NameRange, RefersTo("networks")] = Field(
        description="Logical networks, one port each, in this order."
    )
    security_groups: Annotated[NameRange, RefersTo("security_groups")] = Field(
        default=(), description="Security groups of its ports."
    )
    volumes: dict[Name, Volume] = Field(default_factory=dict, description="Data volumes of each member.")
    availability_zone: Annotated[Name | None, RefersTo("availability_zones")] = Field(
        default=None, description="Only needed where several aggregates have the image's hypervisor."
    )
    restriction: Restriction | None = Field(
        default=None, description="Why it must stay on ESXi; absent if it may run anywhere."
    )

    @property
    def servers(self) -> tuple[str, ...]:
        """Names of its servers as Nova shows them."""
        return self.members or (self.name,)
