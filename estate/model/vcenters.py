"""Kind ``vcenters``: the vCenter servers that manage the ESXi hosts."""

from pydantic import Field

from estate.model.block import NamedBlock
from estate.model.words import HostName, Name, Text


class VCenter(NamedBlock):
    """One vCenter Server. Credentials are never here: they come from ``vcenters.yaml`` or the environment."""

    server: HostName = Field(description="Host name of the vCenter Server, as in its certificate.")
    datacenter: Text = Field(description="Name of the vSphere data center that holds the clusters.")
    switch: Name = Field(
        description="Distributed switch on which the network back end realises logical networks for ESXi."
    )
