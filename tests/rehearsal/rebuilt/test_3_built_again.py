"""Act 3: what was destroyed and built again works as it did the first time."""

import json

import pytest
from pyVmomi import vim

from tests.rehearsal.stage import Stage
from tests.rehearsal.standing.test_2_landing_differences import find


@pytest.fixture(scope="module", autouse=True)
def built_again(stage: Stage, applied: object) -> None:
    """An estate whose clusters were destroyed, as the act before does, and built again."""
    history = json.loads(stage.pulumi("stack", "history", "--json", "--page-size", "1000"))
    if "destroy" not in [one["kind"] for one in history]:
        stage.pulumi("destroy", "--yes", "--skip-preview")
    if not stage.resources():
        stage.up()


def test_a_server_on_esxi_takes_a_volume_and_gives_it_up(stage: Stage) -> None:
    """Nova looks for the service of the server's host, and may find one of the destroyed estate."""
    cloud = stage.cloud
    server = cloud.compute.find_server("ledger-app")
    volume = cloud.block_storage.create_volume(name="brought-along", size=1, volume_type="standard-esxi")
    cloud.block_storage.wait_for_status(volume, status="available", interval=1)
    try:
        cloud.compute.create_volume_attachment(server, volume_id=volume.id)
        cloud.block_storage.wait_for_status(volume, status="in-use", interval=1)
        (attached,) = stage.landings()["ledger-app"].volumes
        assert attached.type == "standard-esxi"
        assert attached.datastore in {"ds-shared-1", "ds-shared-2"}

        cloud.compute.delete_volume_attachment(server, volume)
        cloud.block_storage.wait_for_status(volume, status="available", interval=1)
    finally:
        cloud.block_storage.delete_volume(volume)
        cloud.block_storage.wait_for_delete(volume, interval=1)


def test_the_nodes_of_the_destroyed_clusters_are_gone(stage: Stage) -> None:
    """Nova removes them itself, once the nova-compute of each cluster has its new identity."""
    names = {one.name.partition(".")[0] for one in stage.cloud.compute.hypervisors()}
    with stage.vcenter() as service:
        ids = {
            find(service, vim.ClusterComputeResource, name=cluster)._GetMoId()
            for cluster in stage.estate.clusters
        }
    assert {name for name in names if name.startswith("domain-")} == ids
