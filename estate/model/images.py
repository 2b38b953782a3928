"""Kind ``images``: Glance images, each tagged for one hypervisor."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from estate.model.block import NamedBlock
from estate.model.hypervisor import Hypervisor
from estate.model.words import GibiBytes, Text


class DiskType(StrEnum):
    """Layout of a VMDK (image property ``vmware_disktype``).

    Nova knows more (``preallocated``, ``thin``, …), but those upload a bare ``-flat`` extent, which
    Glance since 2025.1 refuses for disk_format vmdk (``require_image_format_match``).
    """

    SPARSE = "sparse"
    STREAM_OPTIMIZED = "streamOptimized"


class Adapter(StrEnum):
    """Disk controller of an ESXi server (image property ``vmware_adaptertype``; nova/virt/vmwareapi/constants.py)."""

    LSI_LOGIC = "lsiLogic"
    LSI_LOGIC_SAS = "lsiLogicsas"
    BUS_LOGIC = "busLogic"
    PARA_VIRTUAL = "paraVirtual"
    IDE = "ide"


class Image(NamedBlock):
    """An image file and the hypervisor it is made for: qcow2 for KVM, VMDK for ESXi."""

    hypervisor: Hypervisor = Field(description="Hypervisor that it is made for: `kvm` or `esxi`.")
    file: Text = Field(description="Image file, relative to the images folder of the environment.")
    virtual_size: GibiBytes = Field(description="Size of the disk as the guest sees it; becomes `min_disk`.")
    disk_type: DiskType | None = Field(default=None, description="ESXi: layout of the VMDK.")
    adapter: Adapter | None = Field(default=None, description="ESXi: disk controller.")
    guest: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9]+$", description="ESXi: vSphere guest id, e.g. `rhel9_64Guest`."
    )

    @model_validator(mode="after")
    def _fields_fit_hypervisor(self) -> Self:
        given = [name for name in ("disk_type", "adapter", "guest") if getattr(self, name) is not None]
        if self.hypervisor is Hypervisor.KVM and given:
            raise ValueError(f"{', '.join(given)}: only for images with hypervisor: esxi")
        if self.hypervisor is Hypervisor.ESXI and not {"disk_type", "adapter"} <= set(given):
            raise ValueError("an esxi image needs disk_type (sparse or streamOptimized) and adapter")
        suffix = {Hypervisor.KVM: ".qcow2", Hypervisor.ESXI: ".vmdk"}[self.hypervisor]
        if not self.file.endswith(suffix):
            raise ValueError(f"expected a {suffix} file for hypervisor {self.hypervisor}, got {self.file}")
        return self

    @property
    def disk_format(self) -> str:
        """Glance's ``disk_format``."""
        return {Hypervisor.KVM: "qcow2", Hypervisor.ESXI: "vmdk"}[self.hypervisor]
