"""Whether cloud and vCenters can be reached, asked before the engine starts: it would say less, and later."""

from collections.abc import Iterable

from estate.openstack.connection import cloud_faults, connect
from estate.vsphere import connections
from estate.vsphere.session import session
from operations.stack import Stack


def reach(stack: Stack, vcenters: Iterable[str]) -> None:
    """Log in at Keystone and at each vCenter, and out.

    Raises ``CloudError`` or ``ConnectionsError``, one sentence: no answer, or the login is refused.
    """
    with stack.entered(), cloud_faults():
        connect().session.get_token()
        for name, login in connections.load(vcenters).items():
            with session(name, login):
                pass
