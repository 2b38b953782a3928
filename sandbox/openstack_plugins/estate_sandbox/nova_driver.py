# ruff: noqa: ANN401, PLR0917 -- the signatures and untyped values are OpenStack's
# mypy: disable-error-code="import-not-found,misc"
"""A virt driver that keeps books instead of running guests, and reports what Nova's libvirt driver does.

Everything around it is Nova's own: nova-compute's manager, resource tracker, placement reports. What it
reports follows nova/virt/libvirt/driver.py and host.py of Nova 34 on a KVM host with QEMU 10.
"""

import json
import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from nova import exception
from nova.objects import fields
from nova.virt import fake
from oslo_utils import versionutils

NODE_NAMESPACE = uuid.UUID("3f0f7a1c-53a5-5c34-9f44-0d5b1f0e6a57")
"""Node uuids are derived from host names, so that a restarted process finds its nodes again."""

LIBVIRT_VOLUME_TYPES = {"fake", "fibre_channel", "iscsi", "local", "nfs", "nvmeof", "rbd"}
"""Connections that libvirt can attach (VOLUME_DRIVERS of nova/virt/libvirt/driver.py); vmdk is not one."""

DEVICE_TRAITS = (
    *(f"COMPUTE_STORAGE_BUS_{bus}" for bus in ("FDC", "SATA", "SCSI", "USB", "VIRTIO")),
    *(
        f"COMPUTE_NET_VIF_MODEL_{model}"
        for model in ("E1000", "E1000E", "IGB", "NE2K_PCI", "PCNET", "RTL8139", "VIRTIO")
    ),
    *(f"COMPUTE_GRAPHICS_MODEL_{model}" for model in ("BOCHS", "NONE", "VGA", "VIRTIO")),
    *(f"HW_CPU_X86_{flag}" for flag in ("AVX", "AVX2", "SSE42", "VMX")),
    "HW_ARCH_X86_64",
)


@dataclass(frozen=True)
class HostSize:
    """One pretended host: logical CPUs, MiB of memory, GiB of disk; traits of its hardware."""

    vcpus: int
    memory_mib: int
    disk_gib: int
    traits: tuple[str, ...] = ()


class KvmDriver(fake.FakeDriver):
    """One per pretended host; ``sizes`` is filled by the launcher before any is made."""

    sizes: ClassVar[dict[str, HostSize]] = {}

    capabilities: ClassVar[dict[str, bool]] = {
        **dict.fromkeys(fake.FakeDriver.capabilities, False),
        "has_imagecache": True,
        "supports_accelerators": True,
        "supports_attach_interface": True,
        "supports_bfv_rescue": True,
        "supports_device_tagging": True,
        "supports_evacuate": True,
        "supports_extend_volume": True,
        "supports_image_type_aki": True,
        "supports_image_type_ami": True,
        "supports_image_type_ari": True,
        "supports_image_type_iso": True,
        "supports_image_type_qcow2": True,
        "supports_image_type_raw": True,
        "supports_image_type_vmdk": False,
        "supports_multiattach": True,
        "supports_pcpus": True,
        "supports_socket_pci_numa_affinity": True,
        "supports_tagged_attach_interface": True,
        "supports_tagged_attach_volume": True,
        "supports_trusted_certs": True,
    }

    def init_host(self, host: str) -> None:
        """Take the name and the size of the host that this driver stands for."""
        super().init_host(host)
        size = self.sizes[host]
        self.traits = size.traits
        self.vcpus, self.memory_mb, self.local_gb = size.vcpus, size.memory_mib, size.disk_gib
        self.resources = fake.Resources(self.vcpus, self.memory_mb, self.local_gb)
        self.host_status_base.update(
            hypervisor_type="QEMU",
            hypervisor_version=versionutils.convert_version_to_int("10.0.2"),
            hypervisor_hostname=host,
            disk_available_least=self.local_gb,
            supported_instances=[
                (arch, hypervisor, fields.VMMode.HVM)
                for arch in (fields.Architecture.I686, fields.Architecture.X86_64)
                for hypervisor in (fields.HVType.KVM, fields.HVType.QEMU)
            ],
        )

    def get_available_resource(self, nodename: str) -> dict[str, Any]:
        """What the ``os-hypervisors`` API shows of the host."""
        status: dict[str, Any] = super().get_available_resource(nodename)
        status["uuid"] = self._node_uuid(nodename)
        topology = {"sockets": 1, "cores": self.vcpus, "threads": 1}
        status["cpu_info"] = json.dumps(
            {"arch": "x86_64", "model": "host", "vendor": "Intel", "topology": topology, "features": []}
        )
        return status

    def get_nodenames_by_uuid(self, refresh: bool = False) -> dict[str, str]:
        """The one node of this host."""
        return {self._node_uuid(name): name for name in self.get_available_nodes(refresh)}

    def update_provider_tree(self, provider_tree: Any, nodename: str, allocations: Any = None) -> None:
        """Inventory, and the traits of the devices that libvirt offers to guests."""
        super().update_provider_tree(provider_tree, nodename, allocations)
        provider_tree.add_traits(nodename, *DEVICE_TRAITS, *self.traits)

    def attach_volume(
        self,
        context: Any,
        connection_info: dict[str, Any],
        instance: Any,
        mountpoint: str,
        disk_bus: str | None = None,
        device_type: str | None = None,
        encryption: Any = None,
    ) -> None:
        """Refuse what libvirt has no volume driver for, as libvirt does."""
        driver_type = connection_info.get("driver_volume_type")
        if driver_type not in LIBVIRT_VOLUME_TYPES:
            raise exception.VolumeDriverNotFound(driver_type=driver_type)
        super().attach_volume(
            context, connection_info, instance, mountpoint, disk_bus, device_type, encryption
        )

    @staticmethod
    def _node_uuid(name: str) -> str:
        return str(uuid.uuid5(NODE_NAMESPACE, name))
