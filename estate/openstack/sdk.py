"""What is used of openstacksdk all over: its import takes a third of a second, and waits until it is needed.

A run of the program imports every gate, but it is the gates' own process that talks to the cloud.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keystoneauth1 import exceptions as auth
    from keystoneauth1.identity.base import BaseIdentityPlugin
    from openstack import connect, connection, exceptions
    from openstack.block_storage.v3._proxy import Proxy as BlockStorage
    from openstack.compute.v2.aggregate import Aggregate
    from openstack.config import OpenStackConfig
    from openstack.connection import Connection
    from openstack.identity.v3._proxy import Proxy as Identity

    __all__ = [
        "Aggregate",
        "BaseIdentityPlugin",
        "BlockStorage",
        "Connection",
        "Identity",
        "OpenStackConfig",
        "auth",
        "connect",
        "connection",
        "exceptions",
    ]
else:
    from estate.later import later

    # Only annotations say these.
    Aggregate = BlockStorage = Connection = object
    __getattr__ = later(
        {
            "OpenStackConfig": "openstack.config:OpenStackConfig",
            "BaseIdentityPlugin": "keystoneauth1.identity.base:BaseIdentityPlugin",
            "Identity": "openstack.identity.v3._proxy:Proxy",
            "auth": "keystoneauth1.exceptions",
            "connect": "openstack:connect",
            "connection": "openstack.connection",
            "exceptions": "openstack.exceptions",
        }
    )
