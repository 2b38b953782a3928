"""Does it exist already? For what a killed run was creating in a vCenter."""

from collections.abc import Mapping
from typing import Any

from pyVmomi import vim

_KINDS: dict[str, type[vim.ManagedEntity]] = {
    "vsphere:index/computeCluster:ComputeCluster": vim.ClusterComputeResource,
    "vsphere:index/distributedPortGroup:DistributedPortGroup": vim.dvs.DistributedVirtualPortgroup,
    "vsphere:index/distributedVirtualSwitch:DistributedVirtualSwitch": vim.DistributedVirtualSwitch,
}
"""Pulumi type token → managed object type."""


def find(service: vim.ServiceInstance, kind: str, inputs: Mapping[str, Any]) -> str | None:
    """Inventory path (``/dc1/host/esx-a``) of the object that has the name of these inputs, or ``None``.

    The provider takes a path for an import and knows the id then (resource_vsphere_compute_cluster.go,
    resource_vsphere_distributed_virtual_switch.go, resource_vsphere_distributed_port_group.go).
    """
    if kind not in _KINDS:
        return None
    content: Any = service.RetrieveContent()
    view = content.viewManager.CreateContainerView(content.rootFolder, [_KINDS[kind]], True)
    try:
        found: Any = next((one for one in view.view if one.name == inputs.get("name")), None)
        return _path(found, content.rootFolder) if found else None
    finally:
        view.DestroyView()


def _path(entity: Any, root: Any) -> str:  # noqa: ANN401 - pyVmomi's managed objects
    return "" if entity == root else f"{_path(entity.parent, root)}/{entity.name}"
