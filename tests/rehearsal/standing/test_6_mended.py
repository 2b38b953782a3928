"""Act 6, too: what others changed by hand one preview names, and one ``up`` sets again, beside what documents
change.
"""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from pyVmomi import vim

from estate.openstack import volume_types
from estate.vsphere import spreading
from tests.rehearsal.intruders import Intruders
from tests.rehearsal.stage import Stage
from tests.rehearsal.standing.test_2_landing_differences import find
from tests.rehearsal.standing.test_6_changes import planned, steps

pytestmark = pytest.mark.usefixtures("applied", "without_pack")

TRAIT = "trait:CUSTOM_HV_VMWARE"
ESXI = {"nova-esx-a", "nova-esx-b"}
GROUP = "vendors"
LIMIT = "volumes_standard-esxi"


def intrude(stage: Stage) -> set[str]:
    """Hosts on which an intruder lands right now."""
    with Intruders(stage) as intruders:
        intruders.more(3)
    return {fate.host for fate in intruders.fates if fate.status == "ACTIVE"}


def members(stage: Stage) -> set[str]:
    """Ids of the group's servers."""
    names = [name for name, one in stage.estate.servers().items() if one.server_group == GROUP]
    return {stage.cloud.compute.find_server(name).id for name in names}


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


@dataclass(frozen=True)
class Found:
    """What there is of all that is changed here."""

    metadata: dict[str, str]
    """Of the ESXi aggregate."""
    mirrored: list[str]
    """Aggregates in which placement has the second cluster's resource provider."""
    routes: list[dict[str, str]]
    default: str | None
    """Id of the project's default volume type."""
    limit: int
    rules: dict[str, set[str]]
    drs: tuple[bool, str, int]


class Cloud:
    """What others do to it, and what is there."""

    def __init__(self, stage: Stage, service: Any) -> None:
        self._stage = stage
        self._service = service
        self._cloud = cloud = stage.cloud
        self.aggregate = cloud.compute.find_aggregate("vendor")
        self._subnet = cloud.network.find_subnet("app-v4")
        self._project = cloud.get_project("payments").id
        self._quotas = f"/os-quota-sets/{self._project}"
        (hypervisor,) = [
            one
            for one in cloud.compute.hypervisors(details=True)
            if one.service_details["host"] == "nova-esx-b"
        ]
        self._memberships = f"/resource_providers/{hypervisor.id}/aggregates"

    def found(self) -> Found:
        cloud = self._cloud
        drs = find(self._service, vim.ClusterComputeResource, name="esx-a").configurationEx.drsConfig
        return Found(
            metadata=cloud.compute.get_aggregate(self.aggregate).metadata,
            mirrored=cloud.placement.get(self._memberships, microversion="1.19").json()["aggregates"],
            routes=cloud.network.get_subnet(self._subnet.id).host_routes,
            default=volume_types.default_of(cloud, self._project),
            limit=cloud.block_storage.get(self._quotas).json()["quota_set"][LIMIT],
            rules=rules(self._service),
            drs=(drs.enabled, drs.defaultVmBehavior, drs.vmotionRate),
        )

    def switch_isolation_off(self) -> None:
        self._cloud.compute.set_aggregate_metadata(self.aggregate, {TRAIT: None})

    def unmirror(self) -> None:
        """What Nova leaves when the resource provider was missing: the host is in, its mirror is not."""
        before = self._cloud.placement.get(self._memberships, microversion="1.19").json()
        body = {"aggregates": [], "resource_provider_generation": before["resource_provider_generation"]}
        answer = self._cloud.placement.put(self._memberships, json=body, microversion="1.19")
        assert answer.status_code == 200

    def change_the_rest(self) -> None:
        """What the OpenStack provider has no resource for."""
        default = volume_types.default_of(self._cloud, self._project)
        assert default
        self._cloud.network.update_subnet(
            self._subnet, host_routes=[{"destination": "10.9.0.0/16", "nexthop": "10.20.0.9"}]
        )
        volume_types.unset_default(self._cloud, self._project, default)
        self._cloud.block_storage.put(self._quotas, json={"quota_set": {LIMIT: 99}})
        spreading.mend(self._service, GROUP, [], list(self._stage.estate.clusters))
        assert rules(self._service) == {}


def test_one_up_sets_all_of_it_again(stage: Stage) -> None:
    with stage.vcenter() as service:
        cloud = Cloud(stage, service)
        before = cloud.found()
        assert before.metadata[TRAIT] == "required"
        assert before.routes == [{"destination": "10.99.0.0/16", "nexthop": "10.20.0.3"}]
        kinds = {one.id: one.name for one in stage.cloud.block_storage.types()}
        assert kinds[before.default or ""] == "standard-kvm"
        assert before.limit == 10
        # Three members and two clusters: one of them has two, which Nova cannot keep apart.
        assert any(len(together) > 1 for together in before.rules.values())
        assert set().union(*before.rules.values()) <= members(stage)
        assert before.drs == (True, "fullyAutomated", 3)

        cloud.switch_isolation_off()
        # The control of act 1: without the trait on the aggregate the same intruder does land on ESXi.
        assert intrude(stage) & ESXI
        cloud.unmirror()
        cloud.change_the_rest()
        stage.edit("compute.yaml", "clusters", "esx-a", "drs", "migration_threshold", value=4)

        preview = planned(stage)
        assert steps(preview) == {
            ("update", "esx-a"),
            ("update", "vendor-isolation"),
            ("update", "app/app-v4-routes"),
            ("update", "payments-default-volume-type"),
            ("update", "payments-volume-types"),
            ("update", f"{GROUP}-spread"),
        }
        said = "\n".join(one["message"] for one in preview["diagnostics"])
        assert f"aggregate vendor does not isolate: its metadata lacks {TRAIT}=required" in said
        assert "placement does not have nova-esx-b in it" in said

        stage.up()

        assert cloud.found() == replace(before, drs=(True, "fullyAutomated", 4))
    assert intrude(stage) == set()
    stage.pulumi("preview", "--expect-no-changes")
