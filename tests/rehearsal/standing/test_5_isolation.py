"""Act 5: isolation that somebody broke is seen by the next preview and mended by the next ``up``."""

import pytest

from tests.rehearsal.intruders import Intruders
from tests.rehearsal.stage import Stage

pytestmark = pytest.mark.usefixtures("applied", "without_pack")

TRAIT = "trait:CUSTOM_HV_VMWARE"


def intrude(stage: Stage) -> set[str]:
    """Hosts on which an intruder lands right now."""
    with Intruders(stage) as intruders:
        intruders.more(3)
    return {fate.host for fate in intruders.fates if fate.status == "ACTIVE"}


def provider(stage: Stage, host: str) -> str:
    """Id of the resource provider of a compute host."""
    cloud = stage.cloud
    (hypervisor,) = [
        one for one in cloud.compute.hypervisors(details=True) if one.service_details["host"] == host
    ]
    return str(hypervisor.id)


def test_isolation_that_was_switched_off(stage: Stage) -> None:
    """The control of act 1: without the trait on the aggregate the same intruder does land on ESXi."""
    cloud = stage.cloud
    aggregate = cloud.compute.find_aggregate("vendor")
    cloud.compute.set_aggregate_metadata(aggregate, {TRAIT: None})
    assert intrude(stage) & {"nova-esx-a", "nova-esx-b"}

    stage.refused("preview", "--expect-no-changes")
    stage.up()

    assert cloud.compute.get_aggregate(aggregate).metadata[TRAIT] == "required"
    assert intrude(stage) == set()


def test_a_membership_that_placement_does_not_know(stage: Stage) -> None:
    """What Nova leaves when the resource provider was missing: the host is in, its mirror is not."""
    cloud = stage.cloud
    uuid = provider(stage, "nova-esx-b")
    url = f"/resource_providers/{uuid}/aggregates"
    before = cloud.placement.get(url, microversion="1.19").json()
    body = {"aggregates": [], "resource_provider_generation": before["resource_provider_generation"]}
    assert cloud.placement.put(url, json=body, microversion="1.19").status_code == 200

    said = stage.refused("preview", "--expect-no-changes")
    assert "placement does not have nova-esx-b in it" in said
    stage.up()

    assert cloud.placement.get(url, microversion="1.19").json()["aggregates"] == before["aggregates"]
    stage.pulumi("preview", "--expect-no-changes")
