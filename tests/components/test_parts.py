"""What the components register for each part of a split environment."""

import re
from typing import Any

import pytest

from estate.model import Estate
from estate.model.partition import partition
from estate.model.parts import DRS_RULES, PLATFORM
from review.recording import record_estate
from review.registration import Registration
from tests.estates import changed, sandbox

Recorded = dict[str, Registration]
TEAM = ["web-2", "api-2", "cache", "ledger-db", "ledger-app", "swift-gateway", "hsm-proxy"]


def split(*more: tuple[str, Any]) -> Estate:
    return changed(
        ("parts/vc1", {"vcenter": "vc1"}),
        ("parts/payments", {"project": "payments", "workloads": TEAM}),
        *((f"networks/{name}/shared_with", "payments") for name in ("data", "backup")),
        *more,
    )


@pytest.fixture(scope="module")
def recorded() -> dict[str, Recorded]:
    estate = split()
    return {one.name: record_estate(estate, one) for one in partition(estate)}


def kinds(recorded: Recorded) -> set[str]:
    return {one.type.split(":")[0] for one in recorded.values() if one.custom}


def test_together_they_register_what_one_stack_does(recorded: dict[str, Recorded]) -> None:
    whole = record_estate(sandbox())
    gate = "ShrinkingDisks::shrinking-disks"  # each part with workloads has its own
    assert [name for name, one in recorded.items() if gate in one] == [PLATFORM, "payments"]
    del whole[gate]
    made = [key for one in recorded.values() for key in one if "StackReference" not in key and key != gate]
    more = sorted(set(made) - set(whole))
    assert set(whole) <= set(made)
    assert more == [
        "RbacPolicyV2::backup/shared/payments",
        "RbacPolicyV2::data/shared/payments",
        "RbacPolicyV2::db/shared/payments",
        "RbacPolicyV2::web/shared/payments",
        "ReservedPorts::cache",
        "ReservedPorts::ledger-db",
    ]
    assert len(made) == len(set(made))


def test_only_the_part_of_a_vcenter_has_its_provider(recorded: dict[str, Recorded]) -> None:
    for name, one in recorded.items():
        assert ("vsphere" in kinds(one)) == (name == "vc1"), name


def test_a_projects_part_makes_only_what_a_member_may(recorded: dict[str, Recorded]) -> None:
    assert {one.type for one in recorded["payments"].values() if one.custom} == {
        "openstack:compute/serverGroup:ServerGroup",
        "openstack:networking/port:Port",
        "openstack:compute/instance:Instance",
        "openstack:blockstorage/volume:Volume",
        "openstack:compute/volumeAttach:VolumeAttach",
        "pulumi-python:dynamic/estate:ShrinkingDisks",  # reads its own servers and volumes
    }


def test_its_servers_stand_on_what_the_platform_has_made(recorded: dict[str, Recorded]) -> None:
    server = recorded["payments"]["Instance::ledger-db"].inputs
    assert server["imageId"] == "linux-esxi in the cloud"
    assert server["flavorId"] == "esxi-medium in the cloud"
    assert server["availabilityZone"] == "az-esxi"
    assert server["networks"] == [{"port": "ledger-db/data in the cloud"}, {"port": "id-ledger-db/backup"}]
    port = recorded["payments"]["Port::ledger-db/backup"].inputs
    assert port["networkId"] == "backup in the cloud"
    assert port["securityGroupIds"] == ["db in the cloud"]
    assert "tenantId" not in port


def test_the_policies_see_the_same_facts_as_in_one_stack(recorded: dict[str, Recorded]) -> None:
    whole = record_estate(sandbox(), preview=True)
    for name in TEAM:
        assert recorded["payments"][f"Workload::{name}"].inputs == whole[f"Workload::{name}"].inputs


def test_fixed_addresses_are_the_platforms_ports_in_the_project(recorded: dict[str, Recorded]) -> None:
    port = recorded[PLATFORM]["Port::ledger-db/data"].inputs
    assert port["tenantId"] == "id-payments"
    assert port["fixedIps"] == [{"subnetId": "id-data/data-v4", "ipAddress": "10.30.0.20"}]
    assert port["securityGroupIds"] == ["id-db"]


def test_the_platform_shares_the_security_groups_that_a_part_uses(recorded: dict[str, Recorded]) -> None:
    assert recorded[PLATFORM]["RbacPolicyV2::web/shared/payments"].inputs == {
        "action": "access_as_shared",
        "objectType": "security_group",
        "objectId": "id-web",
        "targetTenant": "id-payments",
    }


def test_clusters_and_servers_of_other_parts_come_by_reference(recorded: dict[str, Recorded]) -> None:
    ready = recorded[PLATFORM]["ComputeReady::nova-esx-a-ready"].inputs
    assert re.fullmatch("esx-a of .*/estate/stack.vc1", ready["clusterId"])
    spread = recorded[DRS_RULES]["ServersSpread::vendors-spread"].inputs
    for name, server in zip(("ledger-db", "swift-gateway", "hsm-proxy"), spread["servers"], strict=True):
        assert re.fullmatch(f"{name} of .*/estate/stack.payments", server)
    assert spread["clusters"] == {"vc1": ["esx-a", "esx-b"]}
