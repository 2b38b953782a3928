"""Kind ``aggregates``: host aggregates, each of one hypervisor."""

from typing import Self

from pydantic import Field, model_validator

from estate.model.block import Block, NamedBlock
from estate.model.hypervisor import Hypervisor
from estate.model.words import GibiBytes, HostRange, MebiBytes, Name, NameRange, Ratio


class KvmHost(Block):
    """The size of each KVM host of an aggregate."""

    vcpus: int = Field(ge=1, description="Logical CPUs.")
    memory: MebiBytes = Field(description="Memory, MiB.")
    disk: GibiBytes = Field(description="Local disk for servers, GiB.")


class Aggregate(NamedBlock):
    """A host aggregate and its availability zone. KVM: ``hosts``. ESXi: ``clusters``."""

    hypervisor: Hypervisor = Field(description="Hypervisor of every member: `kvm` or `esxi`.")
    availability_zone: Name = Field(description="Availability zone; no other aggregate may share it.")
    hosts: HostRange = Field(default=(), description="KVM: the compute hosts.", validate_default=False)
    host: KvmHost | None = Field(default=None, description="KVM: size of each host.")
    clusters: NameRange = Field(default=(), description="ESXi: the vSphere clusters.", validate_default=False)
    cpu_allocation_ratio: Ratio = Field(default=4.0, description="VCPUs promised per logical CPU.")
    ram_allocation_ratio: Ratio = Field(default=1.0, description="Memory promised per physical memory.")
    disk_allocation_ratio: Ratio = Field(default=1.0, description="Disk promised per physical disk.")
    metadata: dict[str, str] = Field(
        default_factory=dict, description="Further aggregate metadata; what isolates is added by itself."
    )

    @model_validator(mode="after")
    def _members_fit_hypervisor(self) -> Self:
        if self.hypervisor is Hypervisor.KVM:
            if self.clusters:
                raise ValueError(
                    "a kvm aggregate has hosts, not clusters; name the hosts or say hypervisor: esxi"
                )
            if not self.hosts or self.host is None:
                raise ValueError("a kvm aggregate needs its hosts (a range) and host (their size)")
        else:
            if self.hosts or self.host is not None:
                raise ValueError(
                    "an esxi aggregate has clusters, not hosts: Nova sees one nova-compute per vCenter cluster, "
                    "not the ESXi hosts"
                )
            if not self.clusters:
                raise ValueError("an esxi aggregate needs its clusters")
        return self
