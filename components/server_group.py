"""A server group of Nova."""

import pulumi
import pulumi_openstack as openstack

from components.component import Component
from estate.model import ServerGroup as Model


class ServerGroup(Component):
    """``id`` is what servers name in their scheduler hint.

    To Nova a vSphere cluster is one host, so inside a cluster DRS does what the group asks for. A rule of
    vSphere lists the machines of one cluster, and which those are is known only once Nova has placed them;
    so the rules are one gate (``ServersSpread``) and not resources of the vSphere provider.
    """

    def __init__(self, group: Model, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(group.name, {"policy": group.policy.value}, opts, was=group.was)
        self.id = openstack.compute.ServerGroup(
            group.name,
            name=group.name,
            policies=group.policy.value,
            # Nova cannot rename a group; a new one would make all its servers anew.
            opts=self.child(ignore_changes=["name"]),
        ).id
        self.done(id=self.id)
