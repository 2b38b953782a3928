"""Kind ``server_groups``: servers that belong together, or must not fail together."""

from enum import StrEnum

from pydantic import Field

from estate.model.block import ResourceBlock


class Policy(StrEnum):
    """Nova's policies (nova/objects/instance_group.py). Hard ones refuse to boot, soft ones try."""

    AFFINITY = "affinity"
    ANTI_AFFINITY = "anti-affinity"
    SOFT_AFFINITY = "soft-affinity"
    SOFT_ANTI_AFFINITY = "soft-anti-affinity"

    @property
    def apart(self) -> bool:
        """Whether members are kept away from each other."""
        return self in (Policy.ANTI_AFFINITY, Policy.SOFT_ANTI_AFFINITY)


class ServerGroup(ResourceBlock):
    """A server group of Nova; to Nova a whole vSphere cluster is one host.

    What is to be apart is spread over the ESXi hosts of a cluster by a DRS rule that the stack keeps.
    Nova cannot rename a group: a renamed block keeps the old name there.
    """

    policy: Policy = Field(
        description="`affinity`, `anti-affinity`, or `soft-` of either. On ESXi `soft-anti-affinity` spreads "
        "over clusters as far as they go, and over the ESXi hosts of each by a DRS rule."
    )
