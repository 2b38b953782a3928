"""How large disks are, as the cloud has them."""

import re

from estate.openstack.sdk import Connection


def root_disk(cloud: Connection, server: str) -> int | None:
    """GiB of the flavor that a server of the login's project has, and so of its root disk."""
    for one in cloud.compute.servers(details=True, name=f"^{re.escape(server)}$"):
        # Embedded since microversion 2.47: the flavor as it was when the server got it, even if it is gone.
        return int(one.flavor["disk"])
    return None


def volume(cloud: Connection, name: str) -> int | None:
    """GiB of a volume of the login's project."""
    for one in cloud.block_storage.volumes(details=True, name=name):
        return int(one.size)
    return None
