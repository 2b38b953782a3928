"""Clouds and requests of chance, from a seed: everything that a rule looks at, often enough to decide."""

# ruff: noqa: S311 - chance for tests, not for secrets

import random
from typing import Any

from estate.model import Hypervisor
from estate.placement.drivers import DRIVERS
from estate.placement.nova import (
    Aggregate,
    Cloud,
    Conf,
    Flavor,
    Host,
    Image,
    Inventory,
    Operation,
    Request,
    Source,
)

TRAITS = ("CUSTOM_HV_VMWARE", "CUSTOM_HV_KVM", "CUSTOM_GOLD")
OWN_TRAIT = {Hypervisor.KVM: "CUSTOM_HV_KVM", Hypervisor.ESXI: "CUSTOM_HV_VMWARE"}
FILTERS = (
    "ImagePropertiesFilter",
    "AggregateImagePropertiesIsolation",
    "AggregateInstanceExtraSpecsFilter",
    "ComputeCapabilitiesFilter",
    "AggregateMultiTenancyIsolation",
    "AggregateTypeAffinityFilter",
)
OPERATIONS = (
    *[Operation.CREATE] * 5,
    Operation.RESIZE,
    Operation.MIGRATE,
    Operation.UNSHELVE,
    Operation.EVACUATE,
    Operation.REBUILD,
)


def cloud(seed: int, hosts: int) -> Cloud:
    """A cloud of so many hosts."""
    chance = random.Random(seed)
    made = tuple(_host(chance, f"h{number}") for number in range(hosts))
    names = [one.name for one in made]
    chance.shuffle(names)
    cut = chance.randint(0, hosts)
    aggregates = [
        Aggregate(name=name, metadata=_metadata(chance, zone), hosts=frozenset(part))
        for name, zone, part in (
            ("one", chance.choice(["az-a", "AZ-A"]), names[:cut]),
            ("other", "az-z", names[cut:]),
        )
    ]
    if chance.random() < 0.3:
        metadata = chance.choice(
            [{"trait:CUSTOM_GOLD": "required"}, {"side": "y"}, {"img_hv_type": "vmware"}]
        )
        members = frozenset(chance.sample(names, chance.randint(1, hosts)))
        aggregates.append(Aggregate(name="third", metadata=metadata, hosts=members))
    conf = Conf(
        enable_isolated_aggregate_filtering=chance.random() < 0.6,
        query_placement_for_image_type_support=chance.random() < 0.5,
        image_metadata_prefilter=chance.random() < 0.2,
        limit_tenants_to_placement_aggregate=chance.random() < 0.2,
        placement_aggregate_required_for_tenants=chance.random() < 0.3,
        enabled_filters=("ComputeFilter", *(one for one in FILTERS if chance.random() < 0.5)),
        allow_resize_to_same_host=chance.random() < 0.5,
    )
    return Cloud(conf=conf, hosts=made, aggregates=tuple(aggregates), known_traits=frozenset(TRAITS))


def _host(chance: random.Random, name: str) -> Host:
    side = chance.choice(list(Hypervisor))
    driver = DRIVERS[side]
    traits = set(driver.traits)
    traits |= {OWN_TRAIT[side]} if chance.random() < 0.8 else set()
    traits |= {"CUSTOM_GOLD"} if chance.random() < 0.3 else set()
    traits |= {"COMPUTE_STATUS_DISABLED"} if chance.random() < 0.1 else set()
    sizes = {
        "VCPU": chance.choice([4, 16, 16]),
        "MEMORY_MB": chance.choice([4096, 65536, 65536]),
        "DISK_GB": chance.choice([20, 500, 500]),
    }
    return Host(
        name=name,
        node=name,
        hypervisor_type=driver.hypervisor_type,
        supported_instances=driver.supported_instances,
        traits=frozenset(traits),
        inventories={
            key: Inventory(
                total=total,
                max_unit=chance.choice([total, total // 2]),
                reserved=chance.choice([0, total // 4]),
                allocation_ratio=chance.choice([1.0, 2.0]),
                step_size=chance.choice([1, 1, 1, 2]),
            )
            for key, total in sizes.items()
        },
        enabled=chance.random() < 0.9,
        boots=driver.boots,
    )


def _metadata(chance: random.Random, zone: str) -> dict[str, str]:
    found = {"availability_zone": zone} if chance.random() < 0.8 else {}
    for trait in TRAITS:
        if chance.random() < 0.25:
            found[f"trait:{trait}"] = chance.choice(["required", "required", "Required", "forbidden"])
    if chance.random() < 0.4:
        found["img_hv_type"] = chance.choice(["vmware", "qemu", "qemu,kvm", "vmware, qemu"])
    if chance.random() < 0.2:
        found["side"] = chance.choice(["x", "y", "x,y"])
    if chance.random() < 0.15:
        found["filter_tenant_id"] = chance.choice(["p1", "p1,p2"])
    if chance.random() < 0.15:
        found["instance_type"] = chance.choice(["small", "large, small"])
    return found


def request(chance: random.Random, made: Cloud) -> Request:
    """A request that fits the cloud's names."""
    source = chance.choice([*[Source.IMAGE] * 3, Source.VOLUME, Source.BLANK])
    operation = chance.choice(OPERATIONS)
    names = [one.name for one in made.hosts]
    zone = chance.choice([None, None, *sorted(made.zones)])
    more: dict[str, Any] = {}
    if operation is not Operation.CREATE:
        more["on"] = chance.choice(names)
    elif chance.random() < 0.2:
        host = chance.choice(names)
        zone = chance.choice([f"{made.zone_of[host]}:{host}", f":{host}", f"az-z:{host}"])
    if operation is not Operation.REBUILD and ":" not in (zone or "") and chance.random() < 0.1:
        more["host"] = chance.choice(names)
    return Request(
        operation=operation,
        flavor=_flavor(chance),
        image=None if source is Source.BLANK else _image(chance),
        source=source,
        project=chance.choice(["p1", "p2", "p3"]),
        admin=True,
        zone=zone,
        **more,
    )


def _flavor(chance: random.Random) -> Flavor:
    specs = {
        f"trait:{trait}": chance.choice(["required", "required", "forbidden"])
        for trait in TRAITS
        if chance.random() < 0.2
    }
    if chance.random() < 0.1:
        specs["aggregate_instance_extra_specs:side"] = chance.choice(["x", "<or> x <or> y", "s== y"])
    if chance.random() < 0.1:
        specs["capabilities:hypervisor_type"] = chance.choice(
            ["QEMU", "s== QEMU", "VMware vCenter Server", "s== VMware vCenter Server", "<in> vCenter"]
        )
    if chance.random() < 0.05:
        specs["resources:VCPU"] = chance.choice(["2", "5", "0"])
    if chance.random() < 0.05:
        specs |= {"trait1:CUSTOM_GOLD": "required", "resources1:MEMORY_MB": "512"}
    return Flavor(
        name=chance.choice(["small", "large"]),
        vcpus=chance.choice([1, 2, 4]),
        memory_mb=chance.choice([512, 1024, 3000]),
        root_gb=chance.choice([1, 2, 10]),
        ephemeral_gb=chance.choice([0, 0, 4]),
        swap_mb=chance.choice([0, 0, 512]),
        extra_specs=specs,
    )


def _image(chance: random.Random) -> Image:
    properties = {
        f"trait:{trait}": chance.choice(["required", "forbidden"])
        for trait in TRAITS[:2]
        if chance.random() < 0.15
    }
    if chance.random() < 0.4:
        properties[chance.choice(["hypervisor_type", "img_hv_type"])] = chance.choice(
            ["vmware", "qemu", "kvm", "VMware", "xen", "esxi"]
        )
    if chance.random() < 0.15:
        properties["vmware_adaptertype"] = chance.choice(["lsiLogic", "ide"])
    if chance.random() < 0.1:
        properties["hw_vif_model"] = chance.choice(["e1000", "vmxnet3", "virtio"])
    if chance.random() < 0.1:
        properties["architecture"] = chance.choice(["amd64", "i586", "aarch64"])
    return Image(
        name="image",
        disk_format=chance.choice(["qcow2", "raw", "vmdk", "iso", "vhd"]),
        properties=properties,
    )
