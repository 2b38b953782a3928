"""Image properties as Nova reads them (nova/objects/image_meta.py ``ImageMetaProps.from_dict``)."""

from collections.abc import Mapping

LEGACY = {
    "architecture": "hw_architecture",
    "owner_id": "img_owner_id",
    "vmware_disktype": "hw_disk_type",
    "vmware_image_version": "img_version",
    "vmware_ostype": "os_distro",
    "auto_disk_config": "hw_auto_disk_config",
    "ipxe_boot": "hw_ipxe_boot",
    "vmware_linked_clone": "img_linked_clone",
    "vm_mode": "hw_vm_mode",
    "root_device_name": "img_root_device_name",
    "hypervisor_version_requires": "img_hv_requested_version",
    "hypervisor_type": "img_hv_type",
}
"""Old name → canonical name (``_legacy_property_map``). Where both are set the canonical one wins."""

HV_TYPES = frozenset(
    [
        "baremetal",
        "bhyve",
        "docker",
        "fake",
        "hyperv",
        "ironic",
        "kqemu",
        "kvm",
        "lxc",
        "lxd",
        "openvz",
        "parallels",
        "vz",
        "phyp",
        "qemu",
        "test",
        "uml",
        "vbox",
        "vmware",
        "xen",
        "zvm",
        "prsm",
    ]
)
"""nova/objects/fields.py ``HVType``."""

ARCHITECTURES = frozenset(
    [
        "aarch64",
        "alpha",
        "armv6",
        "armv7l",
        "armv7b",
        "cris",
        "i686",
        "ia64",
        "lm32",
        "m68k",
        "microblaze",
        "microblazeel",
        "mips",
        "mipsel",
        "mips64",
        "mips64el",
        "openrisc",
        "parisc",
        "parisc64",
        "ppc",
        "ppcle",
        "ppc64",
        "ppc64le",
        "ppcemb",
        "s390",
        "s390x",
        "sh4",
        "sh4eb",
        "sparc",
        "sparc64",
        "unicore32",
        "x86_64",
        "xtensa",
        "xtensaeb",
    ]
)
"""nova/objects/fields.py ``Architecture``."""

VM_MODES = frozenset(("hvm", "xen", "uml", "exe"))
"""nova/objects/fields.py ``VMMode``."""

KNOWN = frozenset(
    [
        "hw_architecture",
        "hw_emulation_architecture",
        "hw_auto_disk_config",
        "hw_boot_menu",
        "hw_cdrom_bus",
        "hw_cpu_cores",
        "hw_cpu_sockets",
        "hw_cpu_max_cores",
        "hw_cpu_max_sockets",
        "hw_cpu_max_threads",
        "hw_cpu_policy",
        "hw_cpu_thread_policy",
        "hw_cpu_realtime_mask",
        "hw_cpu_threads",
        "hw_device_id",
        "hw_disk_bus",
        "hw_disk_type",
        "hw_floppy_bus",
        "hw_firmware_type",
        "hw_firmware_stateless",
        "hw_input_bus",
        "hw_ipxe_boot",
        "hw_locked_memory",
        "hw_machine_type",
        "hw_mem_encryption",
        "hw_mem_encryption_model",
        "hw_mem_page_size",
        "hw_numa_nodes",
        "hw_numa_cpus",
        "hw_numa_mem",
        "hw_pci_numa_affinity_policy",
        "hw_pointer_model",
        "hw_pmu",
        "hw_qemu_guest_agent",
        "hw_rescue_bus",
        "hw_rescue_device",
        "hw_rng_model",
        "hw_time_hpet",
        "hw_serial_port_count",
        "hw_scsi_model",
        "hw_video_model",
        "hw_video_ram",
        "hw_vif_model",
        "hw_viommu_model",
        "hw_vm_mode",
        "hw_watchdog_action",
        "hw_vif_multiqueue_enabled",
        "hw_tpm_model",
        "hw_tpm_version",
        "hw_ephemeral_encryption",
        "hw_ephemeral_encryption_format",
        "hw_ephemeral_encryption_secret_uuid",
        "hw_virtio_packed_ring",
        "hw_maxphysaddr_mode",
        "hw_maxphysaddr_bits",
        "hw_sound_model",
        "hw_usb_model",
        "hw_redirected_usb_ports",
        "img_bittorrent",
        "img_bdm_v2",
        "img_block_device_mapping",
        "img_cache_in_nova",
        "img_compression_level",
        "img_hv_requested_version",
        "img_hv_type",
        "img_config_drive",
        "img_linked_clone",
        "img_mappings",
        "img_owner_id",
        "img_root_device_name",
        "img_use_agent",
        "img_version",
        "img_signature",
        "img_signature_hash_method",
        "img_signature_certificate_uuid",
        "img_signature_key_type",
        "img_hide_hypervisor_id",
        "os_admin_user",
        "os_command_line",
        "os_distro",
        "os_require_quiesce",
        "os_secure_boot",
        "os_skip_agent_inject_files_at_boot",
        "os_skip_agent_inject_ssh",
        "os_type",
    ]
)
"""Fields of ``ImageMetaProps``; every other property is dropped before scheduling."""

_ENUMS = {"hw_architecture": ARCHITECTURES, "hw_vm_mode": VM_MODES, "img_hv_type": HV_TYPES}
"""In the order in which Nova reads them."""
_SPELLINGS = {
    "img_hv_type": {"xapi": "xen"},
    "hw_architecture": dict.fromkeys(("i386", "i486", "i586", "x86_32", "x86_32p"), "i686")
    | {"amd64": "x86_64"},
    "hw_vm_mode": {"pv": "xen", "hv": "hvm", "baremetal": "hvm"},
}


_INVALID = {
    "img_hv_type": "Hypervisor virt type '{}' is not valid",
    "hw_architecture": "Architecture name '{}' is not valid",
    "hw_vm_mode": "Virtual machine mode '{}' is not valid",
}


class InvalidPropertyError(ValueError):
    """A value that Nova refuses with HTTP 400 before it schedules (Glance takes it), in Nova's words."""


def effective(properties: Mapping[str, str]) -> dict[str, str]:
    """Canonical name → value, as filters see them. ``InvalidPropertyError``: Nova would refuse the image.

    Nova reads all legacy names before any canonical one, and refuses the first value that it does not know,
    even if the canonical name has a better one (``ImageMetaProps.from_dict``).
    """
    legacy = {LEGACY[name]: value for name, value in properties.items() if name in LEGACY}
    canonical = {name: value for name, value in properties.items() if name in KNOWN}
    found = dict(legacy)
    adapter = properties.get("vmware_adaptertype")
    if adapter == "ide":
        found["hw_disk_bus"] = "ide"
    elif adapter:
        found |= {"hw_disk_bus": "scsi", "hw_scsi_model": adapter}
    found |= canonical
    for read in (legacy, canonical):
        for name, allowed in _ENUMS.items():
            if name in read:
                spelt = read[name].lower()
                spelt = _SPELLINGS[name].get(spelt, spelt)
                if spelt not in allowed:
                    raise InvalidPropertyError(_INVALID[name].format(read[name]))
                found[name] = spelt
    return found


def required_traits(properties: Mapping[str, str]) -> frozenset[str]:
    """Traits of ``trait:X=required``; any other value says nothing (``_set_attr_from_trait_names``)."""
    return frozenset(
        name.removeprefix("trait:")
        for name, value in properties.items()
        if name.startswith("trait:") and value == "required"
    )
