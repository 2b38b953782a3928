"""Does it exist already? For what a killed run was creating in a vCenter, and for imports."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyVmomi import vim

_KINDS: dict[str, type[vim.ManagedEntity]] = {
    "vsphere:index/computeCluster:ComputeCluster": vim.ClusterComputeResource,
    "vsphere:index/distributedPortGroup:DistributedPortGroup": vim.dvs.DistributedVirtualPortgroup,
    "vsphere:index/distributedVirtualSwitch:DistributedVirtualSwitch": vim.DistributedVirtualSwitch,
}
"""Pulumi type token → managed object type."""


@dataclass(frozen=True)
class Existing:
    """An object that exists, by both of its names.

    The provider reads it by the one and takes the other for an import
    (resource_vsphere_compute_cluster.go, resource_vsphere_distributed_virtual_switch.go,
    resource_vsphere_distributed_port_group.go).
    """

    id: str
    """Managed object id (``domain-c26``), of a switch its uuid."""
    path: str
    """In the inventory: ``/dc1/host/esx-a``."""


def find(service: vim.ServiceInstance, kind: str, inputs: Mapping[str, Any]) -> Existing | None:
    """The object that has the name of these inputs, or ``None``."""
    if kind not in _KINDS:
        return None
    content: Any = service.RetrieveContent()
    view = content.viewManager.CreateContainerView(content.rootFolder, [_KINDS[kind]], True)
    try:
        found: Any = next((one for one in view.view if one.name == inputs.get("name")), None)
        if not found:
            return None
        is_switch = isinstance(found, vim.DistributedVirtualSwitch)
        return Existing(
            id=found.uuid if is_switch else found._GetMoId(), path=_path(found, content.rootFolder)
        )
    finally:
        view.DestroyView()


def _path(entity: Any, root: Any) -> str:  # noqa: ANN401 - pyVmomi's managed objects
    return "" if entity == root else f"{_path(entity.parent, root)}/{entity.name}"
