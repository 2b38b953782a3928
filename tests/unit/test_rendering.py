"""What the fragments say; whether OpenStack takes it is tested in tests/sandbox/test_rendering_read.py."""

import json
import re
from pathlib import Path

from typer.testing import CliRunner

from cli.render import app
from estate.rendering import Fragment, render
from sandbox.from_estate import shape
from tests.estates import changed, sandbox
from tests.unit.test_placement_contradictions import SECOND_KVM

CONTROL = "nova-control/etc/nova/nova.conf.d/50-estate.conf"


def rendered(*changes: tuple[str, object]) -> dict[str, Fragment]:
    return {one.name: one for one in render(changed(*changes))}


def conf(fragments: dict[str, Fragment], host: str) -> dict[tuple[str, str], str]:
    return fragments[f"{host}/etc/nova/nova.conf.d/50-estate.conf"].settings


def test_one_file_per_host_and_kind() -> None:
    fragments = render(sandbox())
    assert len({one.name for one in fragments}) == len(fragments) == 24
    provider = [one for one in fragments if one.path.endswith("provider_config/estate.yaml")]
    assert [one.host for one in provider if "CUSTOM_HV_VMWARE" in one.text] == ["nova-esx-a", "nova-esx-b"]
    assert len([one for one in provider if "CUSTOM_HV_KVM" in one.text]) == 5


def test_all_that_the_guarantee_needs_is_set() -> None:
    settings = rendered()[CONTROL].settings
    assert settings["scheduler", "enable_isolated_aggregate_filtering"] == "true"
    assert settings["scheduler", "query_placement_for_image_type_support"] == "true"
    assert settings["scheduler", "image_metadata_prefilter"] == "false"
    assert settings["DEFAULT", "enable_new_services"] == "false"
    assert settings["DEFAULT", "allow_resize_to_same_host"] == "true"
    assert settings["cinder", "cross_az_attach"] == "false"
    assert settings["filter_scheduler", "hypervisor_version_weight_multiplier"] == "0"
    assert "AggregateImagePropertiesIsolation" in settings["filter_scheduler", "enabled_filters"]


def test_requests_without_zone_go_to_the_kvm_zone_if_there_is_one() -> None:
    assert rendered()[CONTROL].settings["DEFAULT", "default_schedule_zone"] == "az-kvm"
    assert ("DEFAULT", "default_schedule_zone") not in rendered(SECOND_KVM)[CONTROL].settings


def test_the_compute_of_a_cluster() -> None:
    settings = conf(rendered(), "nova-esx-a")
    assert settings["DEFAULT", "compute_driver"] == "vmwareapi.VMwareVCDriver"
    # What HA keeps free for one lost host.
    assert settings["DEFAULT", "reserved_host_memory_mb"] == str(256 * 1024)
    assert settings["DEFAULT", "reserved_host_cpus"] == "32"
    assert settings["DEFAULT", "cpu_allocation_ratio"] == "2.0"
    assert settings["DEFAULT", "update_resources_interval"] == "60"
    assert settings["vmware", "cluster_name"] == "esx-a"
    assert re.match(settings["vmware", "datastore_regex"], "ds-shared-1")
    assert not re.match(settings["vmware", "datastore_regex"], "ds-shared-10")
    assert not re.match(settings["vmware", "datastore_regex"], "local-1")


def test_a_cluster_takes_its_own_datastores_only() -> None:
    fragments = rendered(("storage/array1/datastores/ds-shared-2/clusters", "esx-b"))
    assert conf(fragments, "nova-esx-a")["vmware", "datastore_regex"] == "^(ds-shared-1)$"
    assert conf(fragments, "nova-esx-b")["vmware", "datastore_regex"] == "^(ds-shared-1|ds-shared-2)$"


def test_no_file_sets_a_credential_or_an_address() -> None:
    for one in render(sandbox()):
        for section, key in one.settings:
            assert not re.search(r"password|username|host_ip|ca_file|insecure", key), (section, key)
    assert (
        "#   host_ip = vc1.sandbox.example"
        in rendered()["nova-esx-a/etc/nova/nova.conf.d/50-estate.conf"].text
    )


def test_back_ends_stand_in_the_zones_of_their_servers() -> None:
    fragments = rendered()
    stanza = fragments["array1-vc1-az-esxi/etc/cinder/cinder.conf.d/60-array1-vc1-az-esxi.conf"]
    section = "array1-vc1-az-esxi"
    assert stanza.settings[section, "backend_availability_zone"] == "az-esxi"
    assert stanza.settings[section, "vmware_cluster_name"] == "esx-a\nesx-b"
    assert "vmware_cluster_name = esx-a\nvmware_cluster_name = esx-b\n" in stanza.text
    kvm = fragments["array1-az-kvm/etc/cinder/cinder.conf.d/60-array1-az-kvm.conf"]
    assert set(kvm.settings) == {
        ("array1-az-kvm", "volume_backend_name"),
        ("array1-az-kvm", "backend_availability_zone"),
    }


def test_every_protected_property_of_our_images_is_left_out_of_snapshots() -> None:
    left_out = rendered()[CONTROL].settings["DEFAULT", "non_inheritable_image_properties"].split(",")
    from estate.placement.triple import image_properties  # noqa: PLC0415

    for image in sandbox().images.values():
        assert set(image_properties(image)) <= set(left_out)


def test_rendering_twice_is_the_same() -> None:
    assert render(sandbox()) == render(changed())


def test_the_shape_of_a_sandbox_is_the_documents() -> None:
    made = shape(sandbox(), "trial")
    assert (made.name, made.region, made.release) == ("trial", "RegionOne", "2026.2")
    assert [one.name for one in made.kvm_hosts] == [f"kvm0{n}.sandbox.example" for n in range(1, 6)]
    assert made.kvm_hosts[0].memory_mib == 128 * 1024
    (vcenter,) = made.vcenters
    assert [one.name for one in vcenter.hosts if one.threads == 32] == [
        *(f"esxi-a{n}.sandbox.example" for n in (1, 2, 3)),
        *(f"esxi-b{n}.sandbox.example" for n in (1, 2)),
    ]
    assert all(len(one.hosts) == 5 for one in vcenter.datastores)
    assert [(one.name, one.kind) for one in made.backends] == [
        ("array1-az-kvm", "kvm"),
        ("array1-vc1-az-esxi", "vmdk"),
    ]
    assert {(one.path, one.subformat, one.adapter) for one in made.images} == {
        ("linux.qcow2", None, None),
        ("batch-2026.1.qcow2", None, None),
        ("batch-2025.4.qcow2", None, None),
        ("linux-sparse.vmdk", "monolithicSparse", "lsilogic"),
        ("appliance-stream.vmdk", "streamOptimized", "lsilogic"),
    }
    fragments = rendered()
    assert made.scheduler_conf == fragments[CONTROL].text
    assert made.clusters[0].nova_conf == fragments["nova-esx-a/etc/nova/nova.conf.d/50-estate.conf"].text


def test_command_writes_the_files(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["sandbox", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert result.output == f"24 files written below {tmp_path}.\n"
    assert (tmp_path / CONTROL).read_text() == rendered()[CONTROL].text


def test_command_as_json() -> None:
    result = CliRunner().invoke(app, ["sandbox", "--format", "json"])
    fragments = json.loads(result.stdout)["fragments"]
    assert fragments[0]["service"] == "nova-control"
    assert {"section": "cinder", "key": "cross_az_attach", "value": "false"} in fragments[0]["settings"]


def test_command_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(app, ["sandbox", "--out", str(tmp_path / "file")])
    assert result.exit_code == 2
    assert "cannot be written: Not a directory" in result.stderr


def neutron(*changes: tuple[str, object]) -> dict[tuple[str, str], str]:
    settings: dict[tuple[str, str], str] = {}
    for one in rendered(*changes).values():
        if one.service == "neutron-server":
            settings |= one.settings
    return settings


def test_neutron_has_the_back_end_that_the_documents_name() -> None:
    nsx = {"dhcp_profile": "dhcp", "metadata_proxy": "proxy", "overlay_transport_zone": "tz-overlay"}
    assert neutron(("estate/nsx", nsx)) == {
        ("DEFAULT", "core_plugin"): "vmware_nsxp",
        ("DEFAULT", "dhcp_agent_notification"): "false",
        ("nsx_p", "default_overlay_tz"): "tz-overlay",
        ("nsx_p", "dhcp_profile"): "dhcp",
        ("nsx_p", "metadata_proxy"): "proxy",
    }
    vlan = ("networks/app/vlan", {"id": 7, "transport_zone": "physnet1"})
    no_way_out = (("routers/core/external_network", None), ("networks/partners", None))
    settings = neutron(("estate/network_backend", "ovn"), vlan, *no_way_out)
    assert settings["ml2", "mechanism_drivers"] == "ovn"
    assert settings["ml2_type_vlan", "network_vlan_ranges"] == "physnet1,tz-vlan"
    assert ("ml2_type_flat", "flat_networks") not in settings
    assert ("DEFAULT", "global_physnet_mtu") not in settings
    larger = neutron(("estate/network_backend", "ovn"), vlan, ("networks/app/mtu", 9000), *no_way_out)
    assert larger["DEFAULT", "global_physnet_mtu"] == "9000"


def test_storage_policies_limit_what_counts_as_capacity() -> None:
    place = "storage/array1/volume_types/standard-esxi/storage_policy"
    name = "array1-vc1-az-esxi/etc/cinder/cinder.conf.d/60-array1-vc1-az-esxi.conf"
    key = ("array1-vc1-az-esxi", "vmware_storage_profile")
    assert key not in rendered()[name].settings
    assert rendered((place, "Gold"))[name].settings[key] == "Gold"


def test_the_default_volume_type_is_said_to_the_api() -> None:
    name = "cinder-api/etc/cinder/cinder.conf.d/55-estate.conf"
    assert name not in rendered()
    fragment = rendered(("estate/default_volume_type", "standard-kvm"))[name]
    assert fragment.settings == {("DEFAULT", "default_volume_type"): "standard-kvm"}
