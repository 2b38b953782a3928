"""Kind ``storage``: shared arrays. One array serves volumes of KVM servers and datastores of ESXi clusters."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from estate.model.block import NamedBlock
from estate.model.hypervisor import Hypervisor
from estate.model.words import GibiBytes, Name, NameRange, Text


class Provisioning(StrEnum):
    """How a VMDK takes its space (Cinder extra spec ``vmware:vmdk_type``)."""

    THIN = "thin"
    THICK = "thick"
    EAGER_ZEROED_THICK = "eager-zeroed-thick"


class VolumeType(NamedBlock):
    """A Cinder volume type. A volume can be attached only on the side that it serves."""

    serves: Hypervisor = Field(description="Servers that may attach volumes of this type: `kvm` or `esxi`.")
    vcenter: Name | None = Field(default=None, description="ESXi: vCenter whose datastores hold the volumes.")
    provisioning: Provisioning = Field(
        default=Provisioning.THIN, description="ESXi: how a VMDK takes its space."
    )
    description: Text | None = Field(default=None, description="What it is for.")

    @model_validator(mode="after")
    def _vcenter_for_esxi(self) -> Self:
        if self.serves is Hypervisor.ESXI and self.vcenter is None:
            raise ValueError(
                "a volume type for esxi needs its vcenter: a VMDK back end speaks to one vCenter"
            )
        if self.serves is Hypervisor.KVM and self.vcenter is not None:
            raise ValueError("a volume type for kvm has no vcenter; remove it or say serves: esxi")
        return self


class Datastore(NamedBlock):
    """A datastore on the array, mounted by every host of its clusters."""

    capacity: GibiBytes = Field(description="Capacity, GiB.")
    clusters: NameRange = Field(description="Clusters whose hosts all mount it.")


class StorageArray(NamedBlock):
    """A shared storage array; its capacity is counted once, whoever uses it."""

    capacity: GibiBytes = Field(description="Usable capacity, GiB.")
    volume_types: dict[Name, VolumeType] = Field(
        default_factory=dict, description="Volume types that it serves."
    )
    datastores: dict[Name, Datastore] = Field(
        default_factory=dict, description="Datastores that it presents."
    )

    @model_validator(mode="after")
    def _datastores_fit(self) -> Self:
        presented = sum(datastore.capacity for datastore in self.datastores.values())
        if presented > self.capacity:
            raise ValueError(
                f"the datastores take {presented} GiB, more than the array's capacity of {self.capacity} GiB"
            )
        return self
