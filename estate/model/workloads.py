"""Kind ``workloads``: what runs. A workload says what it needs, not where it goes."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from estate.model.block import Block, NamedBlock
from estate.model.words import GibiBytes, Name, NameRange, Text


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
    review: date = Field(description="When it is looked at again, e.g. `2027-06-30`.")


class Volume(Block):
    """A data volume of each member of a workload."""

    type: Name = Field(description="Volume type.")
    size: GibiBytes = Field(description="Size, GiB.")


class Workload(NamedBlock):
    """Servers of one kind. Placement follows from the image and the restriction."""

    members: NameRange = Field(
        default=(),
        validate_default=False,
        description="Names of its servers, e.g. `ledger-db-[1-2]`; its own name if absent.",
    )
    image: Name = Field(description="Image that its servers boot from.")
    flavor: Name = Field(description="Flavor of its servers.")
    networks: NameRange = Field(description="Logical networks, one port each, in this order.")
    security_groups: NameRange = Field(
        default=(), validate_default=False, description="Security groups of its ports."
    )
    volumes: dict[Name, Volume] = Field(default_factory=dict, description="Data volumes of each member.")
    availability_zone: Name | None = Field(
        default=None, description="Only needed where several aggregates have the image's hypervisor."
    )
    restriction: Restriction | None = Field(
        default=None, description="Why it must stay on ESXi; absent if it may run anywhere."
    )

    @property
    def servers(self) -> tuple[str, ...]:
        """Names of its servers as Nova shows them."""
        return self.members or (self.name,)
