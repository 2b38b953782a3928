"""What a sandbox makes in place of what the documents take for existing, and what is said of it."""

import pytest

from estate.documents import load
from estate.model import Estate
from operations import rehearsal, target
from operations.errors import OperationError
from operations.stand_ins import stand_ins
from sandbox import lifecycle
from sandbox.from_estate import shape
from tests.estates import ROOT


@pytest.fixture(scope="module")
def prod() -> Estate:
    estate = load(ROOT / "stacks" / "prod").estate
    assert estate is not None
    return estate


def test_a_referenced_cluster_exists_beforehand_as_the_documents_say(prod: Estate) -> None:
    (vcenter,) = shape(prod, "trial").vcenters
    (cluster,) = vcenter.clusters
    assert (cluster.name, cluster.evc, cluster.drs) == ("esx-b", "intel-icelake", "fullyAutomated")
    assert cluster.ha
    assert cluster.admission_control
    hosts = {host.name: host for host in vcenter.hosts}
    assert {hosts[name].vmotion for name in cluster.hosts} == {"vmk1"}
    assert {hosts[name].cpu for name in cluster.hosts} == {"intel-icelake", "intel-sapphirerapids"}


def test_foreign_machines_together_are_the_declared_load(prod: Estate) -> None:
    (vcenter,) = shape(prod, "trial").vcenters
    machines = vcenter.clusters[0].machines
    load_ = prod.clusters["esx-b"].foreign
    assert load_ is not None
    assert len(machines) == len({one.name for one in machines}) == load_.machines
    assert sum(one.vcpus for one in machines) == load_.vcpus
    assert sum(one.memory_mib for one in machines) == load_.memory
    assert sum(one.disk_gib for one in machines) == load_.disk
    assert {one.datastore for one in machines} <= {one.name for one in vcenter.datastores}


def test_a_storage_policy_is_fulfilled_by_the_datastores_of_its_array(prod: Estate) -> None:
    (vcenter,) = shape(prod, "trial").vcenters
    assert {one.name: one.datastores for one in vcenter.policies} == {
        "tier-gold": ("ds-gold-1", "ds-gold-2"),
        "tier-silver": ("ds-silver-1", "ds-silver-2"),
        "tier-bronze": ("ds-bronze-1",),
    }


def test_referenced_projects_exist_beforehand(prod: Estate) -> None:
    assert shape(prod, "trial").projects == ("treasury",)


def test_all_that_was_stood_in_for_is_said(prod: Estate) -> None:
    said = {one.what: one.names for one in stand_ins(prod)}
    assert said["referenced clusters"] == ("esx-b",)
    assert said["foreign machines"] == ("60 in esx-b",)
    assert said["referenced projects"] == ("treasury",)
    assert said["existing networks"] == ("wan",)
    assert said["tier-0 uplinks"] == ("internet",)
    assert said["secrets"] == ("hsm-proxy-enrolment", "sign-on-join")
    assert said["encryption keys"] == ("gold-vault-kvm",)
    assert set(said["storage policies"]) == {"tier-gold", "tier-silver", "tier-bronze"}
    assert "rhel9-esxi-2025.4" in said["images"]


def test_the_shell_of_a_sandbox_means_that_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load(ROOT / "stacks" / "prod")
    mine = lifecycle.folder(rehearsal.key(loaded.folder)) / "clouds.yaml"
    monkeypatch.setenv("OS_CLOUD", lifecycle.CLOUD)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(mine))
    stopped = lifecycle.Status("stopped", [], [])
    monkeypatch.setattr(lifecycle, "status", lambda _key: stopped)
    with pytest.raises(OperationError, match="neither a running sandbox"):
        target.target(loaded)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", "/etc/openstack/clouds.yaml")
    assert target.target(loaded).cloud == lifecycle.CLOUD
