"""What is used of openstacksdk all over: its import takes a third of a second, and waits until it is needed.

A run of the program imports every gate, but it is the gates' own process that talks to the cloud.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keystoneauth1 import exceptions as auth
    from keystoneauth1.identity.base import BaseIdentityPlugin
    from openstack import connect, exceptions
    from openstack.block_storage.v3._proxy import Proxy as BlockStorage
    from openstack.compute.v2.aggregate import Aggregate
    from openstack.config import OpenStackConfig
    from openstack.connection import Connection

    __all__ = [
        "Aggregate",
        "BaseIdentityPlugin",
        "BlockStorage",
        "Connection",
        "OpenStackConfig",
        "auth",
        "connect",
        "exceptions",
    ]
else:
    # Only annotations say these.
    Aggregate = BlockStorage = Connection = object
    _LATER = {
        "OpenStackConfig": "openstack.config:OpenStackConfig",
        "BaseIdentityPlugin": "keystoneauth1.identity.base:BaseIdentityPlugin",
        "auth": "keystoneauth1.exceptions",
        "connect": "openstack:connect",
        "exceptions": "openstack.exceptions",
    }

    def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module
        """``sdk.connect``, ``sdk.exceptions`` …"""
        if name not in _LATER:
            raise AttributeError(name)
        module, _, attribute = _LATER[name].partition(":")
        found = import_module(module)
        return getattr(found, attribute) if attribute else found
