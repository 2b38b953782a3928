"""Networks, storage and images that contradict themselves: each rule hits, and spares what is legal."""

from typing import Any, NamedTuple

import pytest

from estate.model import Severity
from estate.placement import contradictions
from tests.estates import ROOT, changed, sandbox

Change = tuple[str, Any]
DATA = "networks/data/subnets/data-v4"
INTERNET: Change = ("networks/internet", {"external": {"existing": True}})
NO_WAY_OUT: Change = ("routers/core/external_network", None)
ROOT_OF_9_TIB: Change = ("workloads/ledger-db/boot_volume", {"type": "standard-esxi", "size": "9 TiB"})
ON_LINUX_ESXI = ("ledger-db", "ledger-app", "hsm-proxy")
OVN: Change = ("estate/network_backend", "ovn")
TYPES = "storage/array1/volume_types"


def subnet(cidr: str, **more: object) -> dict[str, object]:
    return {"cidr": cidr, **more}


class Case(NamedTuple):
    rule: str
    says: str
    wrong: tuple[Change, ...]
    right: tuple[Change, ...]


CASES = [
    Case(
        "subnet-overlap",
        'overlaps with 10.30.0.0/24 of subnet "data-v4"',
        (("networks/data/subnets/more", subnet("10.30.0.128/25", dhcp=False)),),
        (("networks/data/subnets/more", subnet("10.31.0.128/25", dhcp=False)),),
    ),
    Case(
        "router-overlap",
        'it joins 10.20.0.0/24 of network "app" and 10.20.0.0/25 of network "data"',
        ((DATA, subnet("10.20.0.0/25")),),
        ((DATA, subnet("10.21.0.0/25")),),
    ),
    Case(
        "router-needs-gateway",
        'subnet "data-v4" has none',
        ((f"{DATA}/gateway", "none"),),
        ((f"{DATA}/gateway", "none"), ("routers/core/networks", ["app"])),
    ),
    Case(
        "router-leads-out",
        'found "data". There are: partners, internet.',
        (INTERNET, ("routers/core/networks", ["app"]), ("routers/core/external_network", "data")),
        (INTERNET, ("routers/core/external_network", "internet")),
    ),
    Case(
        "route-next-hop",
        "expected a next hop in a network of the router, found 10.99.0.1",
        (("routers/core/routes", [{"destination": "10.8.0.0/16", "next_hop": "10.99.0.1"}]),),
        (("routers/core/routes", [{"destination": "10.8.0.0/16", "next_hop": "10.20.0.9"}]),),
    ),
    Case(
        "one-router-per-subnet",
        'router "core" stands at the gateways of network "app" already',
        (("routers/other", {"networks": ["app"]}),),
        (("routers/core/networks", ["data"]), ("routers/other", {"networks": ["app"]})),
    ),
    Case(
        "vlan-of-one-network",
        'VLAN 7 of "tz" carries network "app" already',
        (
            ("networks/app/vlan", {"id": 7, "transport_zone": "tz"}),
            ("networks/data/vlan", {"id": 7, "transport_zone": "tz"}),
            INTERNET,
            ("routers/core/external_network", "internet"),
        ),
        (
            ("networks/app/vlan", {"id": 7, "transport_zone": "tz"}),
            ("networks/data/vlan", {"id": 8, "transport_zone": "tz"}),
            INTERNET,
            ("routers/core/external_network", "internet"),
        ),
    ),
    Case(
        "subnet-in-pool",
        "expected a range inside 10.0.0.0/12",
        (("subnet_pools/corp", {"prefixes": ["10.0.0.0/12"]}), (f"{DATA}/pool", "corp")),
        (("subnet_pools/corp", {"prefixes": ["10.0.0.0/8"]}), (f"{DATA}/pool", "corp")),
    ),
    Case(
        "subnet-in-pool",
        "(largest: 64, as Neutron has it if absent, smallest: any), found /60.",
        (
            ("subnet_pools/six", {"prefixes": ["2001:db8:30::/48"]}),
            ("networks/data/subnets/data-v6", subnet("2001:db8:30::/60", pool="six", dhcp=False)),
        ),
        (
            ("subnet_pools/six", {"prefixes": ["2001:db8:30::/48"], "largest": 56}),
            ("networks/data/subnets/data-v6", subnet("2001:db8:30::/60", pool="six", dhcp=False)),
        ),
    ),
    Case(
        "nsx-mtu",
        "nsx-policy has no MTU of networks",
        (("networks/app/mtu", 1500),),
        (("networks/app/description", "Application tier"),),
    ),
    Case(
        "nsx-one-dhcp-subnet",
        'does so in "data-v4" already',
        (("networks/data/subnets/more", subnet("10.31.0.0/24")),),
        (("networks/data/subnets/more", subnet("10.31.0.0/24", dhcp=False)),),
    ),
    Case(
        "nsx-vlan-router",
        'a router at a VLAN (network "app") needs an external_network',
        (("networks/app/vlan", {"id": 7, "transport_zone": "tz"}), NO_WAY_OUT),
        (
            ("networks/app/vlan", {"id": 7, "transport_zone": "tz"}),
            INTERNET,
            ("routers/core/external_network", "internet"),
        ),
    ),
    Case(
        "network-carried",
        'network "app" is an overlay of OVN, which ends at the KVM hosts',
        (OVN,),
        (
            OVN,
            ("networks/app/vlan", {"id": 7, "transport_zone": "tz"}),
            ("networks/data/vlan", {"id": 8, "transport_zone": "tz"}),
        ),
    ),
    Case(
        "security-groups-enforced",
        "only if the driver that binds its ports there enforces them",
        (OVN,),
        (),
    ),
    Case(
        "address-in-subnet",
        'expected an address of a subnet of network "data" (10.30.0.0/24), found 10.20.0.10',
        (("workloads/ledger-db/addresses", {"data": ["10.20.0.10"]}),),
        (("workloads/ledger-db/addresses", {"data": ["10.30.0.10"]}),),
    ),
    Case(
        "address-free",
        '10.30.0.1 is the gateway of subnet "data-v4"',
        (("workloads/ledger-db/addresses", {"data": ["10.30.0.1"]}),),
        (("workloads/ledger-db/addresses", {"data": ["10.30.0.2"]}),),
    ),
    Case(
        "address-outside-pools",
        "10.30.0.60 can be handed out to another port",
        (("workloads/ledger-db/addresses", {"data": ["10.30.0.60"]}),),
        (("workloads/ledger-db/addresses", {"data": ["10.30.0.40"]}),),
    ),
    Case(
        "address-of-one",
        'is the address of server "queue" already',
        (
            ("workloads/queue/addresses", {"data": ["10.30.0.10"]}),
            ("workloads/ledger-db/addresses", {"data": ["10.30.0.10"]}),
        ),
        (
            ("workloads/queue/addresses", {"data": ["10.30.0.10"]}),
            ("workloads/ledger-db/addresses", {"data": ["10.30.0.11"]}),
        ),
    ),
    Case(
        "address-of-port",
        "it has no port in network",
        (("workloads/ledger-db/addresses", {"app": ["10.20.0.10"]}),),
        (("workloads/ledger-db/addresses", {}),),
    ),
    Case(
        "port-security",
        "its ports can have no security groups",
        (("networks/app/port_security", False),),
        (("networks/app/port_security", True),),
    ),
    Case(
        "array-capacity",
        "found 20482 GiB asked for and 12288 GiB to give: 20480 GiB less 8192 GiB of datastores, times 1",
        (("workloads/reports/volumes/archive/size", "20 TiB"),),
        (("workloads/reports/volumes/archive/size", "20 TiB"), ("storage/array1/oversubscription", 2.0)),
    ),
    Case(
        "datastore-capacity",
        "found 9256 GiB asked for and 8192 GiB to give",
        (ROOT_OF_9_TIB,),
        (ROOT_OF_9_TIB, ("storage/array1/oversubscription", 1.2)),
    ),
    Case(
        "flavor-disk",
        "smaller than the 40 GiB of image",
        (("images/linux-esxi/virtual_size", "40 GiB"),),
        (
            ("images/linux-esxi/virtual_size", "40 GiB"),
            *((f"workloads/{one}/boot_volume", {"type": "standard-esxi"}) for one in ON_LINUX_ESXI),
        ),
    ),
    Case(
        "one-default-type",
        'volume type "standard-kvm" is the default of project "payments" already',
        (
            (f"{TYPES}/standard-kvm/default_for", "payments"),
            (f"{TYPES}/standard-esxi/default_for", "payments"),
        ),
        ((f"{TYPES}/standard-kvm/default_for", "payments"),),
    ),
    Case(
        "boot-volume-size",
        "expected at least the 4 GiB of image",
        (
            ("images/linux-kvm/virtual_size", "4 GiB"),
            ("workloads/queue/boot_volume", {"type": "standard-kvm", "size": "2 GiB"}),
        ),
        (("workloads/queue/boot_volume", {"type": "standard-kvm", "size": "2 GiB"}),),
    ),
    Case(
        "volume-type-side",
        'volume type "standard-esxi" serves ESXi servers',
        (("workloads/queue/boot_volume", {"type": "standard-esxi"}),),
        (("workloads/queue/boot_volume", {"type": "standard-kvm"}),),
    ),
    Case(
        "image-version",
        'image "linux-kvm" has no version 2024. There are: none.',
        (("workloads/queue/image_version", "2024"),),
        (
            ("images/linux-kvm/version", "2025"),
            ("images/linux-kvm/older", {"2024": {"file": "old.qcow2"}}),
            ("workloads/queue/image_version", "2024"),
        ),
    ),
    Case(
        "unused-image-version",
        "no workload stays on version 2024",
        (("images/linux-kvm/version", "2025"), ("images/linux-kvm/older", {"2024": {"file": "old.qcow2"}})),
        (("images/linux-kvm/version", "2025"),),
    ),
    Case(
        "image-version-format",
        "version 2024: expected a .qcow2 file, as the image is one, got old.vmdk. Convert it",
        (
            ("images/linux-kvm/version", "2025"),
            ("images/linux-kvm/older", {"2024": {"file": "old.vmdk"}}),
            ("workloads/queue/image_version", "2024"),
        ),
        (
            ("images/linux-kvm/version", "2025"),
            ("images/linux-kvm/older", {"2024": {"file": "old.img"}}),  # an ending that tells nothing
            ("workloads/queue/image_version", "2024"),
        ),
    ),
    Case(
        "flavor-memory",
        "less than the 4096 MiB that",
        (("images/linux-kvm/min_memory", "4 GiB"),),
        (("images/linux-kvm/min_memory", "2 GiB"),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_hits_and_leaves_the_smallest_legal_variant_alone(case: Case) -> None:
    found = [one for one in contradictions.check(changed(*case.wrong)) if one.rule == case.rule]
    assert found
    assert any(case.says in one.message for one in found), [one.message for one in found]
    assert [one for one in contradictions.check(changed(*case.right)) if one.rule == case.rule] == []


def test_groups_that_may_not_be_enforced_are_a_warning_as_the_page_says() -> None:
    found = [one for one in contradictions.check(changed(OVN)) if one.rule == "security-groups-enforced"]
    assert {one.severity for one in found} == {Severity.WARNING}
    page = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
    assert (
        "`estate check` warns of every workload on ESXi that has groups (`security-groups-enforced`)" in page
    )


def test_the_sandbox_contradicts_nothing() -> None:
    assert contradictions.check(sandbox()) == []
