"""A server group of Nova, and the DRS rule that keeps its servers on ESXi apart."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_openstack as openstack

from components.component import Component
from components.gates.servers_spread import ServersSpread
from estate.model import ServerGroup as Model


class ServerGroup(Component):
    """``id`` is what servers name in their scheduler hint.

    To Nova a vSphere cluster is one host, so inside a cluster DRS does what the group asks for. A rule of
    vSphere lists the machines of one cluster, and which those are is known only once Nova has placed them;
    so the rules are one gate and not resources of the vSphere provider.
    """

    def __init__(self, group: Model, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(group.name, {"policy": group.policy.value}, opts, was=group.was)
        self._group = group
        self.id = openstack.compute.ServerGroup(
            group.name,
            name=group.name,
            policies=group.policy.value,
            # Nova cannot rename a group; a new one would make all its servers anew.
            opts=self.child(ignore_changes=["name"]),
        ).id
        self.done(id=self.id)

    def spread(
        self, server_ids: Mapping[str, pulumi.Output[str]], clusters: Mapping[str, Sequence[str]]
    ) -> None:
        """Keep members on ESXi apart.

        :param server_ids: name → Nova id of the members on ESXi.
        :param clusters: vCenter → names of the clusters in which Nova may have put them.
        """
        if self._group.policy.apart and len(server_ids) > 1:
            ServersSpread(
                self._group.name,
                server_ids=list(server_ids.values()),
                clusters=clusters,
                opts=self.child(),
            )
