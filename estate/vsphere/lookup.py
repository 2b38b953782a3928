"""Does it exist already? For what a killed run was creating in a vCenter, and for imports."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from estate.vsphere import sdk
from estate.vsphere.sdk import ManagedEntity, ServiceInstance


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


def find(service: ServiceInstance, kind: str, inputs: Mapping[str, Any]) -> Existing | None:
    """The object that has the name of these inputs, or ``None``."""
    wanted = _type(kind)
    if wanted is None:
        return None
    content: Any = service.RetrieveContent()
    view = content.viewManager.CreateContainerView(content.rootFolder, [wanted], True)
    try:
        found: Any = next((one for one in view.view if one.name == inputs.get("name")), None)
        if not found:
            return None
        is_switch = isinstance(found, sdk.vim.DistributedVirtualSwitch)
        return Existing(
            id=found.uuid if is_switch else found._GetMoId(), path=_path(found, content.rootFolder)
        )
    finally:
        view.DestroyView()


def _type(kind: str) -> type[ManagedEntity] | None:
    """Managed object type of a Pulumi type token."""
    match kind:
        case "vsphere:index/computeCluster:ComputeCluster":
            return sdk.vim.ClusterComputeResource
        case "vsphere:index/distributedPortGroup:DistributedPortGroup":
            return sdk.vim.dvs.DistributedVirtualPortgroup
        case "vsphere:index/distributedVirtualSwitch:DistributedVirtualSwitch":
            return sdk.vim.DistributedVirtualSwitch
        case _:
            return None


def _path(entity: Any, root: Any) -> str:  # noqa: ANN401 - pyVmomi's managed objects
    return "" if entity == root else f"{_path(entity.parent, root)}/{entity.name}"
