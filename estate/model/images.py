"""Kind ``images``: Glance images, each tagged for one hypervisor."""

from enum import StrEnum

from pydantic import Field, ValidationInfo, field_validator

from estate.model.block import NamedBlock
from estate.model.hypervisor import Hypervisor
from estate.model.words import GUEST, GibiBytes, Text


class DiskType(StrEnum):
    """Layout of a VMDK (image property ``vmware_disktype``).

    Nova knows more (``preallocated``, ``thin``, …), but those upload a bare ``-flat`` extent, which
    Glance since 2025.1 refuses for disk_format vmdk (``require_image_format_match``).
    """

    SPARSE = "sparse"
    STREAM_OPTIMIZED = "streamOptimized"


class Adapter(StrEnum):
    """Disk controller of an ESXi server (image property ``vmware_adaptertype``).

    The values are those of nova/virt/vmwareapi/constants.py.
    """

    LSI_LOGIC = "lsiLogic"
    LSI_LOGIC_SAS = "lsiLogicsas"
    BUS_LOGIC = "busLogic"
    PARA_VIRTUAL = "paraVirtual"
    IDE = "ide"


_SUFFIX = {Hypervisor.KVM: ".qcow2", Hypervisor.ESXI: ".vmdk"}


class Image(NamedBlock):
    """An image file and the hypervisor it is made for: qcow2 for KVM, VMDK for ESXi."""

    hypervisor: Hypervisor = Field(description="Hypervisor that it is made for: `kvm` or `esxi`.")
    file: Text = Field(description="Image file, relative to the images folder of the environment.")
    virtual_size: GibiBytes = Field(description="Size of the disk as the guest sees it; becomes `min_disk`.")
    disk_type: DiskType | None = Field(default=None, description="ESXi: layout of the VMDK.")
    adapter: Adapter | None = Field(default=None, description="ESXi: disk controller.")
    guest: str | None = Field(
        default=None, pattern=GUEST, description="ESXi: vSphere guest id, e.g. `rhel9_64Guest`."
    )

    @field_validator("file", mode="after")
    @classmethod
    def _format_fits_hypervisor(cls, file: str, info: ValidationInfo) -> str:
        hypervisor = info.data.get("hypervisor")
        if hypervisor is not None and not file.endswith(_SUFFIX[hypervisor]):
            raise ValueError(f"expected a {_SUFFIX[hypervisor]} file for hypervisor {hypervisor}, got {file}")
        return file

    @field_validator("disk_type", "adapter", "guest", mode="after")
    @classmethod
    def _vsphere_only(cls, value: str | None, info: ValidationInfo) -> str | None:
        hypervisor = info.data.get("hypervisor")
        if hypervisor is Hypervisor.KVM and value is not None:
            raise ValueError(f"only images with hypervisor: esxi have {info.field_name}; remove it")
        if hypervisor is Hypervisor.ESXI and value is None and info.field_name != "guest":
            allowed = ", ".join(DiskType if info.field_name == "disk_type" else Adapter)
            raise ValueError(f"an esxi image needs {info.field_name}: one of {allowed}")
        return value

    @property
    def disk_format(self) -> str:
        """Glance's ``disk_format``."""
        return {Hypervisor.KVM: "qcow2", Hypervisor.ESXI: "vmdk"}[self.hypervisor]
