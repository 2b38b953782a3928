"""Observe the cloud and the vCenters of an estate, and compare with the documents."""

from estate.evidence.landing import Landing, compare
from estate.model import Estate
from estate.openstack import servers
from estate.openstack.connection import cloud_faults, connect
from estate.vsphere import connections, inventory
from estate.vsphere.session import session


def observe(estate: Estate, cloud: str | None = None) -> tuple[Landing, ...]:
    """A row per server. Raises ``CloudError`` or ``ConnectionsError``, one sentence each."""
    logins = connections.load(estate.vcenters)
    with cloud_faults():
        running = servers.observe(connect(cloud))
    machines: list[inventory.Machine] = []
    for name, login in logins.items():
        with session(name, login) as service:
            machines += inventory.machines(name, service)
    return compare(estate, running, machines)
