"""Every contradiction that documents can have: its rule, its place, its words; and that none is invented."""

from typing import Any, NamedTuple

import pytest

from estate.placement import contradictions
from tests.estates import changed, sandbox

Change = tuple[str, Any]
SECOND_KVM: Change = (
    "aggregates/batch",
    {
        "hypervisor": "kvm",
        "availability_zone": "az-batch",
        "hosts": "kvmb[1-2].sandbox.example",
        "host": {"vcpus": 64, "memory": "64 GiB", "disk": "100 GiB"},
    },
)
SECOND_VCENTER: Change = (
    "vcenters/vc2",
    {"server": "vc2.sandbox.example", "datacenter": "dc2", "switch": "dvs2"},
)


class Case(NamedTuple):
    rule: str
    loc: tuple[str, ...]
    says: str
    changes: tuple[Change, ...]


CASES = [
    Case(
        "cluster-drs",
        ("clusters", "esx-a", "drs", "automation"),
        "expected drs automation fully-automated, found manual",
        (("clusters/esx-a/drs", {"automation": "manual"}),),
    ),
    Case(
        "cluster-ha",
        ("clusters", "esx-a", "ha", "enabled"),
        "expected vSphere HA on, found it off",
        (("clusters/esx-a/ha", {"enabled": False}),),
    ),
    Case(
        "cluster-ha",
        ("clusters", "esx-b", "ha", "admission_control", "host_failures"),
        "expected host_failures below the cluster's 2 hosts, found 2",
        (("clusters/esx-b/ha", {"admission_control": {"host_failures": 2}}),),
    ),
    Case(
        "aggregate-one-vcenter",
        ("aggregates", "vendor", "clusters"),
        "expected clusters of one vCenter, found vc1 and vc2",
        (SECOND_VCENTER, ("clusters/esx-b/vcenter", "vc2")),
    ),
    Case(
        "flavor-and-image",
        ("workloads", "web-1", "flavor"),
        'flavor "esxi-small" is for ESXi, but image "linux-kvm" runs on KVM only. '
        "Use a flavor for KVM: kvm-medium, kvm-small.",
        (("workloads/web-1/flavor", "esxi-small"),),
    ),
    Case(
        "flavor-disk",
        ("workloads", "cache", "flavor"),
        'flavor "kvm-medium" has a root disk of 20 GiB, smaller than the 40 GiB of image "big"',
        (
            ("images/big", {"hypervisor": "kvm", "file": "big.qcow2", "virtual_size": "40 GiB"}),
            ("workloads/cache/image", "big"),
        ),
    ),
    Case(
        "flavor-fits-host",
        ("workloads", "cache", "flavor"),
        'flavor "huge" (33 VCPUs, 2048 MiB) is larger than any single host that may take it; '
        "the largest has 32 VCPUs and 131072 MiB",
        (
            ("flavors/huge", {"hypervisor": "kvm", "vcpus": 33, "memory": "2 GiB", "disk": "10 GiB"}),
            ("workloads/cache/flavor", "huge"),
        ),
    ),
    Case(
        "ambiguous-aggregate",
        ("workloads", "web-1"),
        'found none: image "linux-kvm" runs on KVM, and there are 2 KVM aggregates. '
        "Say availability_zone: one of az-batch, az-kvm.",
        (SECOND_KVM,),
    ),
    Case(
        "zone-hypervisor",
        ("workloads", "web-1", "availability_zone"),
        'availability zone "az-esxi" is ESXi (aggregate "vendor"), but image "linux-kvm" runs on KVM only',
        (("workloads/web-1/availability_zone", "az-esxi"),),
    ),
    Case(
        "volume-type-side",
        ("workloads", "reports", "volumes", "archive", "type"),
        'volume type "standard-esxi" serves ESXi servers, but image "linux-kvm" runs on KVM only. '
        "Use a volume type for KVM: standard-kvm.",
        (("workloads/reports/volumes/archive/type", "standard-esxi"),),
    ),
    Case(
        "volume-type-reach",
        ("workloads", "ledger-db", "volumes", "data", "type"),
        'which cluster esx-b of aggregate "vendor" does not mount',
        (
            ("storage/array1/datastores/ds-shared-1/clusters", "esx-a"),
            ("storage/array1/datastores/ds-shared-2/clusters", "esx-a"),
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.loc[-1]}")
def test_a_contradiction_is_found_where_it_is(case: Case) -> None:
    found = [one for one in contradictions.check(changed(*case.changes)) if one.loc == case.loc]
    assert [one.rule for one in found] == [case.rule]
    assert case.says in found[0].message


def test_a_side_without_aggregate() -> None:
    estate = changed(("aggregates/vendor", None), ("clusters", None), ("storage/array1/datastores", None))
    found = [one for one in contradictions.check(estate) if one.rule == "no-aggregate"]
    assert {one.loc[1] for one in found} == {"ledger-db", "ledger-app", "swift-gateway", "hsm-proxy"}
    assert 'image "linux-esxi" runs on ESXi only, but there is no ESXi aggregate' in found[0].message


def test_the_sandbox_contradicts_nothing() -> None:
    assert contradictions.check(sandbox()) == []


def test_what_does_not_resolve_is_left_to_others() -> None:
    estate = changed(
        ("workloads/web-1/image", "nowhere"),
        ("workloads/web-2/flavor", "nowhere"),
        ("workloads/reports/volumes/archive/type", "nowhere"),
        ("workloads/ledger-app/availability_zone", "nowhere"),
        ("aggregates/vendor/clusters", ["esx-a", "nowhere"]),
    )
    assert contradictions.check(estate) == []


def test_the_duty_to_stay_on_esxi_is_said_by_the_policies_alone() -> None:
    for field, value in (("image", "linux-kvm"), ("flavor", "kvm-small"), ("availability_zone", "az-kvm")):
        assert contradictions.check(changed((f"workloads/ledger-db/{field}", value))) == []


def test_volumes_of_the_other_vcenter_are_out_of_reach() -> None:
    estate = changed(SECOND_VCENTER, ("storage/array1/volume_types/standard-esxi/vcenter", "vc2"))
    (found,) = contradictions.check(estate)
    assert found.rule == "volume-type-reach"
    assert "in vCenter vc2, which cluster esx-a and esx-b" in found.message
