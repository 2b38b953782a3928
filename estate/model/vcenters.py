"""Kind ``vcenters``: the vCenter servers that manage the ESXi hosts."""

from typing import Annotated, Self

from pydantic import Field, Strict, model_validator

from estate.model.block import Block, Blocks, ResourceBlock
from estate.model.words import HostName, Name, Text

Mtu = Annotated[int, Strict(), Field(ge=1280, le=9000)]
"""Bytes of the largest frame; vSphere takes up to 9000 (VMwareDVSConfigSpec.maxMtu)."""

VlanId = Annotated[int, Strict(), Field(ge=1, le=4094)]
"""A VLAN (IEEE 802.1Q)."""


class PortGroup(ResourceBlock):
    """A distributed port group of the data network, e.g. for the tunnel endpoints of overlays."""

    vlan: VlanId | None = Field(default=None, description="VLAN of its ports; untagged if absent.")
    description: Text | None = Field(default=None, description="What it is for.")


class ManagedSwitch(Block):
    """A distributed switch that the stack makes. Its uplinks are the hosts' `nics.data`."""

    mtu: Mtu = Field(default=1600, description="Largest frame, bytes. Overlays need 1600 or more.")
    port_groups: Blocks[PortGroup] = Field(default_factory=dict, description="Its own port groups.")
    was: Name | None = Field(
        default=None,
        description="The name of the switch before another one was given in `switch`: it is renamed, and "
        "not made anew.",
    )


class VCenter(ResourceBlock):
    """One vCenter Server. Credentials are never here: they come from ``vcenters.yaml`` or the environment."""

    server: HostName = Field(description="Host name of the vCenter Server, as in its certificate.")
    datacenter: Text = Field(description="Name of the vSphere data center that holds the clusters.")
    switch: Name = Field(
        description="Distributed switch on which the network back end realises logical networks for ESXi."
    )
    managed_switch: ManagedSwitch | None = Field(
        default=None, description="If the stack makes that switch: its settings. It exists already if absent."
    )

    @model_validator(mode="after")
    def _renamed_from_another(self) -> Self:
        if self.managed_switch is not None and self.managed_switch.was == self.switch:
            raise ValueError(
                f"managed_switch.was: expected the switch's name before it was renamed, got {self.switch}, "
                "which it has now; remove was, or correct it"
            )
        return self
