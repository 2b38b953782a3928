"""Projects with quotas, flavors, server groups and the way into an aggregate, as the engine gets them."""

import pytest

from components.targets import needed
from estate.documents import load
from estate.model.graph import Node
from review.recording import record_estate
from tests.estates import ROOT, changed, sandbox

GROUPED = (
    ("server_groups/gateways", {"policy": "soft-anti-affinity"}),
    ("workloads/swift-gateway/members", "swift-[1-3]"),
    ("workloads/swift-gateway/server_group", "gateways"),
    ("workloads/web-1/server_group", "gateways"),
)


def test_servers_wait_for_one_gate_per_aggregate() -> None:
    recorded = record_estate(sandbox())
    gates = {name for name in recorded["Instance::web-1"].dependencies if name.startswith("Aggregate")}
    assert gates == {"AggregateOpen::general-open"}
    assert not any(name.startswith("ComputeEnabled") for name in recorded["Instance::web-1"].dependencies)
    hosts = {f"ComputeEnabled::kvm0{number}.sandbox.example-enabled" for number in range(1, 6)}
    assert recorded["AggregateOpen::general-open"].dependencies == hosts


def test_a_quota_is_set_where_it_is_declared() -> None:
    quota = {
        "compute": {"cores": 100, "memory": "200 GiB", "instances": 0},
        "network": {"ports": "unlimited"},
        "volumes": {"types": {"standard-esxi": {"volumes": "unlimited", "size": "1 TiB"}}},
    }
    recorded = record_estate(changed(("projects/payments/quota", quota)))
    assert recorded["QuotaSetV2::payments/compute"].inputs == {
        "projectId": "id-payments",
        "cores": 100,
        "ram": 200 * 1024,
        "instances": 0,
    }
    types = recorded["VolumeTypeQuota::payments-volume-types"]
    assert types.inputs["limits"] == {"volumes_standard-esxi": -1, "gigabytes_standard-esxi": 1024}
    assert {"Project::payments", "VolumeTypeV3::standard-esxi"} <= types.dependencies
    assert "QuoteSetV3::payments/volumes" not in recorded
    assert recorded["QuotaV2::payments/network"].inputs == {"projectId": "id-payments", "port": -1}


def test_a_referenced_project_is_found_and_not_made() -> None:
    recorded = record_estate(
        changed(
            ("projects/payments", {"mode": "referenced", "quota": {"network": {"ports": 7}}}),
        )
    )
    assert "Project::payments" not in {key for key, one in recorded.items() if one.custom}
    assert recorded["QuotaV2::payments/network"].inputs == {"projectId": "id-of-payments", "port": 7}
    assert recorded["FlavorAccess::esxi-small/payments"].inputs["tenantId"] == "id-of-payments"


def test_a_flavor_has_the_triple_and_what_it_declares() -> None:
    recorded = record_estate(
        changed(
            ("aggregates/general/host_classes/standard/traits", ["CUSTOM_NVME"]),
            ("flavors/kvm-small/traits", ["CUSTOM_NVME"]),
            ("flavors/kvm-small/extra_specs", {"quota:disk_read_iops_sec": "500"}),
            ("flavors/kvm-small/projects", ["payments"]),
        )
    )
    flavor = recorded["Flavor::kvm-small"].inputs
    assert flavor["extraSpecs"] == {
        "quota:disk_read_iops_sec": "500",
        "trait:CUSTOM_NVME": "required",
        "trait:CUSTOM_HV_KVM": "required",
    }
    assert flavor["isPublic"] is False
    assert "FlavorAccess::kvm-small/payments" in recorded


def test_a_host_is_ready_only_with_what_its_class_declares() -> None:
    recorded = record_estate(
        changed(
            ("aggregates/general/host_classes/standard/traits", ["HW_CPU_X86_AVX512F"]),
            ("clusters/esx-a/traits", ["CUSTOM_DB_LICENCE"]),
        )
    )
    ready = {key: one.inputs["traits"] for key, one in recorded.items() if key.startswith("ComputeReady")}
    assert ready["ComputeReady::kvm01.sandbox.example-ready"] == ["CUSTOM_HV_KVM", "HW_CPU_X86_AVX512F"]
    assert ready["ComputeReady::nova-esx-a-ready"] == ["CUSTOM_HV_VMWARE", "CUSTOM_DB_LICENCE"]
    assert ready["ComputeReady::nova-esx-b-ready"] == ["CUSTOM_HV_VMWARE"]


def test_members_of_a_group_name_it_and_those_on_esxi_are_spread() -> None:
    recorded = record_estate(changed(*GROUPED))
    assert recorded["ServerGroup::gateways"].inputs["policies"] == "soft-anti-affinity"
    for server in ("swift-1", "web-1"):
        assert recorded[f"Instance::{server}"].inputs["schedulerHints"] == [{"group": "id-gateways"}]
    assert "schedulerHints" not in recorded["Instance::web-2"].inputs
    spread = recorded["ServersSpread::gateways-spread"].inputs
    assert spread["servers"] == ["id-swift-1", "id-swift-2", "id-swift-3"]
    assert spread["clusters"] == {"vc1": ["esx-a", "esx-b"]}


@pytest.mark.parametrize(
    ("policy", "second", "third", "others"),
    [
        # One host can take the second and the third: the others leave them the room.
        ("affinity", {"web-1"}, {"web-1"}, {"web-2", "queue"}),
        ("anti-affinity", {"web-1"}, {"web-2"}, set()),
        ("soft-affinity", set(), set(), set()),
        ("soft-anti-affinity", set(), set(), set()),
    ],
)
def test_members_of_a_group_with_a_hard_policy_boot_in_turn(
    policy: str, second: set[str], third: set[str], others: set[str]
) -> None:
    estate = changed(
        ("server_groups/front", {"policy": policy}),
        ("workloads/web-1/server_group", "front"),
        ("workloads/web-2/server_group", "front"),
        ("workloads/queue/server_group", "front"),
    )
    recorded = record_estate(estate)

    def waits(server: str) -> set[str]:
        before = recorded[f"Instance::{server}"].dependencies
        return {one.partition("::")[2] for one in before if one.startswith("Instance::")}

    assert (waits("web-1"), waits("web-2"), waits("queue")) == (set(), second, third)
    assert waits("batch") == waits("reports") == others
    assert waits("ledger-app") == set()  # of another aggregate
    needs = {one.name for one in needed(estate, Node("workloads", "batch")) if one.kind == "workloads"}
    assert needs >= others
    assert bool(needs) is bool(others)


def test_what_may_be_together_or_is_alone_needs_no_rule() -> None:
    alone = changed(
        *GROUPED[:1],
        ("workloads/hsm-proxy/server_group", "gateways"),
        ("workloads/swift-gateway/server_group", None),
    )
    together = changed(
        ("server_groups/vendors/policy", "soft-affinity"),
        ("server_groups/gateways", {"policy": "soft-affinity"}),
        *GROUPED[1:],
    )
    for estate in (alone, together):
        assert not any(key.startswith("ServersSpread") for key in record_estate(estate))


def test_a_referenced_cluster_is_found_and_compared_and_not_made() -> None:
    recorded = record_estate(changed(("clusters/esx-b/mode", "referenced")))
    assert "ComputeCluster::esx-a" in recorded
    assert "ComputeCluster::esx-b" not in recorded
    assert recorded["ClusterAsDeclared::esx-b-as-declared"].inputs["declared"] == {
        "cpu": dict.fromkeys(["esxi-b1.sandbox.example", "esxi-b2.sandbox.example"], "intel-icelake"),
        "hosts": ["esxi-b1.sandbox.example", "esxi-b2.sandbox.example"],
        "management": "vmk0",
        "drs": "fullyAutomated",
        "ha": True,
        "admissionControl": True,
        "evc": "",
        "vmotion": "vmk1",
    }
    assert recorded["ComputeReady::nova-esx-b-ready"].inputs["clusterId"] == "id-of-esx-b"


def test_a_managed_switch_has_the_data_cards_and_comes_before_networks() -> None:
    switch = {"mtu": 9000, "port_groups": {"tep": {"vlan": 120}}}
    recorded = record_estate(changed(("vcenters/vc1/managed_switch", switch)))
    made = recorded["DistributedVirtualSwitch::vc1/dvs-data"].inputs
    assert made["maxMtu"] == 9000
    assert made["uplinks"] == made["activeUplinks"] == ["uplink1", "uplink2"]
    assert made["hosts"][0] == {
        "hostSystemId": "id-of-esxi-a1.sandbox.example",
        "devices": ["vmnic2", "vmnic3"],
    }
    assert len(made["hosts"]) == 5
    assert recorded["DistributedPortGroup::vc1/dvs-data/tep"].inputs["vlanId"] == 120
    assert "DistributedVirtualSwitch::vc1/dvs-data" in recorded["Network::app"].dependencies
    without = record_estate(changed(("vcenters/vc1/managed_switch", None)))
    assert "DistributedVirtualSwitch::vc1/dvs-data" not in without


def test_switches_of_two_vcenters_may_have_one_name() -> None:
    loaded = load(ROOT / "tests" / "long" / "two-vcenters")
    assert loaded.estate is not None, loaded.problems
    recorded = record_estate(loaded.estate)
    switches = {name for name in recorded if name.startswith("DistributedVirtualSwitch::")}
    assert switches == {"DistributedVirtualSwitch::vc1/dvs-data", "DistributedVirtualSwitch::vc2/dvs-data"}
    own = recorded["DistributedVirtualSwitch::vc2/dvs-data"].inputs["hosts"][0]
    assert own["hostSystemId"] == "id-of-esxi-b1.sandbox.example"
