# mypy: disable-error-code="no-untyped-call"
"""What the sandbox's own parts ask of a vCenter: clusters, and port groups of a distributed switch.

Each use logs in afresh: the simulator forgets sessions and objects when it is started again.
"""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from pyVim.connect import Disconnect, SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl


@dataclass(frozen=True)
class Login:
    """How to reach one vCenter; TLS is verified against ``ca_file``."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    ca_file: str


@contextmanager
def session(login: Login) -> Iterator[vim.ServiceInstanceContent]:
    """The content of a logged-in vCenter."""
    service = SmartConnect(
        host=login.host,
        port=login.port,
        user=login.username,
        pwd=login.password,
        sslContext=ssl.create_default_context(cafile=login.ca_file),
    )
    try:
        yield service.RetrieveContent()
    finally:
        Disconnect(service)


def clusters(content: vim.ServiceInstanceContent) -> dict[str, str]:
    """Managed object ids of all clusters by name, wherever they lie; a cluster made anew has another."""
    assert content.viewManager is not None  # a vCenter has one; an ESXi host's API may not
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.ClusterComputeResource], True)
    try:
        return {cluster.name: cluster._GetMoId() for cluster in view.view}
    finally:
        view.Destroy()


class PortGroups:
    """The port groups of one distributed switch that stand for logical networks, each found by its suffix."""

    def __init__(self, content: vim.ServiceInstanceContent, datacenter: str, switches: Sequence[str]) -> None:
        """``switches``: names of the switch; it has one of them."""
        self.switch = next(
            child
            for center in content.rootFolder.childEntity
            if center.name == datacenter
            for child in center.networkFolder.childEntity
            if isinstance(child, vim.DistributedVirtualSwitch) and child.name in switches
        )

    def name(self, suffix: str) -> str | None:
        """Name of the port group that ends in ``suffix``, or None."""
        group = self._find(suffix)
        return None if group is None else group.name

    def create(self, name: str, vlan: int | None = None) -> None:
        """Add a port group, tagged if it has a VLAN; an existing one of that name is kept."""
        spec = vim.dvs.DistributedVirtualPortgroup.ConfigSpec(name=name, type="ephemeral")
        if vlan is not None:
            tag = vim.dvs.VmwareDistributedVirtualSwitch.VlanIdSpec(vlanId=vlan, inherited=False)
            spec.defaultPortConfig = vim.dvs.VmwareDistributedVirtualSwitch.VmwarePortConfigPolicy(vlan=tag)
        try:
            WaitForTask(self.switch.AddDVPortgroup_Task([spec]))
        except vim.fault.DuplicateName:
            return

    def delete(self, suffix: str) -> None:
        """Remove the port group that ends in ``suffix``, if there is one."""
        group = self._find(suffix)
        if group is not None:
            WaitForTask(group.Destroy_Task())

    def _find(self, suffix: str) -> vim.dvs.DistributedVirtualPortgroup | None:
        for group in self.switch.portgroup:
            try:
                if group.name.endswith(suffix):
                    return group
            except vmodl.fault.ManagedObjectNotFound:  # removed by somebody meanwhile
                continue
        return None
