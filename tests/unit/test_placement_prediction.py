"""Where servers will land, and which back ends serve them."""

import pytest

from estate.placement.pairing import back_ends, volume_type_extra_specs, zones
from estate.placement.prediction import UnplaceableError, accepting, predict
from tests.estates import changed, sandbox
from tests.unit.test_placement_contradictions import SECOND_KVM


def test_every_server_of_the_sandbox_has_one_aggregate() -> None:
    found = predict(sandbox())
    assert {name for name, one in found.items() if one.aggregate == "vendor"} == {
        "ledger-db",
        "ledger-app",
        "swift-gateway",
        "hsm-proxy",
    }
    assert len(found) == 12
    assert found["ledger-db"].compute_hosts == ("nova-esx-a", "nova-esx-b")
    assert found["ledger-db"].zone == "az-esxi"
    assert "CUSTOM_HV_VMWARE" in found["ledger-db"].decided_by
    assert found["web-1"].compute_hosts == tuple(f"kvm0{n}.sandbox.example" for n in range(1, 6))


def test_members_land_where_their_workload_does() -> None:
    found = predict(changed(("workloads/cache/members", "cache-[1-3]")))
    assert found["cache-1"] == found["cache-3"]
    assert "cache" not in found


def test_a_zone_decides_between_aggregates_of_one_hypervisor() -> None:
    estate = changed(
        SECOND_KVM,
        *((f"workloads/{name}/availability_zone", "az-kvm") for name in ("web-1", "web-2", "api-1", "api-2")),
        *(
            (f"workloads/{name}/availability_zone", "az-batch")
            for name in ("batch", "queue", "cache", "reports")
        ),
    )
    found = predict(estate)
    assert found["web-1"].aggregate == "general"
    assert found["batch"].aggregate == "batch"
    assert found["batch"].zone == "az-batch"
    assert found["batch"].compute_hosts == ("kvmb1.sandbox.example", "kvmb2.sandbox.example")


def test_several_or_no_aggregate_is_one_sentence() -> None:
    with pytest.raises(
        UnplaceableError, match=r'workload "web-1": expected exactly one .*found general, batch'
    ):
        predict(changed(SECOND_KVM))
    with pytest.raises(UnplaceableError, match="found none"):
        predict(changed(("workloads/web-1/flavor", "esxi-small")))


def test_image_and_flavor_of_two_sides_require_both_traits_and_fit_nowhere() -> None:
    estate = changed(("workloads/web-1/flavor", "esxi-small"))
    workload = estate.workloads["web-1"]
    assert accepting(estate, workload) == ()


def test_one_back_end_per_side_and_zone() -> None:
    kvm, esxi = back_ends(sandbox())
    assert (kvm.name, kvm.zone, kvm.volume_backend_name) == ("array1-az-kvm", "az-kvm", "array1-kvm")
    assert (esxi.name, esxi.zone, esxi.volume_backend_name) == ("array1-vc1-az-esxi", "az-esxi", "array1-vc1")
    assert esxi.clusters == ("esx-a", "esx-b")
    assert esxi.datastores == ("ds-shared-1", "ds-shared-2")


def test_zones_of_one_side_share_the_back_end_name_and_not_the_back_end() -> None:
    estate = changed(SECOND_KVM)
    assert [one.name for one in back_ends(estate)] == [
        "array1-az-batch",
        "array1-az-kvm",
        "array1-vc1-az-esxi",
    ]
    assert zones(estate, "standard-kvm") == ("az-batch", "az-kvm")
    assert volume_type_extra_specs(estate, "standard-kvm") == {
        "volume_backend_name": "array1-kvm",
        "RESKEY:availability_zones": "az-batch,az-kvm",
    }


def test_a_second_esxi_aggregate_of_one_vcenter_has_back_ends_of_its_own() -> None:
    estate = changed(
        ("aggregates/vendor/clusters", "esx-a"),
        ("aggregates/other", {"hypervisor": "esxi", "availability_zone": "az-other", "clusters": "esx-b"}),
    )
    found = {one.zone: one.clusters for one in back_ends(estate) if one.vcenter == "vc1"}
    assert found == {"az-esxi": ("esx-a",), "az-other": ("esx-b",)}


def test_extra_specs_of_an_esxi_volume_type() -> None:
    estate = changed(("storage/array1/volume_types/standard-esxi/provisioning", "eager-zeroed-thick"))
    assert volume_type_extra_specs(estate, "standard-esxi") == {
        "volume_backend_name": "array1-vc1",
        "RESKEY:availability_zones": "az-esxi",
        "vmware:vmdk_type": "eagerZeroedThick",
    }
