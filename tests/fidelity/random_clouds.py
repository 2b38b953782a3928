"""Clouds and requests of chance, from a seed: everything that a rule looks at, often enough to decide."""

# ruff: noqa: S311 - chance for tests, not for secrets

import random
from dataclasses import replace
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
    ServerGroup,
    Source,
)

TRAITS = ("CUSTOM_HV_VMWARE", "CUSTOM_HV_KVM", "CUSTOM_GOLD")
OWN_TRAIT = {Hypervisor.KVM: "CUSTOM_HV_KVM", Hypervisor.ESXI: "CUSTOM_HV_VMWARE"}
FILTERS = (
    "ComputeFilter",
    "ImagePropertiesFilter",
    "AggregateImagePropertiesIsolation",
    "AggregateInstanceExtraSpecsFilter",
    "ComputeCapabilitiesFilter",
    "AggregateMultiTenancyIsolation",
    "AggregateTypeAffinityFilter",
    "IsolatedHostsFilter",
    "NumInstancesFilter",
    "AggregateNumInstancesFilter",
    "IoOpsFilter",
    "AggregateIoOpsFilter",
    "ServerGroupAntiAffinityFilter",
    "ServerGroupAffinityFilter",
)
PROJECTS = ("p1", "p2", "p3")
MADE_TRAITS = (
    "COMPUTE_SECURITY_UEFI_SECURE_BOOT",
    "COMPUTE_ADDRESS_SPACE_PASSTHROUGH",
    "COMPUTE_ADDRESS_SPACE_EMULATED",
    "COMPUTE_SOCKET_PCI_NUMA_AFFINITY",
    "COMPUTE_SOUND_MODEL_VIRTIO",
    "COMPUTE_NET_VIRTIO_PACKED",
    "COMPUTE_EPHEMERAL_ENCRYPTION",
    "COMPUTE_EPHEMERAL_ENCRYPTION_LUKS",
    "COMPUTE_SECURITY_TPM_1_2",
    "COMPUTE_SECURITY_TPM_2_0",
    "COMPUTE_SECURITY_TPM_TIS",
    "COMPUTE_SECURITY_TPM_CRB",
    "COMPUTE_SECURITY_TPM_SECRET_SECURITY_USER",
    "COMPUTE_SECURITY_TPM_SECRET_SECURITY_HOST",
    "COMPUTE_SECURITY_TPM_SECRET_SECURITY_DEPLOYMENT",
    "HW_CPU_X86_AMD_SEV",
    "HW_CPU_X86_AMD_SEV_ES",
    "HW_CPU_X86_AMD_SEV_SNP",
    "HW_CPU_X86_INTEL_TDX",
    "COMPUTE_SECURITY_STATELESS_FIRMWARE",
    "HW_CPU_HYPERTHREADING",
)
MADE_CLASSES = ("PCPU", "MEM_ENCRYPTION_CONTEXT", "CUSTOM_PMEM_NAMESPACE_4GB")
"""Traits and resource classes that Nova makes of what a flavor or an image says in other words."""
UEFI = {"hw_firmware_type": "uefi", "hw_machine_type": "q35"}
_FEATURES: tuple[tuple[dict[str, str], dict[str, str]], ...] = (
    ({"os:secure_boot": "required"}, {}),
    ({}, {"os_secure_boot": "required"}),
    ({"os:secure_boot": "optional"}, {}),
    ({"hw:maxphysaddr_mode": "passthrough"}, {}),
    ({"hw:maxphysaddr_mode": "emulate"}, {}),
    ({"hw:pci_numa_affinity_policy": "socket"}, {}),
    ({}, {"hw_pci_numa_affinity_policy": "socket"}),
    ({"hw:sound_model": "virtio"}, {}),
    ({"hw:sound_model": "ich9"}, {}),
    ({}, {"hw_sound_model": "virtio"}),
    ({"hw:virtio_packed_ring": "true"}, {}),
    ({}, {"hw_virtio_packed_ring": "true"}),
    ({"hw:ephemeral_encryption": "true"}, {}),
    ({"hw:ephemeral_encryption": "true", "hw:ephemeral_encryption_format": "luks"}, {}),
    ({}, {"hw_ephemeral_encryption": "true", "hw_ephemeral_encryption_format": "luks"}),
    ({"hw:tpm_version": "1.2"}, {}),
    ({"hw:tpm_version": "2.0", "hw:tpm_model": "tpm-crb"}, {}),
    ({"hw:tpm_version": "2.0", "hw:tpm_secret_security": "host"}, {}),
    ({"hw:tpm_version": "2.0", "hw:tpm_secret_security": "deployment"}, {}),
    ({}, {"hw_tpm_version": "2.0", "hw_tpm_model": "tpm-tis"}),
    ({"hw:mem_encryption": "true"}, UEFI),
    ({}, {**UEFI, "hw_mem_encryption": "true"}),
    ({"hw:mem_encryption": "true", "hw:mem_encryption_model": "amd-sev-es"}, UEFI),
    (
        {"hw:mem_encryption": "true", "hw:mem_encryption_model": "amd-sev-snp"},
        {**UEFI, "hw_firmware_stateless": "true"},
    ),
    (
        {"hw:mem_encryption": "true", "hw:mem_encryption_model": "intel-tdx"},
        {**UEFI, "hw_firmware_stateless": "true", "hw_video_model": "none"},
    ),
    ({}, {**UEFI, "hw_firmware_stateless": "true"}),
    ({"hw:pmem": "4GB"}, {}),
    ({"hw:pmem": "4GB,4GB"}, {}),
    ({"hw:cpu_policy": "dedicated"}, {}),
    ({"hw:cpu_policy": "shared"}, {}),
    ({"hw:cpu_policy": "dedicated", "hw:cpu_thread_policy": "require"}, {}),
    ({"hw:cpu_policy": "dedicated", "hw:cpu_thread_policy": "isolate"}, {}),
    ({"hw:cpu_policy": "dedicated", "hw:emulator_threads_policy": "isolate"}, {}),
    ({}, {"hw_cpu_policy": "dedicated"}),
)
"""Extra specs and image properties that go together, and with all else."""


def cloud(seed: int, hosts: int) -> Cloud:
    """A cloud of so many hosts. Half of them say little, so that late filters are reached."""
    chance = random.Random(seed)
    much = chance.choice([0.3, 1.0])
    made = tuple(_host(chance, f"h{number}") for number in range(hosts))
    names = [one.name for one in made]
    chance.shuffle(names)
    equipment = random.Random(f"equipment {seed}")
    made = tuple(_equipped(equipment, one) for one in made)
    cut = chance.randint(0, hosts)
    aggregates = [
        Aggregate(name=name, metadata=_metadata(chance, zone, much), hosts=frozenset(part))
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
    return Cloud(
        conf=_conf(chance, names, much),
        hosts=made,
        aggregates=tuple(aggregates),
        known_traits=frozenset(TRAITS),
    )


def _conf(chance: random.Random, names: list[str], much: float) -> Conf:
    isolated = chance.random() < 0.5
    return Conf(
        enable_isolated_aggregate_filtering=chance.random() < 0.6 * much,
        query_placement_for_image_type_support=chance.random() < 0.5 * much,
        image_metadata_prefilter=chance.random() < 0.3,
        limit_tenants_to_placement_aggregate=chance.random() < 0.5 * much,
        placement_aggregate_required_for_tenants=chance.random() < 0.3,
        enabled_filters=tuple(one for one in FILTERS if chance.random() < 0.6),
        isolated_hosts=frozenset(chance.sample(names, 2) if isolated else ()),
        isolated_images=frozenset(["gold"] if isolated and chance.random() < 0.7 else ()),
        restrict_isolated_hosts_to_isolated_images=chance.random() < 0.7,
        image_properties_default_architecture=chance.choice([None, None, None, "x86_64", "aarch64"]),
        max_instances_per_host=chance.choice([50, 3]),
        max_io_ops_per_host=chance.choice([8, 2, 1]),
        default_schedule_zone=chance.choice([None, None, "az-z"]),
        cross_az_attach=chance.random() < 0.6,
        allow_resize_to_same_host=chance.random() < 0.5,
        rebuild=chance.random() < 0.8,
    )


def _host(chance: random.Random, name: str) -> Host:
    side = chance.choice(list(Hypervisor))
    driver = DRIVERS[side]
    traits = set(driver.traits)
    traits |= {OWN_TRAIT[side]} if chance.random() < 0.8 else set()
    traits |= {"CUSTOM_GOLD"} if chance.random() < 0.3 else set()
    traits |= {"COMPUTE_STATUS_DISABLED"} if chance.random() < 0.1 else set()
    traits -= {"OWNER_NOVA"} if chance.random() < 0.1 else set()
    sizes = {
        "VCPU": chance.choice([4, 16, 16]),
        "MEMORY_MB": chance.choice([4096, 65536, 65536]),
        "DISK_GB": chance.choice([20, 500, 500]),
    }
    return Host(
        name=name,
        node=name,
        hypervisor_type=driver.hypervisor_type,
        hypervisor_version=chance.choice([7000000, 8000000]),
        supported_instances=driver.supported_instances,
        traits=frozenset(traits),
        inventories={key: _inventory(chance, total) for key, total in sizes.items()},
        enabled=chance.random() < 0.9,
        up=chance.random() < 0.9,
        num_instances=chance.choice([0, 0, 2, 5]),
        num_io_ops=chance.choice([0, 0, 1, 3]),
        boots=driver.boots,
    )


def _equipped(chance: random.Random, host: Host) -> Host:
    """With some of what ``_FEATURES`` ask for."""
    having = {one for one in MADE_TRAITS if chance.random() < 0.7}
    more = {
        "PCPU": chance.choice([2, 4, 8]),
        "MEM_ENCRYPTION_CONTEXT": chance.choice([1, 15]),
        "CUSTOM_PMEM_NAMESPACE_4GB": chance.choice([1, 2]),
    }
    has = {
        key: Inventory(total=total, max_unit=total) for key, total in more.items() if chance.random() < 0.6
    }
    kept = dict(host.inventories)
    if "PCPU" in has and chance.random() < 0.3:
        del kept["VCPU"]  # all of its CPUs are dedicated
    return replace(host, traits=host.traits.difference(MADE_TRAITS) | having, inventories={**kept, **has})


def featured(chance: random.Random, asked: Request) -> Request:
    """The request, perhaps with what Nova turns into traits or resources, mostly in place of all else that
    its flavor and image say.

    Only servers that are made: how Nova moves one with encrypted memory, vTPM or dedicated CPUs is for other
    rules to say.
    """
    specs, properties = chance.choice(_FEATURES)
    alone, left_out = chance.random() < 0.8, chance.random() < 0.5
    flavor, image = asked.flavor, asked.image
    if left_out or asked.operation is not Operation.CREATE or (properties and image is None):
        return asked
    kept = {} if alone else {key: one for key, one in flavor.extra_specs.items() if "resources" not in key}
    if image is not None:
        image = replace(image, properties={**({} if alone else image.properties), **properties})
    return replace(asked, flavor=replace(flavor, extra_specs={**kept, **specs}), image=image)


def _inventory(chance: random.Random, total: int) -> Inventory:
    step = chance.choice([1, 1, 1, 2])
    return Inventory(
        total=total,
        max_unit=chance.choice([total, total // 2]),
        reserved=chance.choice([0, total // 4]),
        allocation_ratio=chance.choice([1.0, 2.0]),
        step_size=step,
        used=chance.choice([0, 0, total // 4 // step * step]),
    )


def _metadata(chance: random.Random, zone: str, much: float) -> dict[str, str]:
    found = {"availability_zone": zone} if chance.random() < 0.8 else {}
    for trait in TRAITS:
        if chance.random() < 0.25 * much:
            found[f"trait:{trait}"] = chance.choice(["required", "required", "Required", "forbidden"])
    for odds, key, values in (
        (0.4 * much, "img_hv_type", ["vmware", "qemu", "qemu,kvm", "vmware, qemu"]),
        (0.4, "side", ["x", "y", "x,y"]),
        (0.4, "filter_tenant_id", ["p1", "p1,p2"]),
        (0.4, "instance_type", ["small", "large, small"]),
        (0.3, "max_instances_per_host", ["3", "1", "many"]),
        (0.3, "max_io_ops_per_host", ["2", "1", "9"]),
    ):
        if chance.random() < odds:
            found[key] = chance.choice(values)
    return found


def request(chance: random.Random, made: Cloud) -> Request:
    """A request that fits the cloud's names. Half of them say little, so that late filters are reached."""
    much = chance.choice([0.2, 1.0])
    operation = chance.choice([*[Operation.CREATE] * 6, *Operation])
    source = chance.choice([*[Source.IMAGE] * 3, Source.VOLUME, Source.BLANK])
    if operation is Operation.REBUILD and source is Source.BLANK:  # a rebuild names an image
        source = Source.VOLUME
    zone = chance.choice([None, *sorted(made.zones)]) if chance.random() < 0.7 * much else None
    more: dict[str, Any] = {}
    if operation is Operation.CREATE:
        zone, more = _aim(chance, made, zone, much)
        if chance.random() < 0.3 * much or source is Source.BLANK:
            # A blank volume to boot from exists already, and stands in some zone.
            count = chance.choice([1, 1, 2])
            more["volume_zones"] = tuple(chance.choice(["az-z", "az-a", "nova"]) for _ in range(count))
    else:
        # Nova moves servers only off hosts that are heard of; how it evacuates is not left to chance either.
        up = [one.name for one in made.hosts if one.up] or [made.hosts[0].name]
        more["on"] = chance.choice(up)
        if operation not in (Operation.REBUILD, Operation.RESIZE) and chance.random() < 0.2 * much:
            more["host"] = chance.choice([one.name for one in made.hosts])
        if operation is Operation.RESIZE:
            more["made_with_gb"] = chance.choice([1, 1, 2])
    return Request(
        operation=operation,
        flavor=_flavor(chance, operation, much),
        image=None if source is Source.BLANK else _image(chance, operation, much),
        source=source,
        project=chance.choice(PROJECTS),
        admin=chance.random() < 0.7,
        zone=zone,
        group=_group(chance, made) if chance.random() < 0.25 else None,
        **more,
    )


def _aim(
    chance: random.Random, made: Cloud, zone: str | None, much: float
) -> tuple[str | None, dict[str, Any]]:
    """Zone, and whatever else names hosts."""
    host = chance.choice([one.name for one in made.hosts])
    form = chance.random() / much
    if form < 0.15:
        own = made.zone_of[host]
        return chance.choice([f"{own}:{host}", f":{host}", f"az-z:{host}", f"{own}::{host}"]), {}
    if form < 0.25:
        return zone, {chance.choice(["host", "node"]): chance.choice([host, host, "unknown"])}
    if form < 0.3:
        return chance.choice(["nowhere", "a:b:c:d", f"az-z:{host}"]), chance.choice([{}, {"host": host}])
    return zone, {}


def _group(chance: random.Random, made: Cloud) -> ServerGroup:
    policy = chance.choice(["affinity", "anti-affinity", "anti-affinity", "soft-affinity"])
    names = [one.name for one in made.hosts]
    return ServerGroup(
        policy=policy,
        members_on=dict.fromkeys(chance.sample(names, chance.choice([0, 1, 1, 2])), 1),
        max_server_per_host=chance.choice([1, 1, 2]) if policy == "anti-affinity" else 1,
    )


def _flavor(chance: random.Random, operation: Operation, much: float) -> Flavor:
    specs = {
        f"trait:{trait}": chance.choice(["required", "required", "forbidden"])
        for trait in TRAITS
        if chance.random() < 0.2 * much
    }
    if chance.random() < 0.2 * much:
        specs["aggregate_instance_extra_specs:side"] = chance.choice(["x", "<or> x <or> y", "s== y"])
    if chance.random() < 0.1 * much:
        specs["capabilities:hypervisor_type"] = chance.choice(
            ["QEMU", "s== QEMU", "VMware vCenter Server", "s== VMware vCenter Server", "<in> vCenter"]
        )
    if chance.random() < 0.05 * much:
        specs["resources:VCPU"] = chance.choice(["2", "5", "0"])
    if chance.random() < 0.05 * much:
        specs |= {"trait1:CUSTOM_GOLD": "required", "resources1:MEMORY_MB": "512"}
    if (
        chance.random() < 0.15 * much and operation is Operation.CREATE
    ):  # Nova moves no server with accelerators
        specs["accel:device_profile"] = "gpu"
    return Flavor(
        name=chance.choice(["small", "large"]),
        vcpus=chance.choice([1, 2, 4]),
        memory_mb=chance.choice([512, 1024, 3000]),
        root_gb=chance.choice([1, 2, 10]),
        ephemeral_gb=chance.choice([0, 0, 4]),
        swap_mb=chance.choice([0, 0, 512]),
        extra_specs=specs,
        projects=frozenset([chance.choice(PROJECTS)]) if chance.random() < 0.2 * much else None,
    )


def _image(chance: random.Random, operation: Operation, much: float) -> Image:
    properties = {
        f"trait:{trait}": chance.choice(["required", "required", "forbidden"])
        for trait in TRAITS[:2]
        if chance.random() < 0.15 * much
    }
    named = operation in (Operation.CREATE, Operation.REBUILD)  # a server's own image was taken already
    if chance.random() < 0.4 * much:
        properties[chance.choice(["hypervisor_type", "img_hv_type"])] = chance.choice(
            ["vmware", "qemu", "kvm", "VMware", "xen", *(["esxi"] if named else [])]
        )
    if chance.random() < 0.25 * much:
        properties["vmware_adaptertype"] = chance.choice(["lsiLogic", "ide"])
    if chance.random() < 0.1 * much:
        properties["hw_vif_model"] = chance.choice(["e1000", "vmxnet3", "virtio"])
    if chance.random() < 0.1 * much:
        properties["architecture"] = chance.choice(["amd64", "i586", "aarch64", *(["x64"] if named else [])])
    return Image(
        name=chance.choice(["image", "image", "gold"]),
        disk_format=chance.choice(["qcow2", "raw", "vmdk", "iso", "vhd"]),
        properties=properties,
        min_disk_gb=chance.choice([0, 0, 0, 2]) if named else 0,
        min_ram_mb=chance.choice([0, 0, 0, 1024]) if named else 0,
    )
