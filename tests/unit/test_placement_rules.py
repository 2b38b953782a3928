"""Each rule of the engine, hitting and not hitting: with the rule a host is rejected, without it it is
not.
"""

from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estate.model import Hypervisor
from estate.placement.nova import (
    RULES,
    Cloud,
    Decision,
    Inventory,
    Operation,
    Request,
    ServerGroup,
    Source,
    Stage,
    decide,
)
from estate.placement.nova.cloud import DEFAULT_FILTERS
from estate.placement.nova.decision import NO_CANDIDATES
from estate.placement.nova.filters import FILTERS
from tests.clouds import (
    ESXI,
    EVERYWHERE,
    KVM,
    NOWHERE,
    aggregate,
    cloud,
    flavor,
    host,
    image,
    isolated,
    request,
)

PRIVATE = replace(flavor("private"), projects=frozenset({"other"}))


def only(*names: str, **conf: Any) -> Cloud:
    return cloud(enabled_filters=names, **conf)


def with_hosts(base: Cloud, **changed: Any) -> Cloud:
    """``kvm1`` with something changed."""
    return replace(
        base,
        hosts=tuple(replace(one, **changed) if one.name == "kvm1" else one for one in base.hosts),
    )


def inventory(base: Cloud, **changed: Inventory) -> Cloud:
    return with_hosts(base, inventories={**base.by_name["kvm1"].inventories, **changed})


class Case(NamedTuple):
    rule: str
    cloud: Cloud
    hit: Request
    lands: frozenset[str]
    missed: Request | None = None
    """A request like ``hit`` that the rule rejects nowhere; ``None`` where ``lands`` shows that."""


GUARDED = {"requested_host_exists"}
"""Without it the request still leads to the host that is not there."""


LESS_ONE = EVERYWHERE - {"kvm1"}

CASES = [
    Case(
        "require_tenant_aggregate",
        cloud(aggregate("a", KVM, filter_tenant_id="one"), limit_tenants_to_placement_aggregate=True),
        request(project="one"),
        KVM,
    ),
    Case(
        "require_tenant_aggregate",
        cloud(
            aggregate("a", KVM, filter_tenant_id="one"),
            limit_tenants_to_placement_aggregate=True,
            placement_aggregate_required_for_tenants=True,
        ),
        request(project="two"),
        NOWHERE,
    ),
    Case("map_az_to_placement_aggregate", cloud(), request(zone="az-esx"), ESXI),
    Case(
        "require_image_type_support",
        cloud(query_placement_for_image_type_support=True),
        request(image=image("vmdk")),
        ESXI,
        request(image=image("vmdk"), source=Source.VOLUME),
    ),
    Case(
        "compute_status_filter",
        with_hosts(only(), traits=cloud().by_name["kvm1"].traits | {"COMPUTE_STATUS_DISABLED"}),
        request(),
        LESS_ONE,
    ),
    Case("isolate_aggregates", isolated(), request(), KVM),
    Case(
        "transform_image_metadata",
        cloud(image_metadata_prefilter=True),
        request(image=image(vmware_adaptertype="lsiLogic")),
        KVM,
    ),
    Case("accelerators_filter", only(), request(flavor=flavor(accel__device_profile="gpu")), KVM),
    Case(
        "owner_nova_filter",
        with_hosts(cloud(), traits=cloud().by_name["kvm1"].traits - {"OWNER_NOVA"}),
        request(),
        LESS_ONE,
    ),
    Case("required traits", only(), request(flavor=flavor(trait__CUSTOM_HV_KVM="required")), KVM),
    Case(
        "required traits",
        only(),
        request(flavor=flavor(trait1__CUSTOM_HV_KVM="required", resources1__VCPU="1")),
        KVM,
    ),
    Case("required traits", only(), request(image=image(trait__CUSTOM_HV_KVM="required")), KVM),
    *(
        Case(
            "required traits",
            with_hosts(only(), traits=cloud().by_name["kvm1"].traits | traits),
            request(flavor=flavor(**specs), image=image(**properties)),
            frozenset({"kvm1"}),
            request(flavor=flavor(**dict.fromkeys(specs, silent))) if silent else None,
        )
        for specs, properties, silent, traits in (
            ({"os__secure_boot": "required"}, {}, "optional", {"COMPUTE_SECURITY_UEFI_SECURE_BOOT"}),
            ({}, {"os_secure_boot": "required"}, None, {"COMPUTE_SECURITY_UEFI_SECURE_BOOT"}),
            ({"hw__maxphysaddr_mode": "emulate"}, {}, None, {"COMPUTE_ADDRESS_SPACE_EMULATED"}),
            ({"hw__sound_model": "virtio"}, {}, "ich9", {"COMPUTE_SOUND_MODEL_VIRTIO"}),
            ({}, {"hw_ephemeral_encryption": "yes"}, None, {"COMPUTE_EPHEMERAL_ENCRYPTION"}),
            (
                {"hw__tpm_version": "2.0", "hw__tpm_model": "tpm-crb", "hw__tpm_secret_security": "host"},
                {},
                None,
                {
                    "COMPUTE_SECURITY_TPM_2_0",
                    "COMPUTE_SECURITY_TPM_CRB",
                    "COMPUTE_SECURITY_TPM_SECRET_SECURITY_HOST",
                },
            ),
            (
                {},
                {"hw_firmware_type": "uefi", "hw_firmware_stateless": "true"},
                None,
                {"COMPUTE_SECURITY_STATELESS_FIRMWARE"},
            ),
        )
    ),
    Case("required traits", only(), request(flavor=flavor(hw__virtio_packed_ring="true")), KVM),
    Case("required traits", only(), request(flavor=flavor(hw__pci_numa_affinity_policy="socket")), KVM),
    Case(
        "resources",
        inventory(only(), CUSTOM_PMEM_NAMESPACE_6GB=Inventory(total=2, max_unit=2)),
        request(flavor=flavor(hw__pmem="6GB,6GB")),
        frozenset({"kvm1"}),
    ),
    Case(
        "resources",
        inventory(only(), VCPU=Inventory(total=1, max_unit=1, used=1)),
        request(flavor=flavor(hw__cpu_policy="dedicated")),
        LESS_ONE,
    ),
    Case("forbidden traits", only(), request(flavor=flavor(trait__CUSTOM_HV_KVM="forbidden")), ESXI),
    Case("forbidden traits", only(), request(flavor=flavor(trait__CUSTOM_UNHEARD="forbidden")), NOWHERE),
    Case("resources", only(), request(flavor=replace(flavor(), vcpus=17)), NOWHERE),
    Case(
        "resources",
        inventory(only(), VCPU=Inventory(total=16, max_unit=16, used=16)),
        request(),
        LESS_ONE,
    ),
    Case(
        "resources",
        inventory(only(), MEMORY_MB=Inventory(total=65536, max_unit=65536, step_size=1000)),
        request(),
        LESS_ONE,
        request(flavor=replace(flavor(), memory_mb=3000)),
    ),
    Case(
        "resources",
        inventory(only(), DISK_GB=Inventory(total=500, max_unit=500, reserved=499)),
        request(),
        LESS_ONE,
        request(source=Source.VOLUME),
    ),
    Case("resources", only(), request(flavor=flavor(resources__VCPU="17")), NOWHERE),
    Case("resources", only(), request(flavor=flavor(resources__CUSTOM_SLOT="1")), NOWHERE),
    Case(
        "requested_hosts",
        cloud(),
        request(zone="az-kvm:kvm2"),
        frozenset({"kvm2"}),
    ),
    Case("requested_hosts", cloud(), request(host="kvm2"), frozenset({"kvm2"})),
    Case("requested_hosts", cloud(), request(zone=":kvm2"), frozenset({"kvm2"})),
    Case("requested_hosts", cloud(), request(node="node-kvm2"), frozenset({"kvm2"})),
    Case("requested_hosts", cloud(), request(operation=Operation.RESIZE, on="kvm1"), LESS_ONE),
    Case("requested_hosts", cloud(), request(operation=Operation.MIGRATE, on="kvm1"), LESS_ONE),
    Case("requested_hosts", cloud(), request(operation=Operation.EVACUATE, on="kvm1"), LESS_ONE),
    Case("ComputeFilter", with_hosts(only("ComputeFilter"), enabled=False), request(), LESS_ONE),
    Case("ComputeFilter", with_hosts(only("ComputeFilter"), up=False), request(), LESS_ONE),
    Case(
        "ComputeCapabilitiesFilter",
        only("ComputeCapabilitiesFilter"),
        request(flavor=flavor(capabilities__hypervisor_type="QEMU")),
        KVM,
    ),
    Case(
        "ComputeCapabilitiesFilter",
        only("ComputeCapabilitiesFilter"),
        request(flavor=flavor(hypervisor_hostname="node-kvm2")),
        frozenset({"kvm2"}),
    ),
    Case(
        "ComputeCapabilitiesFilter",
        only("ComputeCapabilitiesFilter"),
        request(flavor=flavor(capabilities__unheard="1")),
        NOWHERE,
        request(flavor=flavor(quota__unheard="1")),
    ),
    Case(
        "ImagePropertiesFilter",
        only("ImagePropertiesFilter"),
        request(image=image(hypervisor_type="vmware")),
        ESXI,
    ),
    Case(
        "ImagePropertiesFilter",
        only("ImagePropertiesFilter"),
        request(image=image(architecture="aarch64")),
        NOWHERE,
        request(image=image(architecture="amd64")),
    ),
    Case(
        "AggregateImagePropertiesIsolation",
        cloud(
            aggregate("vendor", ESXI, img_hv_type="vmware"),
            enabled_filters=("AggregateImagePropertiesIsolation",),
        ),
        request(image=image(hypervisor_type="qemu")),
        KVM,
    ),
    Case(
        "AggregateInstanceExtraSpecsFilter",
        cloud(
            aggregate("vendor", ESXI, side="esxi,vmware"),
            enabled_filters=("AggregateInstanceExtraSpecsFilter",),
        ),
        request(flavor=flavor(aggregate_instance_extra_specs__side="vmware")),
        ESXI,
    ),
    Case(
        "AggregateMultiTenancyIsolation",
        cloud(
            aggregate("a", ESXI, filter_tenant_id="one,two"),
            enabled_filters=("AggregateMultiTenancyIsolation",),
        ),
        request(project="three"),
        KVM,
        request(project="two"),
    ),
    Case(
        "IsolatedHostsFilter",
        only("IsolatedHostsFilter", isolated_hosts=frozenset({"kvm1"}), isolated_images=frozenset({"gold"})),
        request(image=image(name="gold")),
        frozenset({"kvm1"}),
    ),
    Case(
        "AggregateTypeAffinityFilter",
        cloud(
            aggregate("a", ESXI, instance_type="large, huge"),
            enabled_filters=("AggregateTypeAffinityFilter",),
        ),
        request(),
        KVM,
        request(flavor=flavor("huge")),
    ),
    Case("NumInstancesFilter", with_hosts(only("NumInstancesFilter"), num_instances=50), request(), LESS_ONE),
    Case(
        "AggregateNumInstancesFilter",
        with_hosts(
            cloud(
                aggregate("a", KVM, max_instances_per_host="3"),
                enabled_filters=("AggregateNumInstancesFilter",),
            ),
            num_instances=3,
        ),
        request(),
        LESS_ONE,
    ),
    Case("IoOpsFilter", with_hosts(only("IoOpsFilter"), num_io_ops=8), request(), LESS_ONE),
    Case(
        "AggregateIoOpsFilter",
        with_hosts(
            cloud(aggregate("a", KVM, max_io_ops_per_host="2"), enabled_filters=("AggregateIoOpsFilter",)),
            num_io_ops=2,
        ),
        request(),
        LESS_ONE,
    ),
    Case(
        "ServerGroupAntiAffinityFilter",
        only("ServerGroupAntiAffinityFilter"),
        request(group=ServerGroup(policy="anti-affinity", members_on={"kvm1": 1})),
        LESS_ONE,
        request(group=ServerGroup(policy="soft-anti-affinity", members_on={"kvm1": 1})),
    ),
    Case(
        "ServerGroupAffinityFilter",
        only("ServerGroupAffinityFilter"),
        request(group=ServerGroup(policy="affinity", members_on={"kvm1": 2})),
        frozenset({"kvm1"}),
        request(group=ServerGroup(policy="affinity")),
    ),
    Case(
        "check_compatible_with_source_hypervisor",
        cloud(),
        request(operation=Operation.LIVE_MIGRATE, on="kvm1"),
        KVM - {"kvm1"},
    ),
    Case(
        "validate_image_traits_for_rebuild",
        cloud(),
        request(operation=Operation.REBUILD, on="kvm1", image=image(trait__CUSTOM_HV_VMWARE="required")),
        NOWHERE,
        request(operation=Operation.REBUILD, on="kvm1"),
    ),
    Case(
        "rebuild_policy",
        cloud(rebuild=False),
        request(operation=Operation.REBUILD, on="kvm1"),
        NOWHERE,
        request(operation=Operation.RESIZE, on="kvm1"),
    ),
    Case("flavor_access", cloud(), request(flavor=PRIVATE, admin=False), NOWHERE, request(flavor=PRIVATE)),
    Case(
        "flavor_and_image",
        cloud(),
        request(image=replace(image(), min_disk_gb=6)),
        NOWHERE,
        request(image=replace(image(), min_disk_gb=6), source=Source.VOLUME),
    ),
    Case(
        "flavor_and_image",
        cloud(),
        request(operation=Operation.RESIZE, on="kvm1", made_with_gb=6),
        NOWHERE,
        request(operation=Operation.RESIZE, on="kvm1", made_with_gb=6, source=Source.VOLUME),
    ),
    Case(
        "cross_az_attach",
        cloud(cross_az_attach=False),
        request(zone="az-kvm", volume_zones=("az-esx",)),
        NOWHERE,
        request(volume_zones=("nova",)),
    ),
    Case(
        "requested_destination",
        cloud(),
        request(host="kvm1", admin=False),
        NOWHERE,
        request(admin=False),
    ),
    Case("requested_host_exists", cloud(), request(host="unknown"), NOWHERE, request(host="kvm1")),
    Case(
        "move_destination",
        cloud(),
        request(operation=Operation.EVACUATE, on="kvm1", admin=False),
        NOWHERE,
        request(operation=Operation.EVACUATE, on="kvm1"),
    ),
    Case(
        "server_group_policy",
        cloud(enabled_filters=("ServerGroupAffinityFilter",)),
        request(group=ServerGroup(policy="anti-affinity")),
        NOWHERE,
        request(group=ServerGroup(policy="affinity")),
    ),
]


def test_dedicated_cpus_are_asked_for_twice() -> None:
    """As PCPU with the traits of the thread policy, or else as VCPU."""
    full = inventory(only(), VCPU=Inventory(total=1, max_unit=1, used=1), PCPU=Inventory(total=8, max_unit=8))
    for policy, lands in (("prefer", EVERYWHERE), ("isolate", EVERYWHERE), ("require", LESS_ONE)):
        specs = {"hw__cpu_policy": "dedicated", "hw__cpu_thread_policy": policy}
        assert decide(full, request(flavor=flavor(**specs))).accepted == lands


@pytest.mark.parametrize(
    ("specs", "properties"),
    [
        ({"os__secure_boot": "required"}, {"os_secure_boot": "optional"}),
        ({"os__secure_boot": "always"}, {}),
        ({"hw__virtio_packed_ring": "true"}, {"hw_virtio_packed_ring": "no"}),
        ({"hw__tpm_version": "1.2", "hw__tpm_model": "tpm-crb"}, {}),
        ({"hw__tpm_version": "2.0", "hw__tpm_secret_security": "none"}, {}),
        ({"hw__mem_encryption": "true"}, {}),
        (
            {"hw__mem_encryption": "true", "hw__mem_encryption_model": "intel-tdx"},
            {"hw_firmware_type": "uefi", "hw_firmware_stateless": "true"},
        ),
        (
            {"hw__mem_encryption": "true", "hw__mem_encryption_model": "amd-sev-snp"},
            {"hw_firmware_type": "uefi"},
        ),
        ({"hw__cpu_policy": "mixed"}, {}),
        ({"hw__cpu_policy": "shared"}, {"hw_cpu_policy": "dedicated"}),
        ({"hw__cpu_policy": "dedicated", "resources__VCPU": "1"}, {}),
        ({"hw__cpu_thread_policy": "require"}, {}),
    ],
)
def test_what_nova_refuses_or_nobody_counts_lands_nowhere(
    specs: dict[str, str], properties: dict[str, str]
) -> None:
    asked = request(flavor=flavor(**specs), image=image(**properties))
    assert decide(only(), asked).accepted == NOWHERE


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_hits(case: Case) -> None:
    decision = decide(case.cloud, case.hit)
    assert decision.accepted == case.lands
    assert case.rule in rejecting(decision)
    more = decide(case.cloud, case.hit, without=frozenset({case.rule})).accepted
    assert more > case.lands or case.rule in GUARDED


@pytest.mark.parametrize("case", [one for one in CASES if one.missed], ids=lambda case: case.rule)
def test_a_rule_misses(case: Case) -> None:
    assert case.missed is not None
    decision = decide(case.cloud, case.missed)
    assert decision.accepted
    assert case.rule not in rejecting(decision)


def rejecting(decision: Decision) -> set[str]:
    return {one.rule for found in decision.verdicts.values() for one in found}


def test_every_rule_is_tried_here() -> None:
    elsewhere = {
        "availability_zone",  # below
        "parse_availability_zone",  # below
        "image_property_values",  # tests/unit/test_placement_observed.py
        "moves",  # below
    }
    assert {case.rule for case in CASES} | elsewhere == set(RULES)


def test_filters_are_those_of_nova() -> None:
    assert set(FILTERS) == {name for name, rule in RULES.items() if rule.stage is Stage.FILTER}
    assert set(DEFAULT_FILTERS) < set(FILTERS)
    assert {name for name, one in FILTERS.items() if one.run_on_rebuild} == {
        "ImagePropertiesFilter",
        "AggregateImagePropertiesIsolation",
        "IsolatedHostsFilter",
    }


class Zones(NamedTuple):
    written: str | None
    admin: bool
    lands: frozenset[str]


@pytest.mark.parametrize(
    "case",
    [
        Zones(None, False, KVM),
        Zones("az-esx", False, ESXI),
        Zones("unknown", False, NOWHERE),
        Zones("az-kvm:kvm1", False, NOWHERE),
        Zones("az-kvm:kvm1", True, frozenset({"kvm1"})),
        Zones("az-kvm:esx", True, ESXI),  # the zone of the host counts, not the one that was written
        Zones("az-kvm::node-esx", True, ESXI),
        Zones("az-kvm:kvm1:node-kvm1", True, frozenset({"kvm1"})),
        Zones("az-kvm:kvm1:node-kvm2", True, NOWHERE),
        Zones("az-kvm:unknown", True, NOWHERE),
        Zones("a:b:c:d", True, NOWHERE),
    ],
    ids=lambda case: f"{case.written}{'-admin' if case.admin else ''}",
)
def test_zone_forms(case: Zones) -> None:
    base = cloud(default_schedule_zone="az-kvm")
    assert decide(base, request(zone=case.written, admin=case.admin)).accepted == case.lands


def test_moves_name_hosts_only_by_administrators() -> None:
    base = cloud(allow_resize_to_same_host=True)
    move = request(operation=Operation.RESIZE, on="esx", zone="az-esx")
    assert decide(base, move).accepted == ESXI
    assert decide(cloud(), move).accepted == NOWHERE
    named = replace(move, operation=Operation.UNSHELVE, host="esx")
    assert decide(base, named).accepted == ESXI
    assert decide(base, replace(named, admin=False)).refusal is not None
    assert decide(base, replace(named, operation=Operation.MIGRATE)).refusal is not None
    away = replace(move, operation=Operation.UNSHELVE, host="kvm1")
    assert decide(base, away).refusal is not None


def test_the_log_is_novas() -> None:
    found = decide(
        only("ComputeFilter", "ImagePropertiesFilter"), request(image=image(hypervisor_type="xen"))
    )
    assert found.log[-3:] == (
        "Filter ComputeFilter returned 6 host(s)",
        "Filter ImagePropertiesFilter returned 0 hosts",
        "Filtering removed all hosts for the request",
    )
    assert decide(cloud(), request(flavor=replace(flavor(), vcpus=99))).log[-1] == NO_CANDIDATES


def test_database_comparison_ignores_case() -> None:
    base = isolated()
    shouting = replace(
        base,
        aggregates=(
            base.aggregates[0],
            aggregate("vendor", ESXI, availability_zone="az-esx", trait_CUSTOM_HV_VMWARE="Required"),
        ),
    )
    assert decide(shouting, request()).accepted == KVM


def test_an_aggregate_that_placement_does_not_know_isolates_nothing() -> None:
    base = isolated()
    lost = replace(base, aggregates=(base.aggregates[0], replace(base.aggregates[1], mirrored=False)))
    assert decide(lost, request()).accepted == EVERYWHERE


PROPERTIES = st.dictionaries(
    st.sampled_from(
        [
            "hypervisor_type",
            "img_hv_type",
            "architecture",
            "hw_vm_mode",
            "hw_disk_bus",
            "vmware_adaptertype",
            "trait:CUSTOM_OTHER",
            "os_distro",
            "unheard",
        ]
    ),
    st.sampled_from(["vmware", "qemu", "kvm", "x86_64", "hvm", "scsi", "lsiLogic", "required", "other"]),
)


@given(
    properties=PROPERTIES,
    traits=st.sets(st.sampled_from(["CUSTOM_HV_KVM", "CUSTOM_HV_VMWARE"])),
    disk_format=st.sampled_from(["qcow2", "vmdk", "iso"]),
    zone=st.sampled_from([None, "az-kvm", "az-esx", "az-kvm:kvm1", "az-kvm:esx"]),
    prefilter=st.booleans(),
    isolation=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_a_property_that_isolates_no_aggregate_never_adds_a_host(
    *,
    properties: dict[str, str],
    traits: set[str],
    disk_format: str,
    zone: str | None,
    prefilter: bool,
    isolation: bool,
) -> None:
    """The proof rests on this: images of one's own need not be tried with every property that there is."""
    base = isolated(
        image_metadata_prefilter=prefilter,
        enable_isolated_aggregate_filtering=isolation,
        query_placement_for_image_type_support=True,
    )
    opening = {f"trait:{trait}": "required" for trait in traits}
    without = request(image=replace(image(disk_format), properties=opening), zone=zone)
    with_them = request(image=replace(image(disk_format), properties={**properties, **opening}), zone=zone)
    assert decide(base, with_them).accepted <= decide(base, without).accepted


@given(
    enabled=st.lists(st.booleans(), min_size=3, max_size=3),
    used=st.lists(st.integers(0, 16), min_size=3, max_size=3),
    vcpus=st.integers(1, 16),
)
@settings(max_examples=100, deadline=None)
def test_hosts_judged_as_classes_are_judged_as_one_by_one(
    enabled: list[bool], used: list[int], vcpus: int
) -> None:
    hosts = tuple(
        host(
            f"h{number}",
            Hypervisor.KVM,
            enabled=on,
            inventories={
                "VCPU": Inventory(total=16, max_unit=16, used=taken),
                "MEMORY_MB": Inventory(total=65536, max_unit=65536),
                "DISK_GB": Inventory(total=500, max_unit=500),
            },
        )
        for number, (on, taken) in enumerate(zip(enabled, used, strict=True))
    )
    base = Cloud(conf=cloud().conf, hosts=hosts)
    asked = request(flavor=replace(flavor(), vcpus=vcpus))
    alone = {one.name for one in hosts if decide(replace(base, hosts=(one,)), asked).accepted}
    assert decide(base, asked).accepted == alone
