"""What the components register for the environment ``sandbox``: inputs, order, options."""

import pytest

from estate.model import Estate
from estate.model.projects import Quota
from review.recording import LOGIN, UNKNOWN, record_estate
from review.registration import Registration
from tests.estates import sandbox

Recorded = dict[str, Registration]
ESXI_SERVERS = ["ledger-db", "ledger-app", "swift-gateway", "hsm-proxy"]
CLUSTER_HOSTS = ["nova-esx-a", "nova-esx-b"]


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return record_estate(sandbox())


@pytest.fixture(scope="module")
def previewed() -> Recorded:
    return record_estate(sandbox(), preview=True)


def waits_for(recorded: Recorded, one: str) -> frozenset[str]:
    """All that is made before ``one``."""
    before = recorded[one].dependencies
    return before.union(*(waits_for(recorded, other) for other in before))


def without(estate: Estate, /, **changes: object) -> Estate:
    """A copy of the estate with some fields of the root replaced, as the loader would have made them."""
    return estate.model_copy(update=changes)


def test_every_declared_thing_is_registered_once(recorded: Recorded) -> None:
    kinds = [one.type for one in recorded.values()]
    assert {kind: kinds.count(kind) for kind in set(kinds) if not kind.startswith("estate:")} == {
        "pulumi:providers:vsphere": 1,
        "vsphere:index/distributedVirtualSwitch:DistributedVirtualSwitch": 1,
        "vsphere:index/distributedPortGroup:DistributedPortGroup": 1,
        "vsphere:index/computeCluster:ComputeCluster": 2,
        "pulumi-python:dynamic/estate:ClusterAsDeclared": 2,
        "openstack:compute/aggregateV2:AggregateV2": 2,
        "pulumi-python:dynamic/estate:ComputeReady": 7,
        "pulumi-python:dynamic/estate:ComputeEnabled": 7,
        "pulumi-python:dynamic/estate:AggregateIsolation": 2,
        "pulumi-python:dynamic/estate:AggregateOpen": 2,
        "pulumi-python:dynamic/estate:LeavingHosts": 2,
        "pulumi-python:dynamic/estate:BackEndReady": 2,
        "openstack:networking/addressScope:AddressScope": 1,
        "openstack:networking/subnetPool:SubnetPool": 1,
        "openstack:networking/network:Network": 4,
        "openstack:networking/rbacPolicyV2:RbacPolicyV2": 1,
        "openstack:networking/subnet:Subnet": 5,
        "pulumi-python:dynamic/estate:HostRoutes": 1,
        "openstack:networking/router:Router": 1,
        "openstack:networking/routerInterface:RouterInterface": 3,
        "openstack:networking/routerRoute:RouterRoute": 1,
        "openstack:networking/secGroup:SecGroup": 2,
        "openstack:networking/secGroupRule:SecGroupRule": 7,
        "openstack:blockstorage/volumeTypeV3:VolumeTypeV3": 3,
        "openstack:blockstorage/qosV3:QosV3": 1,
        "openstack:blockstorage/qosAssociationV3:QosAssociationV3": 1,
        "pulumi-python:dynamic/estate:VolumeTypeEncryption": 1,
        "pulumi-python:dynamic/estate:VolumeTypesInUse": 1,
        "pulumi-python:dynamic/estate:DefaultVolumeType": 1,
        "openstack:identity/project:Project": 1,
        "openstack:compute/quotaSetV2:QuotaSetV2": 1,
        "openstack:networking/quotaV2:QuotaV2": 1,
        "openstack:blockstorage/quoteSetV3:QuoteSetV3": 1,
        "pulumi-python:dynamic/estate:VolumeTypeQuota": 1,
        "openstack:compute/flavor:Flavor": 4,
        "openstack:compute/flavorAccess:FlavorAccess": 2,
        "openstack:images/image:Image": 5,
        "openstack:compute/keypair:Keypair": 1,
        "openstack:compute/serverGroup:ServerGroup": 1,
        "pulumi-python:dynamic/estate:ServersSpread": 1,
        "pulumi-python:dynamic/estate:ShrinkingDisks": 1,
        "openstack:networking/port:Port": 16,
        "openstack:compute/instance:Instance": 12,
        "openstack:blockstorage/volume:Volume": 3,
        "openstack:compute/volumeAttach:VolumeAttach": 3,
    }


def test_cluster_has_drs_fully_automated_and_ha(recorded: Recorded) -> None:
    assert recorded["ComputeCluster::esx-a"].inputs == {
        "name": "esx-a",
        "datacenterId": "id-of-dc1",
        "hostSystemIds": [f"id-of-esxi-a{number}.sandbox.example" for number in (1, 2, 3)],
        "hostClusterExitTimeout": 3600,
        "forceEvacuateOnDestroy": True,
        "drsEnabled": True,
        "drsAutomationLevel": "fullyAutomated",
        "drsMigrationThreshold": 3,
        "haEnabled": True,
        "haAdmissionControlPolicy": "resourcePercentage",
        "haAdmissionControlHostFailureTolerance": 1,
    }


def test_the_triple_agrees_on_both_sides(recorded: Recorded) -> None:
    aggregate, other = recorded["AggregateV2::vendor"].inputs, recorded["AggregateV2::general"].inputs
    assert aggregate["metadata"] == {"trait:CUSTOM_HV_VMWARE": "required", "img_hv_type": "vmware"}
    assert other["metadata"] == {"trait:CUSTOM_HV_KVM": "required", "img_hv_type": "qemu"}
    assert recorded["Flavor::esxi-small"].inputs["extraSpecs"] == {"trait:CUSTOM_HV_VMWARE": "required"}
    assert recorded["Flavor::kvm-small"].inputs["extraSpecs"] == {"trait:CUSTOM_HV_KVM": "required"}
    properties = recorded["Image::linux-esxi"].inputs["properties"]
    assert properties["trait:CUSTOM_HV_VMWARE"] == "required"
    assert properties["hypervisor_type"] == "vmware"
    assert "os_distro" not in properties


def test_esxi_flavors_are_private_with_access_for_their_projects(recorded: Recorded) -> None:
    assert recorded["Flavor::esxi-small"].inputs["isPublic"] is False
    assert recorded["Flavor::kvm-small"].inputs["isPublic"] is True
    assert recorded["FlavorAccess::esxi-small/payments"].inputs == {
        "flavorId": "id-esxi-small",
        "tenantId": "id-payments",
    }


@pytest.mark.parametrize("host", CLUSTER_HOSTS)
def test_a_host_joins_only_when_ready_and_opens_only_when_isolated(recorded: Recorded, host: str) -> None:
    cluster = f"ComputeCluster::{host.removeprefix('nova-')}"
    assert recorded[f"ComputeReady::{host}-ready"].dependencies == {
        cluster,
        "LeavingHosts::vendor-leaving-hosts",
    }
    assert f"ComputeReady::{host}-ready" in recorded["AggregateV2::vendor"].dependencies
    assert "LeavingHosts::vendor-leaving-hosts" in recorded["AggregateV2::vendor"].dependencies
    assert recorded["AggregateIsolation::vendor-isolation"].dependencies == {"AggregateV2::vendor"}
    assert "AggregateIsolation::vendor-isolation" in recorded[f"ComputeEnabled::{host}-enabled"].dependencies


@pytest.mark.parametrize("server", ESXI_SERVERS)
def test_servers_wait_for_every_host_of_their_aggregate_only(recorded: Recorded, server: str) -> None:
    before = waits_for(recorded, f"Instance::{server}")
    assert {f"ComputeEnabled::{host}-enabled" for host in CLUSTER_HOSTS} <= before
    assert not any("kvm" in one for one in before)


def test_kvm_waits_for_nothing_of_vsphere(recorded: Recorded) -> None:
    before = waits_for(recorded, "Instance::reports")
    assert not any("esx" in one or "Cluster" in one for one in before)


def test_host_names_are_known_at_preview(previewed: Recorded) -> None:
    assert previewed["AggregateV2::vendor"].inputs["hosts"] == CLUSTER_HOSTS
    assert previewed["ComputeReady::nova-esx-a-ready"].inputs["clusterId"] == UNKNOWN
    assert previewed["Instance::ledger-db"].inputs["availabilityZone"] == "az-esxi"
    assert previewed["Instance::ledger-db"].property_dependencies["imageId"] == {"Image::linux-esxi"}
    assert previewed["Instance::ledger-db"].property_dependencies["flavorId"] == {"Flavor::esxi-medium"}


def test_ports_wait_for_subnets_and_servers_name_ports(recorded: Recorded) -> None:
    assert recorded["Port::ledger-app/data"].dependencies == {
        "Network::data",
        "Subnet::data/data-v4",
        "SecGroup::web",
    }
    assert recorded["Instance::ledger-app"].inputs["networks"] == [
        {"port": "id-ledger-app/app"},
        {"port": "id-ledger-app/data"},
    ]


def test_a_port_without_groups_gets_none(recorded: Recorded) -> None:
    assert recorded["Port::batch/app"].inputs["noSecurityGroups"] is True
    assert recorded["Port::web-1/app"].inputs["noSecurityGroups"] is False


def test_volumes_stand_in_their_servers_zone(recorded: Recorded) -> None:
    assert recorded["Volume::ledger-db/data"].inputs == {
        "name": "ledger-db/data",
        "size": 10,
        "volumeType": "standard-esxi",
        "volumeRetypePolicy": "on-demand",
        "availabilityZone": "az-esxi",
    }
    assert recorded["VolumeTypeV3::standard-esxi"].inputs["extraSpecs"] == {
        "volume_backend_name": "array1-vc1",
        "RESKEY:availability_zones": "az-esxi",
        "vmware:vmdk_type": "thin",
    }


def test_server_metadata_names_workload_and_restriction(recorded: Recorded) -> None:
    assert recorded["Instance::hsm-proxy"].inputs["metadata"] == {
        "estate_workload": "hsm-proxy",
        "estate_restriction": "licence",
    }
    assert recorded["Instance::web-1"].inputs["metadata"] == {"estate_workload": "web-1"}


def test_a_new_image_or_a_failed_boot_makes_a_new_server(recorded: Recorded) -> None:
    server = recorded["Instance::web-1"]
    assert server.replace_on_changes == ("imageId", "#initerror")
    assert server.delete_before_replace


def test_facts_are_plain_at_preview_and_repeated_as_outputs(previewed: Recorded) -> None:
    workload = previewed["Workload::ledger-db"]
    facts = {
        "name": "ledger-db",
        "servers": ["ledger-db"],
        "hypervisor": "esxi",
        "restricted": True,
        "restriction": {
            "reason": "vendor-support",
            "evidence": "Vendor support statement 2026-03, section 2 (vSphere only)",
            "owner": "payments-platform",
            "review": "2027-06-30",
        },
        "image": {
            "name": "linux-esxi",
            "hypervisor": "esxi",
            "properties": previewed["Image::linux-esxi"].inputs["properties"],
        },
        "flavor": {
            "name": "esxi-medium",
            "hypervisor": "esxi",
            "extraSpecs": {"trait:CUSTOM_HV_VMWARE": "required"},
        },
        "availabilityZone": "az-esxi",
        "volumeTypes": ["standard-esxi"],
    }
    assert workload.inputs == facts
    assert {key: workload.outputs[key] for key in facts} == facts


@pytest.mark.parametrize("kind", ["KvmAggregate::general", "EsxiAggregate::vendor"])
def test_aggregate_facts(previewed: Recorded, kind: str) -> None:
    facts = previewed[kind].inputs
    assert set(facts) == {"name", "hypervisor", "availabilityZone", "hosts", "traits", "metadata"}
    assert UNKNOWN not in str(facts)


def test_every_component_registers_outputs_and_no_props_are_unknown(previewed: Recorded) -> None:
    for key, one in previewed.items():
        if one.type.startswith("estate:"):
            assert one.outputs, key
            assert UNKNOWN not in str(one.inputs), key
            assert not one.custom


def test_children_stand_below_their_component(recorded: Recorded) -> None:
    for key, one in recorded.items():
        # A vCenter's provider, and the gate of all workloads, belong to nobody.
        if one.custom and not one.type.endswith((":vsphere", ":ShrinkingDisks")):
            assert ":estate:index:" in f":{one.parent.split('::')[2]}", key


def test_no_password_in_clear(recorded: Recorded) -> None:
    secrets = [key for key, one in recorded.items() if "hunter2" in str(one.inputs)]
    assert secrets == ["vsphere::vc1"]
    password = recorded["vsphere::vc1"].inputs["password"]
    assert password["4dabf18193072939515e22adb298388d"] == "1b47061264138c4ac30d75fd1eb44270"
    assert recorded["vsphere::vc1"].inputs["allowUnverifiedSsl"] == "false"


def test_gates_are_pickled_by_reference(recorded: Recorded) -> None:
    for one in recorded.values():
        if one.type.startswith("pulumi-python:"):
            assert len(one.inputs["__provider"]) < 150


def test_destroy_forbidden_protects_everything() -> None:
    estate = sandbox()
    forbidden = without(estate, estate=estate.estate.model_copy(update={"destroy": "forbidden"}))
    recorded = record_estate(forbidden)
    assert all(one.protect for one in recorded.values())
    assert recorded["ComputeCluster::esx-a"].inputs["forceEvacuateOnDestroy"] is False
    assert not any(one.protect for one in record_estate(estate).values())


def test_one_changed_rule_touches_one_rule() -> None:
    estate = sandbox()
    web = estate.security_groups["web"]
    rules = tuple(rule for rule in web.rules if rule.ports != "443")
    groups = {**estate.security_groups, "web": web.model_copy(update={"rules": rules})}
    before, after = record_estate(estate), record_estate(without(estate, security_groups=groups))
    assert before.keys() - after.keys() == {
        "SecGroupRule::web/ingress-tcp-443-any/ipv4",
        "SecGroupRule::web/ingress-tcp-443-any/ipv6",
    }
    assert not after.keys() - before.keys()


def test_a_retired_member_leaves_the_others_alone() -> None:
    estate = sandbox()
    workload = estate.workloads["web-1"]

    def members(*names: str) -> Recorded:
        changed = workload.model_copy(update={"members": names})
        return record_estate(without(estate, workloads={"web": changed.model_copy(update={"name": "web"})}))

    before, after = members("web-1", "web-2", "web-3"), members("web-1", "web-3")
    assert before.keys() - after.keys() == {"Instance::web-2", "Port::web-2/app"}
    for key in ("Instance::web-1", "Instance::web-3"):
        assert before[key].inputs == after[key].inputs


def test_an_estate_without_esxi_speaks_to_no_vcenter() -> None:
    estate = sandbox()
    payments = estate.projects["payments"].model_copy(update={"quota": Quota()})
    kvm_only = without(
        estate,
        projects={"payments": payments},
        vcenters={},
        clusters={},
        aggregates={"general": estate.aggregates["general"]},
        workloads={"web-1": estate.workloads["web-1"]},
        storage={},
    )
    recorded = record_estate(kvm_only, preview=True)
    assert not any("vsphere" in one.type for one in recorded.values())


def test_logins_are_not_shown_by_repr() -> None:
    assert "hunter2" not in repr(LOGIN)
