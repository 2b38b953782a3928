"""What a workload needs of the machine that it runs on, beyond size, disks and networks."""

from enum import StrEnum


class Need(StrEnum):
    """Not every hypervisor has it, and not everything that vSphere has is to be had through Nova."""

    VTPM = "vtpm"
    RAW_DEVICE = "raw-device"
    MULTI_WRITER_DISK = "multi-writer-disk"
    ENCRYPTED_DISK = "encrypted-disk"
    ENCRYPTED_MEMORY = "encrypted-memory"
    FAULT_TOLERANCE = "fault-tolerance"
    PCI_PASSTHROUGH = "pci-passthrough"
    SR_IOV = "sr-iov"
    VGPU = "vgpu"
    DEDICATED_CPUS = "dedicated-cpus"
    HUGE_PAGES = "huge-pages"
    PAUSE = "pause"
    DEVICE_TAGS = "device-tags"
    ONLINE_EXTEND = "online-extend"
    TRUSTED_IMAGE_CERTIFICATES = "trusted-image-certificates"
    STATELESS_FIRMWARE = "stateless-firmware"
    SERIAL_CONSOLE = "serial-console"
    CONFIG_DRIVE = "config-drive"
