"""Kind ``aggregates``: host aggregates, each of one hypervisor."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from estate.model.block import Block, NamedBlock
from estate.model.hypervisor import Hypervisor
from estate.model.words import Count, GibiBytes, HostRange, MebiBytes, Name, NameRange, Ratio, RefersTo


class KvmHost(Block):
    """The size of each KVM host of an aggregate."""

    vcpus: Count = Field(description="Logical CPUs.")
    memory: MebiBytes = Field(description="Memory, MiB.")
    disk: GibiBytes = Field(description="Local disk for servers, GiB.")


class Aggregate(NamedBlock):
    """A host aggregate and its availability zone. KVM: ``hosts``. ESXi: ``clusters``."""

    hypervisor: Hypervisor = Field(description="Hypervisor of every member: `kvm` or `esxi`.")
    availability_zone: Name = Field(description="Availability zone; no other aggregate may share it.")
    hosts: HostRange = Field(default=(), description="KVM: the compute hosts.")
    host: KvmHost | None = Field(default=None, description="KVM: size of each host.")
    clusters: Annotated[NameRange, RefersTo("clusters")] = Field(
        default=(), description="ESXi: the vSphere clusters."
    )
    cpu_allocation_ratio: Ratio = Field(default=4.0, description="VCPUs promised per logical CPU.")
    ram_allocation_ratio: Ratio = Field(default=1.0, description="Memory promised per physical memory.")
    disk_allocation_ratio: Ratio = Field(default=1.0, description="Disk promised per physical disk.")
    metadata: dict[str, str] = Field(
        default_factory=dict, description="Further aggregate metadata; what isolates is added by itself."
    )

    @field_validator("hosts", "host", mode="after")
    @classmethod
    def _hosts_on_kvm(cls, value: object, info: ValidationInfo) -> object:
        hypervisor = info.data.get("hypervisor")
        if hypervisor is Hypervisor.KVM and not value:
            what = "hosts (names or a range)" if info.field_name == "hosts" else "host (the size of each)"
            raise ValueError(f"a kvm aggregate needs {what}")
        if hypervisor is Hypervisor.ESXI and value:
            raise ValueError(
                "an esxi aggregate has clusters, not hosts, because Nova sees one nova-compute per vCenter "
                f"cluster and not the ESXi hosts; remove {info.field_name}"
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
