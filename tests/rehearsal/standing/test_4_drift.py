"""Act 4: what only our gates keep, changed by others, is seen by the next preview and set again."""

from typing import Any

import pytest

from estate.openstack import volume_types
from estate.vsphere import spreading
from tests.rehearsal.stage import Stage
from tests.rehearsal.standing.test_6_changes import steps

pytestmark = pytest.mark.usefixtures("applied", "without_pack")

GROUP = "vendors"
LIMIT = "volumes_standard-esxi"


def members(stage: Stage) -> list[str]:
    """Ids of the group's servers."""
    names = [name for name, one in stage.estate.servers().items() if one.server_group == GROUP]
    return [stage.cloud.compute.find_server(name).id for name in names]


def rules(service: Any) -> dict[str, set[str]]:
    """Cluster → ids of the servers that the group's rule keeps apart there."""
    content = service.RetrieveContent()
    (datacenter,) = content.rootFolder.childEntity
    return {
        cluster.name: {vm.config.instanceUuid for vm in rule.vm}
        for cluster in datacenter.hostFolder.childEntity
        for rule in (getattr(cluster, "configurationEx", None) and cluster.configurationEx.rule) or []
        if rule.name == spreading.rule_name(GROUP)
    }


def test_host_routes_default_type_quota_and_the_rule_of_a_group(stage: Stage) -> None:
    cloud = stage.cloud
    project = cloud.get_project("payments").id
    kind = next(one for one in cloud.block_storage.types() if one.name == "standard-kvm").id
    subnet = cloud.network.find_subnet("app-v4")
    routes = subnet.host_routes
    quotas = f"/os-quota-sets/{project}"
    assert routes == [{"destination": "10.99.0.0/16", "nexthop": "10.20.0.3"}]
    assert volume_types.default_of(cloud, project) == kind
    assert cloud.block_storage.get(quotas).json()["quota_set"][LIMIT] == 10
    with stage.vcenter() as service:
        before = rules(service)
        # Three members and two clusters: one of them has two, which Nova cannot keep apart.
        assert any(len(together) > 1 for together in before.values())
        assert set().union(*before.values()) <= set(members(stage))

        cloud.network.update_subnet(
            subnet, host_routes=[{"destination": "10.9.0.0/16", "nexthop": "10.20.0.9"}]
        )
        volume_types.unset_default(cloud, project, kind)
        cloud.block_storage.put(quotas, json={"quota_set": {LIMIT: 99}})
        spreading.mend(service, GROUP, [], list(stage.estate.clusters))
        assert rules(service) == {}

        assert steps(stage) == {
            ("update", "app/app-v4-routes"),
            ("update", "payments-default-volume-type"),
            ("update", "payments-volume-types"),
            ("update", f"{GROUP}-spread"),
        }
        stage.up()

        assert cloud.network.get_subnet(subnet.id).host_routes == routes
        assert volume_types.default_of(cloud, project) == kind
        assert cloud.block_storage.get(quotas).json()["quota_set"][LIMIT] == 10
        assert rules(service) == before
    stage.pulumi("preview", "--expect-no-changes")
