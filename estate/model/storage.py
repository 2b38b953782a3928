"""Kind ``storage``: shared arrays. One serves volumes of KVM servers and datastores of ESXi clusters."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from estate.model.block import Block, Blocks, NamedBlock, ResourceBlock
from estate.model.hypervisor import Hypervisor
from estate.model.images import Adapter
from estate.model.words import GibiBytes, Name, NameRange, Ratio, RefersTo, Text


class Provisioning(StrEnum):
    """How a VMDK takes its space (Cinder extra spec ``vmware:vmdk_type``)."""

    THIN = "thin"
    THICK = "thick"
    EAGER_ZEROED_THICK = "eager-zeroed-thick"


class FrontEndLimit(StrEnum):
    """What the hypervisor limits: words of nova/virt/libvirt/volume/volume.py ``get_config``.

    ``…_per_gb`` is multiplied with the volume's size (cinder/volume/manager.py
    ``_parse_connection_options``).
    """

    TOTAL_IOPS = "total_iops_sec"
    READ_IOPS = "read_iops_sec"
    WRITE_IOPS = "write_iops_sec"
    TOTAL_BYTES = "total_bytes_sec"
    READ_BYTES = "read_bytes_sec"
    WRITE_BYTES = "write_bytes_sec"
    TOTAL_IOPS_MAX = "total_iops_sec_max"
    READ_IOPS_MAX = "read_iops_sec_max"
    WRITE_IOPS_MAX = "write_iops_sec_max"
    TOTAL_BYTES_MAX = "total_bytes_sec_max"
    READ_BYTES_MAX = "read_bytes_sec_max"
    WRITE_BYTES_MAX = "write_bytes_sec_max"
    SIZE_IOPS = "size_iops_sec"
    TOTAL_IOPS_PER_GB = "total_iops_sec_per_gb"
    READ_IOPS_PER_GB = "read_iops_sec_per_gb"
    WRITE_IOPS_PER_GB = "write_iops_sec_per_gb"
    TOTAL_BYTES_PER_GB = "total_bytes_sec_per_gb"
    READ_BYTES_PER_GB = "read_bytes_sec_per_gb"
    WRITE_BYTES_PER_GB = "write_bytes_sec_per_gb"


Limit = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000_000)]
"""Operations or bytes per second."""


class Qos(Block):
    """Limits of each volume of a type. Who keeps them follows from where they stand."""

    front_end: dict[FrontEndLimit, Limit] = Field(
        default_factory=dict, description="Limits that the hypervisor keeps, per second."
    )
    back_end: dict[Text, Text] = Field(
        default_factory=dict, description="Limits that the array keeps, in words of its Cinder driver."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.front_end and not self.back_end:
            raise ValueError("expected limits under front_end or back_end, got none")
        for unit in ("iops_sec", "bytes_sec"):
            said = {key for key in self.front_end if key.value.removesuffix("_max").endswith(unit)}
            totals = {key for key in said if key.value.startswith("total_")}
            if totals and said - totals:
                # QEMU: "total and read/write of bytes/iops cannot be used at the same time"
                raise ValueError(f"expected either total_{unit} or read_{unit} and write_{unit}, got both")
        return self

    @property
    def consumer(self) -> Literal["front-end", "back-end", "both"]:
        """Cinder's word for who keeps the limits."""
        if self.front_end and self.back_end:
            return "both"
        return "front-end" if self.front_end else "back-end"

    @property
    def specs(self) -> dict[str, str]:
        """All limits as Cinder's QoS specs."""
        return {**{key.value: str(value) for key, value in self.front_end.items()}, **self.back_end}


class Encryption(Block):
    """Encryption of each volume of a type; keys come from the cloud's key manager."""

    provider: Literal["luks", "luks2"] = Field(default="luks", description="Format.")
    cipher: Text = Field(default="aes-xts-plain64", description="Cipher, as dm-crypt calls it.")
    key_size: Literal[128, 192, 256, 512] = Field(default=256, description="Length of the key, bits.")
    control_location: Literal["front-end", "back-end"] = Field(
        default="front-end", description="Who encrypts: `front-end` is the hypervisor."
    )


class VolumeType(ResourceBlock):
    """A Cinder volume type. A volume can be attached only on the side that it serves."""

    serves: Hypervisor = Field(description="Servers that may attach volumes of this type: `kvm` or `esxi`.")
    vcenter: Annotated[Name | None, RefersTo("vcenters")] = Field(
        default=None, description="ESXi: vCenter whose datastores hold the volumes."
    )
    provisioning: Provisioning | None = Field(
        default=None, description="ESXi: how a VMDK takes its space; thin if absent."
    )
    storage_policy: Text | None = Field(
        default=None, description="ESXi: vSphere storage policy that decides on datastores and limits."
    )
    adapter: Adapter | None = Field(
        default=None,
        description="ESXi: disk controller that blank volumes are attached to; lsiLogic if absent.",
    )
    qos: Qos | None = Field(default=None, description="KVM: limits of each volume.")
    encryption: Encryption | None = Field(default=None, description="KVM: encryption of each volume.")
    projects: Annotated[NameRange, RefersTo("projects")] = Field(
        default=(), description="Projects that may use it, besides administrators; all if absent."
    )
    default_for: Annotated[NameRange, RefersTo("projects")] = Field(
        default=(), description="Projects whose volumes are of this type if they name none."
    )
    description: Text | None = Field(default=None, description="What it is for.")

    @field_validator("vcenter", mode="after")
    @classmethod
    def _vcenter_on_esxi(cls, vcenter: str | None, info: ValidationInfo) -> str | None:
        serves = info.data.get("serves")
        if serves is Hypervisor.ESXI and vcenter is None:
            raise ValueError(
                "a volume type for esxi needs its vcenter, because a VMDK back end speaks to one vCenter"
            )
        if serves is Hypervisor.KVM and vcenter is not None:
            raise ValueError("a volume type for kvm has no vcenter; remove it or say serves: esxi")
        return vcenter

    @field_validator("provisioning", "storage_policy", "adapter", mode="after")
    @classmethod
    def _vsphere_only(cls, value: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("serves") is Hypervisor.KVM and value is not None:
            raise ValueError(f"only a volume type that serves esxi has {info.field_name}; remove it")
        return value

    @field_validator("qos", mode="after")
    @classmethod
    def _limits_are_kept(cls, qos: Qos | None, info: ValidationInfo) -> Qos | None:
        if info.data.get("serves") is Hypervisor.ESXI and qos is not None:
            raise ValueError(
                "neither Nova's VMware driver nor Cinder's VMDK driver reads QoS specs; limit I/O by a "
                "storage_policy of vSphere, or by quota:disk_io_limit of the flavor"
            )
        return qos

    @field_validator("encryption", mode="after")
    @classmethod
    def _can_encrypt(cls, encryption: Encryption | None, info: ValidationInfo) -> Encryption | None:
        if info.data.get("serves") is Hypervisor.ESXI and encryption is not None:
            # nova/virt/vmwareapi/driver.py attach_volume ignores `encryption`.
            raise ValueError(
                "Nova's VMware driver attaches an encrypted volume as it is, unreadable; encrypt on "
                "the array, "
                "or by a storage_policy of vSphere"
            )
        return encryption

    @field_validator("default_for", mode="after")
    @classmethod
    def _usable_by_default(cls, projects: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        allowed = info.data.get("projects")
        if allowed and (others := [one for one in projects if one not in allowed]):
            raise ValueError(
                f"expected projects that may use it ({', '.join(allowed)}), got {', '.join(others)}"
            )
        return projects


class Datastore(NamedBlock):
    """A datastore on the array, mounted by every host of its clusters."""

    capacity: GibiBytes = Field(description="Capacity, GiB.")
    clusters: Annotated[NameRange, RefersTo("clusters")] = Field(
        description="Clusters whose hosts all mount it."
    )


class StorageArray(ResourceBlock):
    """A shared storage array; its capacity is counted once, whoever uses it."""

    capacity: GibiBytes = Field(description="Usable capacity, GiB.")
    oversubscription: Ratio = Field(
        default=1.0, description="Space promised to volumes and root disks per space that there is."
    )
    volume_types: Blocks[VolumeType] = Field(default_factory=dict, description="Volume types that it serves.")
    datastores: Blocks[Datastore] = Field(default_factory=dict, description="Datastores that it presents.")

    @field_validator("datastores", mode="after")
    @classmethod
    def _datastores_fit(cls, datastores: dict[str, Datastore], info: ValidationInfo) -> dict[str, Datastore]:
        capacity = info.data.get("capacity")
        presented = sum(datastore.capacity for datastore in datastores.values())
        if capacity is not None and presented > capacity:
            raise ValueError(
                f"expected datastores within the array's capacity of {capacity} GiB, got {presented} GiB"
            )
        return datastores
