"""Act 1: hosts that an aggregate has by half, made by hand through the real APIs.

Each state switches isolation off, or half off; ``preview`` says so, and one ``up`` mends it. The estate has
no servers here: Nova would not let a compute be deleted, nor placement a resource provider.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import psutil
import pytest
from openstack import exceptions

from estate.openstack import computes, placement
from estate.openstack.waiting import wait_for
from sandbox import process
from tests.rehearsal.stage import Stage

HOSTS = "compute.yaml"
CLASS = ("host_classes", "standard")
LATER = "kvm05.sandbox.example"
"""A host of the aggregate ``general`` that the documents name only at the end."""


@pytest.fixture(scope="module", autouse=True)
def only_hosts(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The estate's hosts but one, storage and catalogue, and nothing that runs on them."""
    kept = copytree(stage.documents, tmp_path_factory.mktemp("kept") / "documents")
    try:
        for path in stage.documents.iterdir():
            if path.name not in {"estate.yaml", HOSTS, "storage.yaml", "catalogue.yaml"}:
                path.unlink()
        hosts_of_general(stage, "kvm[01-04].sandbox.example")
        stage.up()
        yield
    finally:
        copytree(kept, stage.documents, dirs_exist_ok=True)


def hosts_of_general(stage: Stage, hosts: str) -> None:
    stage.edit(HOSTS, "aggregates", "general", *CLASS, "hosts", value=hosts)


def aggregate(stage: Stage, name: str) -> Any:
    cloud = stage.cloud
    return cloud.compute.get_aggregate(cloud.compute.find_aggregate(name))


def provider(stage: Stage, host: str) -> str:
    """The uuid of a host's compute node and resource provider."""
    ((uuid, _name),) = computes.nodes(stage.cloud)[host]
    return uuid


def open_to_all(stage: Stage) -> set[str]:
    """Resource providers that the scheduler gets for a server that asks for no hypervisor.

    As Nova asks for them: outside the isolated aggregate (nova/scheduler/request_filter.py
    ``isolate_aggregates``), and without those that are disabled (``compute_status_filter``).
    """
    query = {
        "resources": "VCPU:1,MEMORY_MB:64",
        "member_of": f"!{aggregate(stage, 'vendor').uuid}",
        "required": "!COMPUTE_STATUS_DISABLED",
    }
    answer = stage.cloud.placement.get("/allocation_candidates", params=query, microversion="1.36")
    return set(answer.json()["provider_summaries"])


def mirrored(stage: Stage, host: str) -> bool:
    """Whether placement has a host in the ESXi aggregate."""
    members = placement.providers_of_aggregate(stage.cloud, aggregate(stage, "vendor").uuid)
    return provider(stage, host) in members


def not_isolated(stage: Stage) -> str:
    """What a preview says of isolation."""
    said = stage.refused("preview", "--expect-no-changes")
    assert "aggregate vendor does not isolate" in said
    return said


def compute(stage: Stage, host: str) -> psutil.Process:
    """The process of a cluster's nova-compute."""
    (record,) = [one for one in process.records(run(stage)) if one.name == f"nova-compute-{host}"]
    return psutil.Process(record.pid)


def restart(stage: Stage, host: str) -> None:
    """End a nova-compute; the sandbox starts it again, as systemd does."""
    process.stop(run(stage), [f"nova-compute-{host}"])


def run(stage: Stage) -> Path:
    return stage.stack.config_file.parent


def delete_service(stage: Stage, host: str) -> None:
    service = computes.services(stage.cloud, host)[host]
    answer = stage.cloud.compute.delete(f"/os-services/{service.id}", microversion="2.53")
    assert answer.status_code == 204


def service_without_node(stage: Stage, host: str) -> psutil.Process:
    """Start a nova-compute that has no service again, and hold it before it makes its compute node.

    It makes them one after the other (nova/service.py ``Service.start``).
    """
    for _ in range(5):
        restart(stage, host)
        deadline = time.monotonic() + 120
        while host not in computes.services(stage.cloud, host):
            assert time.monotonic() < deadline, "nova-compute does not come back"
        held = compute(stage, host)
        held.suspend()
        time.sleep(2)  # nova-conductor may be at it already
        if host not in computes.nodes(stage.cloud):
            return held
        delete_service(stage, host)
    raise AssertionError("nova-compute was always too quick")


def until(look: Callable[[], bool], what: str) -> None:
    wait_for(look, lambda found: None if found else what, seconds=90, report=print)


def settled(stage: Stage, *hosts: str) -> None:
    """Hosts are whole: members, mirrored, enabled, closed to plain servers; there is nothing left to do."""
    for host in hosts:
        assert host in aggregate(stage, "vendor").hosts
        assert mirrored(stage, host)
        assert computes.services(stage.cloud, host)[host].enabled
        assert provider(stage, host) not in open_to_all(stage)
    stage.pulumi("preview", "--expect-no-changes")


def test_two_hosts_that_are_in_by_half(stage: Stage) -> None:
    """A compute that is deleted and comes back, one state after the other; another whose resource provider
    comes late; and one ``up`` for both.
    """
    cloud, host, other = stage.cloud, "nova-esx-a", "nova-esx-b"
    vendor, uuid = aggregate(stage, "vendor"), provider(stage, other)

    # 1. No service. Nova takes a deleted compute out of its aggregates, and no such host into one.
    compute(stage, host).suspend()
    delete_service(stage, host)
    with pytest.raises(exceptions.NotFoundException, match=host):
        cloud.compute.add_host_to_aggregate(vendor, host)
    assert host not in aggregate(stage, "vendor").hosts
    assert f"Nova does not have {host} in it; {host} has no compute node" in not_isolated(stage)
    said = stage.refused("up", "--yes", "--skip-preview", "--config", "estate:patience=2")
    assert "gave up after" in said
    assert f"{host} has no compute node: look at the log of its nova-compute" in said

    # 2. A service without compute node: the call fails, and the membership is written.
    held = service_without_node(stage, host)
    try:
        with pytest.raises(exceptions.SDKException):
            cloud.compute.add_host_to_aggregate(vendor, host)
        assert host in aggregate(stage, "vendor").hosts

        # 3. No resource provider: Nova takes the host in, and warns in its log only.
        cloud.compute.remove_host_from_aggregate(vendor, other)
        assert cloud.placement.delete(f"/resource_providers/{uuid}").status_code == 204
        cloud.compute.add_host_to_aggregate(vendor, other)
        assert other in aggregate(stage, "vendor").hosts

        said = not_isolated(stage)
        assert "Nova does not have" not in said
        assert f"{host} has no compute node" in said
        assert f"{other} has no resource provider" in said
    finally:
        held.resume()

    # The provider comes, outside the aggregate: isolation is off, and nobody says so but the preview.
    restart(stage, other)
    until(lambda: host in computes.nodes(cloud), "no compute node")
    until(lambda: placement.traits(cloud, uuid) is not None, "no provider")
    assert not mirrored(stage, other)
    until(lambda: uuid in open_to_all(stage), "not offered to plain servers")
    # The first has its node by now, and was written a member before that.
    assert f"placement does not have {host}, {other} in it" in not_isolated(stage)

    stage.pulumi("up", "--yes", "--skip-preview", "--config", "estate:patience=300")

    settled(stage, host, other)


def test_a_host_that_others_keep_in_another_zone(stage: Stage) -> None:
    """It is refused at preview: another program's aggregate is not ours to change."""
    cloud = stage.cloud
    theirs = cloud.compute.create_aggregate(name="theirs", availability_zone="az-theirs")
    cloud.compute.add_host_to_aggregate(theirs, LATER)
    hosts_of_general(stage, "kvm[01-05].sandbox.example")
    try:
        for command in (("preview",), ("up", "--yes", "--skip-preview")):
            said = stage.refused(*command)
            assert f"{LATER} is in aggregate theirs of zone az-theirs" in said
            assert "Traceback" not in said
        assert LATER not in aggregate(stage, "general").hosts
    finally:
        cloud.compute.remove_host_from_aggregate(theirs, LATER)
        cloud.compute.delete_aggregate(theirs)
        hosts_of_general(stage, "kvm[01-04].sandbox.example")


def test_an_aggregate_of_that_name_that_others_made(stage: Stage) -> None:
    cloud = stage.cloud
    theirs = cloud.compute.create_aggregate(name="rack", availability_zone="az-theirs")
    rack = {"hosts": LATER, "vcpus": 32, "memory": "128 GiB", "disk": "1000 GiB"}
    rack["nics"] = {"storage": ["ens1f0"], "data": ["ens2f0"]}
    block = {"hypervisor": "kvm", "availability_zone": "az-rack", "host_classes": {"rack": rack}}
    stage.edit(HOSTS, "aggregates", "rack", value=block)
    try:
        said = stage.refused("preview")
        assert f"Nova has an aggregate rack already (number {theirs.id}, hosts: none)" in said
    finally:
        cloud.compute.delete_aggregate(theirs)
        stage.edit(HOSTS, "aggregates", "rack", value=None)


def test_a_host_that_is_in_by_hand_already(stage: Stage) -> None:
    """Nova would answer 409 to the call that adds it."""
    cloud = stage.cloud
    cloud.compute.add_host_to_aggregate(aggregate(stage, "general"), LATER)
    hosts_of_general(stage, "kvm[01-05].sandbox.example")

    stage.up()

    assert LATER in aggregate(stage, "general").hosts
    assert computes.services(cloud, LATER)[LATER].enabled
    stage.pulumi("preview", "--expect-no-changes")
