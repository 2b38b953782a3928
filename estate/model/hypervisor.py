"""The two hypervisors of an estate."""

from enum import StrEnum


class Hypervisor(StrEnum):
    """``kvm`` for general purpose; ``esxi`` behind a vCenter, for what its vendor supports nowhere else."""

    KVM = "kvm"
    ESXI = "esxi"

    @property
    def label(self) -> str:
        """As people write it: KVM, ESXi."""
        return {"kvm": "KVM", "esxi": "ESXi"}[self.value]
