"""What the two virt drivers report of a host: the part of the decision that no operator configures."""

from dataclasses import dataclass

from estate.model import Hypervisor
from estate.placement.nova.api import SAME_HOST
from estate.placement.nova.cloud import OWNER_NOVA

RESERVED_HOST_MEMORY_MB = 512
"""Nova's default (nova/conf/compute.py); on ESXi the fragments set 0."""


@dataclass(frozen=True, kw_only=True)
class Driver:
    """What hosts of one hypervisor have in common."""

    hypervisor_type: str
    supported_instances: tuple[tuple[str, str, str], ...]
    traits: frozenset[str]
    boots: frozenset[str] | None


def _supported(*hypervisors: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((arch, one, "hvm") for arch in ("i686", "x86_64") for one in hypervisors)


DRIVERS = {
    # nova/virt/libvirt/driver.py capabilities and static_traits, on a QEMU of today. What depends on a host's
    # hardware, firmware or nova.conf (vTPM, secure boot, encryption, address space, sound) is for a host
    # class to declare.
    Hypervisor.KVM: Driver(
        hypervisor_type="QEMU",
        supported_instances=_supported("kvm", "qemu"),
        traits=frozenset(
            [
                OWNER_NOVA,
                "HW_ARCH_X86_64",
                *(f"COMPUTE_IMAGE_TYPE_{one}" for one in ("AKI", "AMI", "ARI", "ISO", "QCOW2", "RAW")),
                *(f"COMPUTE_STORAGE_BUS_{one}" for one in ("FDC", "SATA", "SCSI", "USB", "VIRTIO")),
                *(
                    f"COMPUTE_NET_VIF_MODEL_{one}"
                    for one in ("E1000", "E1000E", "IGB", "NE2K_PCI", "PCNET", "RTL8139", "VIRTIO")
                ),
                *(f"COMPUTE_GRAPHICS_MODEL_{one}" for one in ("BOCHS", "NONE", "VGA", "VIRTIO")),
                "COMPUTE_ACCELERATORS",
                "COMPUTE_NET_VIRTIO_PACKED",
                "COMPUTE_SOCKET_PCI_NUMA_AFFINITY",
            ]
        ),
        boots=None,
    ),
    # nova/virt/vmwareapi/driver.py capabilities, update_provider_tree; host.py; images.py (vmdk, iso).
    Hypervisor.ESXI: Driver(
        hypervisor_type="VMware vCenter Server",
        supported_instances=_supported("vmware"),
        traits=frozenset(
            [OWNER_NOVA, "HW_ARCH_X86_64", SAME_HOST, "COMPUTE_IMAGE_TYPE_ISO", "COMPUTE_IMAGE_TYPE_VMDK"]
        ),
        boots=frozenset(["vmdk", "iso"]),
    ),
}
