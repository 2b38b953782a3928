"""Small clouds for the placement engine: five KVM hosts, one vSphere cluster, and what is switched on."""

from dataclasses import replace
from typing import Any

from estate.model import Hypervisor
from estate.placement.drivers import DRIVERS
from estate.placement.nova import Aggregate, Cloud, Conf, Flavor, Host, Image, Inventory, Request

KVM = frozenset(f"kvm{number}" for number in range(1, 6))
ESXI = frozenset({"esx"})
EVERYWHERE = KVM | ESXI
NOWHERE: frozenset[str] = frozenset()

FILTERS = (
    "ComputeFilter",
    "ComputeCapabilitiesFilter",
    "ImagePropertiesFilter",
    "ServerGroupAntiAffinityFilter",
    "ServerGroupAffinityFilter",
    "AggregateInstanceExtraSpecsFilter",
    "AggregateImagePropertiesIsolation",
)


def host(name: str, side: Hypervisor, *traits: str, **changed: Any) -> Host:
    """A host with 16 VCPUs, 64 GiB and 500 GB."""
    driver = DRIVERS[side]
    return replace(
        Host(
            name=name,
            node=f"node-{name}",
            hypervisor_type=driver.hypervisor_type,
            supported_instances=driver.supported_instances,
            traits=driver.traits | set(traits),
            inventories={
                "VCPU": Inventory(total=16, max_unit=16, allocation_ratio=4.0),
                "MEMORY_MB": Inventory(total=65536, max_unit=65536, reserved=512),
                "DISK_GB": Inventory(total=500, max_unit=500),
            },
            boots=driver.boots,
        ),
        **changed,
    )


def aggregate(name: str, hosts: frozenset[str], **metadata: str) -> Aggregate:
    """An aggregate; ``trait_X="required"`` becomes ``trait:X``."""
    return Aggregate(
        name=name,
        hosts=hosts,
        metadata={key.replace("trait_", "trait:"): value for key, value in metadata.items()},
    )


def cloud(*aggregates: Aggregate, traits: bool = True, **conf: Any) -> Cloud:
    """Zones ``az-kvm`` and ``az-esx`` of aggregates ``general`` and ``vendor``, unless others are given."""
    kvm = [host(name, Hypervisor.KVM, *(["CUSTOM_HV_KVM"] if traits else [])) for name in sorted(KVM)]
    esx = host("esx", Hypervisor.ESXI, *(["CUSTOM_HV_VMWARE"] if traits else []))
    known = aggregates or (
        aggregate("general", KVM, availability_zone="az-kvm"),
        aggregate("vendor", ESXI, availability_zone="az-esx"),
    )
    settings = Conf(**{"enabled_filters": FILTERS, **conf})
    return Cloud(conf=settings, hosts=(*kvm, esx), aggregates=known)


def isolated(**conf: Any) -> Cloud:
    """The ESXi aggregate isolated by its trait."""
    return cloud(
        aggregate("general", KVM, availability_zone="az-kvm"),
        aggregate("vendor", ESXI, availability_zone="az-esx", trait_CUSTOM_HV_VMWARE="required"),
        **{"enable_isolated_aggregate_filtering": True, **conf},
    )


def flavor(name: str = "small", **extra_specs: str) -> Flavor:
    """One VCPU, 1 GiB, 5 GB; ``__`` in a key stands for a colon."""
    specs = {key.replace("__", ":"): value for key, value in extra_specs.items()}
    return Flavor(name=name, vcpus=1, memory_mb=1024, root_gb=5, extra_specs=specs)


def image(disk_format: str = "raw", name: str = "image", **properties: str) -> Image:
    """An image; ``__`` in a key stands for a colon."""
    return Image(
        name=name,
        disk_format=disk_format,
        properties={key.replace("__", ":"): value for key, value in properties.items()},
    )


def request(**changed: Any) -> Request:
    """A plain request of an administrator."""
    return Request(**{"flavor": flavor(), "image": image(), "admin": True, **changed})
