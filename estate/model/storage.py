"""Kind ``storage``: shared arrays. One serves volumes of KVM servers and datastores of ESXi clusters."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from estate.model.block import Blocks, NamedBlock
from estate.model.hypervisor import Hypervisor
from estate.model.words import GibiBytes, Name, NameRange, RefersTo, Text


class Provisioning(StrEnum):
    """How a VMDK takes its space (Cinder extra spec ``vmware:vmdk_type``)."""

    THIN = "thin"
    THICK = "thick"
    EAGER_ZEROED_THICK = "eager-zeroed-thick"


class VolumeType(NamedBlock):
    """A Cinder volume type. A volume can be attached only on the side that it serves."""

    serves: Hypervisor = Field(description="Servers that may attach volumes of this type: `kvm` or `esxi`.")
    vcenter: Annotated[Name | None, RefersTo("vcenters")] = Field(
        default=None, description="ESXi: vCenter whose datastores hold the volumes."
    )
    provisioning: Provisioning = Field(
        default=Provisioning.THIN, description="ESXi: how a VMDK takes its space."
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


class Datastore(NamedBlock):
    """A datastore on the array, mounted by every host of its clusters."""

    capacity: GibiBytes = Field(description="Capacity, GiB.")
    clusters: Annotated[NameRange, RefersTo("clusters")] = Field(
        description="Clusters whose hosts all mount it."
    )


class StorageArray(NamedBlock):
    """A shared storage array; its capacity is counted once, whoever uses it."""

    capacity: GibiBytes = Field(description="Usable capacity, GiB.")
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
