"""Kind ``aggregates``: host aggregates, each of one hypervisor."""

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from estate.model.block import Blocks, NamedBlock, ResourceBlock
from estate.model.hosts import Nics, Trait
from estate.model.hypervisor import Hypervisor
from estate.model.words import (
    Count,
    GibiBytes,
    HostRange,
    MebiBytes,
    Name,
    NameRange,
    Ratio,
    RefersTo,
    folded,
)

OWN_TRAIT = {Hypervisor.KVM: "CUSTOM_HV_KVM", Hypervisor.ESXI: "CUSTOM_HV_VMWARE"}
"""The trait that isolates the aggregates of a hypervisor, see ``estate.placement.triple``."""

TRAIT_KEY = "trait:"
"""Metadata of an aggregate that isolate it (nova/scheduler/request_filter.py ``isolate_aggregates``)."""

REQUIRED = "required"


def _key(key: str) -> str:
    wanted = folded(key)
    if wanted == "availability_zone":
        # nova/objects/aggregate.py: an aggregate's zone is this metadata.
        raise ValueError(
            "this is the zone itself to Nova; say availability_zone: … beside metadata, and remove it here"
        )
    if wanted == "img_hv_type":
        raise ValueError("this is written from hypervisor; remove it")
    return key


AggregateKey = Annotated[str, AfterValidator(_key)]
"""A key of an aggregate's metadata that is not written from something else."""


class HostClass(NamedBlock):
    """KVM hosts of one make: the same size, network cards and traits."""

    hosts: HostRange = Field(description="The compute hosts.")
    vcpus: Count = Field(description="Logical CPUs of each host.")
    memory: MebiBytes = Field(description="Memory of each host, MiB.")
    disk: GibiBytes = Field(description="Local disk of each host for servers, GiB.")
    nics: Nics = Field(default_factory=Nics, description="Physical network cards of each host.")
    traits: tuple[Trait, ...] = Field(
        default=(), description="Traits that each host has besides that of its hypervisor (provider.yaml)."
    )


class Aggregate(ResourceBlock):
    """A host aggregate and its availability zone. KVM: ``host_classes``. ESXi: ``clusters``."""

    hypervisor: Hypervisor = Field(description="Hypervisor of every member: `kvm` or `esxi`.")
    availability_zone: Name = Field(description="Availability zone; no other aggregate may share it.")
    host_classes: Blocks[HostClass] = Field(
        default_factory=dict, description="KVM: the compute hosts, by class of hardware."
    )
    clusters: Annotated[NameRange, RefersTo("clusters")] = Field(
        default=(), description="ESXi: the vSphere clusters."
    )
    cpu_allocation_ratio: Ratio = Field(default=4.0, description="VCPUs promised per logical CPU.")
    ram_allocation_ratio: Ratio = Field(default=1.0, description="Memory promised per physical memory.")
    disk_allocation_ratio: Ratio = Field(default=1.0, description="Disk promised per physical disk.")
    metadata: dict[AggregateKey, str] = Field(
        default_factory=dict, description="Further aggregate metadata; what isolates is added by itself."
    )

    @field_validator("metadata", mode="after")
    @classmethod
    def _own_trait_by_itself(cls, metadata: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        hypervisor = info.data.get("hypervisor")
        for key in metadata:
            if hypervisor is not None and folded(key) == folded(f"{TRAIT_KEY}{OWN_TRAIT[hypervisor]}"):
                raise ValueError(
                    f"expected no {key}, which is written from hypervisor: {hypervisor} with the value "
                    f"{REQUIRED}; remove it"
                )
        return metadata

    @field_validator("host_classes", mode="after")
    @classmethod
    def _hosts_on_kvm(cls, value: dict[str, HostClass], info: ValidationInfo) -> dict[str, HostClass]:
        hypervisor = info.data.get("hypervisor")
        if hypervisor is Hypervisor.KVM and not value:
            raise ValueError("a kvm aggregate needs host_classes (hosts and their size)")
        if hypervisor is Hypervisor.ESXI and value:
            raise ValueError(
                "an esxi aggregate has clusters, not hosts, because Nova sees one nova-compute per vCenter "
                "cluster and not the ESXi hosts; remove host_classes"
            )
        return value

    @field_validator("clusters", mode="after")
    @classmethod
    def _clusters_on_esxi(cls, clusters: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        hypervisor = info.data.get("hypervisor")
        if hypervisor is Hypervisor.ESXI and not clusters:
            raise ValueError("an esxi aggregate needs its clusters")
        if hypervisor is Hypervisor.KVM and clusters:
            raise ValueError(
                "a kvm aggregate has hosts, not clusters; remove clusters or say hypervisor: esxi"
            )
        return clusters

    @property
    def isolating(self) -> dict[str, str]:
        """Traits that a request must carry to land here, besides that of the hypervisor: trait → its key."""
        return {
            key.removeprefix(TRAIT_KEY): key
            for key, value in self.metadata.items()
            if key.startswith(TRAIT_KEY) and value == REQUIRED
        }

    @property
    def hosts(self) -> tuple[str, ...]:
        """KVM: all compute hosts, in the order of the documents."""
        return tuple(host for one in self.host_classes.values() for host in one.hosts)
