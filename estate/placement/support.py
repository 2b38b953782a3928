"""What Nova's VMware driver cannot run, with the line of Nova that says so.

``[operation.…]`` and ``[storage.…]`` are sections of doc/source/user/support-matrix.ini of Nova 34, in
which ``driver.vmware`` is ``missing``; other sources are files of Nova.
"""

import re
from collections.abc import Mapping

from estate.model import Loc, Workload
from estate.model.needs import Need

_MATRIX = "Nova's support matrix, [{}] driver.vmware=missing"

ON_ESXI: Mapping[Need, str] = {
    Need.VTPM: _MATRIX.format("operation.boot-emulated-tpm"),
    Need.RAW_DEVICE: _MATRIX.format("storage.block.backend.fibrechannel"),
    Need.MULTI_WRITER_DISK: _MATRIX.format("operation.multiattach-volume"),
    Need.ENCRYPTED_DISK: _MATRIX.format("operation.encrypted-volume"),
    Need.ENCRYPTED_MEMORY: _MATRIX.format("operation.boot-encrypted-vm"),
    Need.FAULT_TOLERANCE: "nova/virt/vmwareapi asks vCenter for no secondary machine",
    Need.PCI_PASSTHROUGH: "nova/virt/vmwareapi/driver.py reports no PCI devices",
    Need.SR_IOV: _MATRIX.format("operation.port-with-resource-request"),
    Need.VGPU: "nova/virt/vmwareapi/driver.py update_provider_tree reports VCPU, MEMORY_MB and DISK_GB only",
    Need.DEDICATED_CPUS: "nova/virt/vmwareapi/driver.py capabilities, supports_pcpus False",
    Need.HUGE_PAGES: "nova/virt/vmwareapi reports no NUMA topology",
    Need.PAUSE: _MATRIX.format("operation.pause"),
    Need.DEVICE_TAGS: _MATRIX.format("operation.device-tags"),
    Need.ONLINE_EXTEND: _MATRIX.format("operation.extend-volume"),
    Need.TRUSTED_IMAGE_CERTIFICATES: _MATRIX.format("operation.trusted-certs"),
    Need.STATELESS_FIRMWARE: _MATRIX.format("operation.boot-stateless-firmware"),
    Need.SERIAL_CONSOLE: _MATRIX.format("console.serial.interactive"),
    # Seen on the real driver: it reads the ISO image as UTF-8 text, and the server ends in ERROR.
    Need.CONFIG_DRIVE: (
        "nova/virt/vmwareapi/images.py upload_iso_to_datastore reads the drive as text and fails"
    ),
}
"""Need → who says that a server on ESXi cannot have it. All of ``Need``: what it can have needs no word."""

ON_KVM: Mapping[Need, str] = {
    Need.FAULT_TOLERANCE: "nova/virt/libvirt has no secondary machine either",
}
"""Need → who says that a server on KVM cannot have it."""

_SPECS: tuple[tuple[re.Pattern[str], Need], ...] = tuple(
    (re.compile(pattern), need)
    for pattern, need in (
        (r"hw:tpm_(version|model|secret_security)", Need.VTPM),
        (r"pci_passthrough:alias", Need.PCI_PASSTHROUGH),
        (r"hw:pci_numa_affinity_policy", Need.PCI_PASSTHROUGH),
        (r"resources[A-Za-z0-9_]*:(VGPU|PGPU)", Need.VGPU),
        (r"resources[A-Za-z0-9_]*:PCPU", Need.DEDICATED_CPUS),
        (r"hw:cpu_(policy|realtime|realtime_mask|dedicated_mask|thread_policy)", Need.DEDICATED_CPUS),
        (r"hw:emulator_threads_policy", Need.DEDICATED_CPUS),
        (r"hw:(mem_page_size|numa_.*)", Need.HUGE_PAGES),
        (r"hw:mem_encryption(_.*)?", Need.ENCRYPTED_MEMORY),
        (r"hw:stateless_firmware", Need.STATELESS_FIRMWARE),
        (r"hw:serial_port_count", Need.SERIAL_CONSOLE),
    )
)
"""Extra spec (nova/api/validation/extra_specs) → what it asks for."""


def asked_by(workload: Workload) -> tuple[tuple[Need, Loc], ...]:
    """What a workload asks of the hypervisor by itself, each with the field that says so."""
    drive = ((Need.CONFIG_DRIVE, ("config_drive",)),) if workload.config_drive else ()
    return (*((need, ("needs", need.value)) for need in workload.needs), *drive)


def asked_by_extra_spec(key: str) -> Need | None:
    """What a flavor's extra spec asks of the hypervisor, as far as it is among the needs."""
    return next((need for pattern, need in _SPECS if pattern.fullmatch(key)), None)
