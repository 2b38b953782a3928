# ruff: noqa: ANN401 -- the signatures and untyped values are OpenStack's
# mypy: disable-error-code="import-not-found,misc"
"""An ML2 mechanism driver that stands for NSX: it carries logical networks to KVM hosts and into vCenter.

On creation a network is realised as a distributed port group in every vCenter. A port on an ESXi cluster's
nova-compute is bound to that port group if it exists at that moment; else binding fails, as with a real
back end, and Nova puts the server into error. Ports on KVM hosts are bound as Open vSwitch ports.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.plugins.ml2 import api
from oslo_config import cfg
from oslo_log import log as logging

from estate_sandbox.vcenter import Login, PortGroups, session

LOG = logging.getLogger(__name__)

OPTIONS = [
    cfg.StrOpt(
        "connections",
        help="JSON file: vcenters (name -> login, datacenter, switches), hosts (compute host -> vCenter)",
    )
]
NAME_LIMIT = 80
"""Longest name of a vSphere object."""
VIF_TYPE_DVS = "dvs"
"""nova/network/model.py; neutron_lib has no name for it."""


class MechanismDriver(api.MechanismDriver):
    """Entry point ``estate_sandbox``."""

    def initialize(self) -> None:
        """Read where the vCenters are and which compute host belongs to which."""
        cfg.CONF.register_opts(OPTIONS, group="estate_sandbox")
        connections = json.loads(Path(cfg.CONF.estate_sandbox.connections).read_text())
        self.vcenters: dict[str, dict[str, Any]] = connections["vcenters"]
        self.hosts: dict[str, str] = connections["hosts"]

    def create_network_postcommit(self, context: Any) -> None:
        """Realise the network in every vCenter; an error makes Neutron take the network back."""
        if context.current["router:external"]:
            return  # routers end there, no servers
        suffix = _suffix(context.current["id"])
        name = context.current["name"][: NAME_LIMIT - len(suffix)] + suffix
        for vcenter in self.vcenters:
            with self._port_groups(vcenter) as groups:
                groups.create(name, vlan=_vlan(context.network_segments))

    def delete_network_postcommit(self, context: Any) -> None:
        """Remove the network from every vCenter."""
        for vcenter in self.vcenters:
            with self._port_groups(vcenter) as groups:
                groups.delete(_suffix(context.current["id"]))

    def bind_port(self, context: Any) -> None:
        """Bind to Open vSwitch on KVM hosts, to the network's port group on ESXi clusters."""
        segment = next(iter(context.segments_to_bind), None)
        if segment is None:
            return
        vcenter = self.hosts.get(context.host)
        if vcenter is None:
            kind, details = portbindings.VIF_TYPE_OVS, {portbindings.CAP_PORT_FILTER: True}
        else:
            with self._port_groups(vcenter) as groups:
                name = groups.name(_suffix(context.network.current["id"]))
            if name is None:
                LOG.error(
                    "Port %(port)s: network %(network)s is not realised in vCenter %(vcenter)s",
                    {
                        "port": context.current["id"],
                        "network": context.network.current["id"],
                        "vcenter": vcenter,
                    },
                )
                return
            kind, details = VIF_TYPE_DVS, {"dvs_port_group_name": name}
        context.set_binding(segment[api.ID], kind, details, status=constants.PORT_STATUS_ACTIVE)

    @contextmanager
    def _port_groups(self, vcenter: str) -> Iterator[PortGroups]:
        where = self.vcenters[vcenter]
        with session(Login(**where["login"])) as content:
            yield PortGroups(content, where["datacenter"], where["switches"])


def _vlan(segments: list[dict[str, Any]]) -> int | None:
    """VLAN id of a network that a VLAN carries."""
    return next((one[api.SEGMENTATION_ID] for one in segments if one[api.NETWORK_TYPE] == "vlan"), None)


def _suffix(network_id: str) -> str:
    return f"_{network_id}"
