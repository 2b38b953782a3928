"""Act 4: ``destroy`` leaves nothing that the stack created, with hosts and servers inside."""

from pathlib import Path
from typing import Any

import pytest
from pyVmomi import vim

from operations import recovery
from tests.rehearsal.stage import Stage
from toolchain.progress import Progress

pytestmark = pytest.mark.usefixtures("applied")


def test_destroy_is_refused_where_the_documents_forbid_it(stage: Stage) -> None:
    stage.edit("estate.yaml", "estate", "destroy", value="forbidden")
    stage.up()

    # All or nothing: what is not protected the engine deletes before it says what is.
    before = [one["urn"] for one in stage.resources()]
    said = stage.refused("destroy", "--yes", "--skip-preview")
    assert "protect" in said
    assert [one["urn"] for one in stage.resources()] == before

    stage.edit("estate.yaml", "estate", "destroy", value="allowed")
    stage.up()


def left(stage: Stage) -> dict[str, list[Any]]:
    """What a stack makes in OpenStack and is there, by kind."""
    cloud = stage.cloud
    found = {
        "servers": list(cloud.compute.servers(all_projects=True)),
        "aggregates": list(cloud.compute.aggregates()),
        "flavors": list(cloud.compute.flavors(is_public=None)),
        "images": [*cloud.image.images(), *cloud.image.images(is_hidden=True)],
        "networks": list(cloud.network.networks()),
        "address scopes": list(cloud.network.address_scopes()),
        "subnet pools": list(cloud.network.subnet_pools()),
        "routers": list(cloud.network.routers()),
        "groups": [one for one in cloud.network.security_groups() if one.name != "default"],
        "ports": list(cloud.network.ports()),
        "volumes": list(cloud.block_storage.volumes(all_projects=True)),
        "types": [one.name for one in cloud.block_storage.types() if one.name != "__DEFAULT__"],
        "limits": cloud.block_storage.get("/qos-specs").json()["qos_specs"],
        "defaults": list(cloud.block_storage.default_types()),
        "keys": list(cloud.compute.keypairs()),
        "server groups": list(cloud.compute.server_groups(all_projects=True)),
        "projects": cloud.search_projects("payments"),
    }
    return {what: some for what, some in found.items() if some}


def test_destroy_leaves_nothing_even_if_killed_in_the_middle(stage: Stage, tmp_path: Path) -> None:
    stage.killed("destroy", "openstack:compute:Instance ledger-db deleting", tmp_path / "destroy.log")
    recovery.recover(stage.stack, Progress())

    stage.pulumi("destroy", "--yes", "--skip-preview")

    assert left(stage) == {}


def test_hosts_are_left_alone_and_closed(stage: Stage) -> None:
    cloud = stage.cloud
    enabled = [one.host for one in cloud.compute.services(binary="nova-compute") if one.status == "enabled"]
    assert enabled == []

    with stage.vcenter() as service:
        content: Any = service.RetrieveContent()
        kinds = [vim.ClusterComputeResource, vim.HostSystem, vim.VirtualMachine]
        view = content.viewManager.CreateContainerView(content.rootFolder, kinds, True)
        names = sorted(entity.name for entity in view.view)
        view.DestroyView()
    assert names == sorted(host for one in stage.estate.clusters.values() for host in one.hosts)
