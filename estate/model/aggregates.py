"""Kind ``aggregates``: host aggregates, each of one hypervisor."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from estate.model.block import Blocks, NamedBlock, ResourceBlock
from estate.model.hosts import Nics, Trait
from estate.model.hypervisor import Hypervisor
from estate.model.words import Count, GibiBytes, HostRange, MebiBytes, Name, NameRange, Ratio, RefersTo


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
    metadata: dict[str, str] = Field(
        default_factory=dict, description="Further aggregate metadata; what isolates is added by itself."
    )

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
    def hosts(self) -> tuple[str, ...]:
        """KVM: all compute hosts, in the order of the documents."""
        return tuple(host for one in self.host_classes.values() for host in one.hosts)
