"""What runs in a vCenter: virtual machines with host, cluster, networks and datastores.

Everything of one vCenter is read with a handful of PropertyCollector calls (one container view per
managed object type, paged), because reading attribute by attribute costs a round trip each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from estate.vsphere import sdk
from estate.vsphere.sdk import ManagedEntity, ServiceInstance

PAGE = 500
"""Objects per page of RetrievePropertiesEx."""


@dataclass(frozen=True, kw_only=True)
class Nic:
    """A virtual network card and what backs it."""

    mac: str
    backing: str
    """Name of the distributed port group, opaque network or standard network; empty if there is none."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A virtual machine as vCenter shows it."""

    vcenter: str
    name: str
    uuid: str
    """``config.instanceUuid``: the server's id where Nova made it, the volume's where Cinder did."""
    managed_by: str
    """``config.managedBy.extensionKey``, e.g. ``org.openstack.compute``; empty if nobody claims it."""
    host: str
    cluster: str
    """Empty on a standalone host."""
    powered_on: bool
    nics: tuple[Nic, ...]
    disks: tuple[str, ...]
    """Files of its disks, ``[datastore] folder/disk.vmdk``."""


def collect(
    service: ServiceInstance, kind: type[ManagedEntity], paths: list[str]
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Every object of a type below the root folder, with the named properties that are set."""
    content: Any = service.RetrieveContent()
    view = content.viewManager.CreateContainerView(content.rootFolder, [kind], True)
    try:
        collector = content.propertyCollector
        walk = sdk.vmodl.query.PropertyCollector.TraversalSpec(
            name="view", path="view", skip=False, type=sdk.vim.view.ContainerView
        )
        specification = sdk.vmodl.query.PropertyCollector.FilterSpec(
            objectSet=[sdk.vmodl.query.PropertyCollector.ObjectSpec(obj=view, skip=True, selectSet=[walk])],
            propSet=[sdk.vmodl.query.PropertyCollector.PropertySpec(type=kind, all=False, pathSet=paths)],
        )
        options = sdk.vmodl.query.PropertyCollector.RetrieveOptions(maxObjects=PAGE)
        page = collector.RetrievePropertiesEx([specification], options)
        while page is not None:
            for found in page.objects:
                yield found.obj, {one.name: one.val for one in found.propSet or []}
            page = collector.ContinueRetrievePropertiesEx(page.token) if page.token else None
    finally:
        view.DestroyView()


def _nic(device: Any, port_groups: dict[str, str]) -> Nic:  # noqa: ANN401 - a type of pyVmomi's
    backing: Any = device.backing
    name = ""
    if isinstance(backing, sdk.vim.vm.device.VirtualEthernetCard.DistributedVirtualPortBackingInfo):
        name = port_groups.get(backing.port.portgroupKey or "", "")
    elif isinstance(backing, sdk.vim.vm.device.VirtualEthernetCard.OpaqueNetworkBackingInfo):
        name = backing.opaqueNetworkId
    elif isinstance(backing, sdk.vim.vm.device.VirtualEthernetCard.NetworkBackingInfo):
        name = backing.deviceName
    return Nic(mac=(device.macAddress or "").lower(), backing=name)


def _disk_files(devices: list[Any]) -> tuple[str, ...]:
    backings: list[Any] = [
        device.backing for device in devices if isinstance(device, sdk.vim.vm.device.VirtualDisk)
    ]
    return tuple(backing.fileName for backing in backings if hasattr(backing, "fileName"))


def machines(vcenter: str, service: ServiceInstance) -> tuple[Machine, ...]:
    """All virtual machines of a vCenter but its templates."""
    clusters: dict[Any, str] = {
        entity: values["name"]
        for entity, values in collect(service, sdk.vim.ClusterComputeResource, ["name"])
    }
    hosts: dict[Any, tuple[str, str]] = {
        entity: (values["name"], clusters.get(values.get("parent"), ""))
        for entity, values in collect(service, sdk.vim.HostSystem, ["name", "parent"])
    }
    port_groups = {
        values["key"]: values["name"]
        for _, values in collect(service, sdk.vim.dvs.DistributedVirtualPortgroup, ["key", "name"])
    }
    found = []
    paths = ["name", "config", "runtime.host", "runtime.powerState"]
    for _, values in collect(service, sdk.vim.VirtualMachine, paths):
        config = values.get("config")
        if config is None or config.template:
            continue
        host, cluster = hosts.get(values.get("runtime.host"), ("", ""))
        devices: list[Any] = config.hardware.device or []
        found.append(
            Machine(
                vcenter=vcenter,
                name=values.get("name", config.name),
                uuid=config.instanceUuid or "",
                managed_by=config.managedBy.extensionKey if config.managedBy else "",
                host=host,
                cluster=cluster,
                powered_on=values.get("runtime.powerState") == sdk.vim.VirtualMachine.PowerState.poweredOn,
                nics=tuple(
                    _nic(device, port_groups)
                    for device in devices
                    if isinstance(device, sdk.vim.vm.device.VirtualEthernetCard)
                ),
                disks=_disk_files(devices),
            )
        )
    return tuple(sorted(found, key=lambda one: (one.cluster, one.name)))
