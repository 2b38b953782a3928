"""What was found in a cloud → documents, and what is left out; without any cloud."""

import os
from pathlib import Path
from typing import Any

import pulumi_openstack
import pulumi_vsphere
import pytest
from typer.testing import CliRunner

from cli import app
from estate.adoption import Found, FoundCluster, FoundDatastore, FoundHost, describe, left
from estate.adoption.documents import texts
from estate.adoption.found import FoundEsxiHost
from estate.documents import load
from estate.documents.formatting import formatted

ROOT = Path(__file__).parents[2]
ESTATE: dict[str, Any] = {
    "estate": {"name": "found"},
    "vcenters": {"vc1": {"server": "vc1", "datacenter": "dc1", "switch": "dvs"}},
}


def thing(**said: Any) -> dict[str, Any]:
    """An object whose other attributes are not set, as openstacksdk gives it."""

    class Thing(dict[str, Any]):
        def __missing__(self, key: str) -> None:
            return None

    return Thing(said)


def host(name: str, hypervisor: str = "QEMU", node: str = "") -> FoundHost:
    sizes = {"VCPU": 16, "MEMORY_MB": 65536, "DISK_GB": 500}
    return FoundHost(
        host=name,
        node=node or name,
        hypervisor=hypervisor,
        inventories={key: {"total": size, "allocation_ratio": 1.0} for key, size in sizes.items()},
        traits=frozenset({"CUSTOM_HV_KVM", "CUSTOM_NVME", "HW_CPU_X86_AVX2"}),
    )


def server(name: str, **said: Any) -> dict[str, Any]:
    values = {
        "id": f"id-{name}",
        "name": name,
        "status": "ACTIVE",
        "compute_host": "kvm1",
        "availability_zone": "az-1",
        "image": {"id": "i1"},
        "flavor": {"original_name": "small"},
    }
    return thing(**{**values, **said})


def port(of: str, network: str = "n1", **said: Any) -> dict[str, Any]:
    values = {"id": f"port-{of}-{network}", "device_id": f"id-{of}", "device_owner": "compute:az-1"}
    return thing(**{**values, "network_id": network, "security_group_ids": ["g1"], "fixed_ips": [], **said})


def rule(**said: Any) -> dict[str, Any]:
    return thing(**{"id": str(sorted(said.items())), "direction": "ingress", "ethertype": "IPv4", **said})


FOUND = Found(
    hosts=(
        host("kvm1"),
        host("kvm2"),
        host("nova-a", "VMware vCenter Server", "domain-c1.uuid"),
        host("spare"),
    ),
    clusters=(
        FoundCluster(
            vcenter="vc1",
            name="esx-a",
            node="domain-c1.uuid",
            hosts=tuple(
                FoundEsxiHost(
                    name=name,
                    cores=8,
                    threads=16,
                    memory=65536,
                    cpu="intel-icelake",
                    adapters={"management": "vmk0", "vmotion": "vmk1"},
                    uplinks={"dvs": ("vmnic2",)},
                )
                for name in ("esxi1", "esxi2")
            ),
            drs="fullyAutomated",
            migration_rate=3,
            ha=True,
            host_failures=1,
            evc=None,
        ),
    ),
    datastores=(
        FoundDatastore(vcenter="vc1", name="ds1", capacity=1000, hosts=frozenset({"esxi1", "esxi2"})),
    ),
    aggregates=(
        thing(
            id=1, name="general", availability_zone="az-1", hosts=["kvm1", "kvm2"], metadata={"hall": "north"}
        ),
        thing(id=2, name="vsphere", availability_zone="az-2", hosts=["nova-a"], metadata={}),
        thing(id=3, name="ssd", hosts=["kvm1"], metadata={"ssd": "true"}),
    ),
    flavors=(
        thing(
            id="f1", name="small", vcpus=1, ram=2048, disk=10, is_public=True, extra_specs={"cpu_arch": "x"}
        ),
        thing(id="f2", name="swapping", vcpus=1, ram=2048, disk=10, swap=512, extra_specs={}),
        thing(id="f3", name="diskless", vcpus=1, ram=2048, disk=0, extra_specs={}),
    ),
    images=(
        thing(
            id="i1",
            name="linux",
            status="active",
            disk_format="qcow2",
            container_format="bare",
            hash_algo="sha512",
            hash_value="a" * 128,
            virtual_size=3 * 2**30 + 1,
            min_disk=0,
            min_ram=0,
        ),
    ),
    networks=(
        thing(id="n1", name="office"),
        thing(id="n2", name="twin"),
        thing(id="n3", name="twin"),
        thing(id="n4", name="empty"),
        thing(id="n5", name="Büro"),
    ),
    subnets=(
        thing(
            id="s1",
            name="office-v4",
            network_id="n1",
            cidr="10.0.0.0/24",
            gateway_ip="10.0.0.1",
            allocation_pools=[{"start": "10.0.0.2", "end": "10.0.0.254"}],
            is_dhcp_enabled=True,
        ),
    ),
    ports=(port("web-1"), port("web-2"), port("lonely", "n2"), port("db"), port("diskless-1")),
    security_groups=(
        thing(
            id="g1",
            name="web",
            security_group_rules=[
                rule(direction="egress"),
                rule(direction="egress", ethertype="IPv6"),
                rule(protocol="tcp", port_range_min=443, port_range_max=443, remote_ip_prefix="0.0.0.0/0"),
                rule(protocol="tcp", port_range_min=8000, port_range_max=8010, remote_group_id="g1"),
                rule(protocol="icmp", port_range_min=8, port_range_max=0),
                rule(protocol="132"),
            ],
        ),
        thing(id="g2", name="default", project_id="p1", security_group_rules=[]),
    ),
    servers=(
        server("web-1"),
        server("web-2"),
        server("lonely"),
        server("Legacy Box"),
        server("db", status="ERROR"),
        server("homeless"),
        server("diskless-1", flavor={"original_name": "diskless"}),
    ),
    floating_ips=(thing(id="x", floating_ip_address="198.51.100.7"),),
)


def reasons(found: Found = FOUND) -> dict[str, str]:
    return {one.what: one.reason for one in describe(found, ESTATE).left_out}


def test_what_can_be_said_is_said() -> None:
    blocks = describe(FOUND, ESTATE).blocks

    assert blocks["aggregates"]["general"] == {
        "hypervisor": "kvm",
        "availability_zone": "az-1",
        "host_classes": {
            "class-1": {
                "hosts": ["kvm[1-2]"],
                "vcpus": 16,
                "memory": "64 GiB",
                "disk": "500 GiB",
                "nics": {"storage": ["unknown-storage"], "data": ["unknown-data"]},
                "traits": ["CUSTOM_NVME"],
            }
        },
        "cpu_allocation_ratio": 1.0,
        "metadata": {"hall": "north"},
    }
    assert blocks["clusters"]["esx-a"]["compute_host"] == "nova-a"
    assert blocks["storage"]["datastores-vc1"]["datastores"] == {
        "ds1": {"capacity": "1000 GiB", "clusters": ["esx-a"]}
    }
    assert blocks["networks"]["office"] == {"subnets": {"office-v4": {"cidr": "10.0.0.0/24"}}}
    assert blocks["flavors"]["diskless"]["disk"] == "0 GiB"
    assert blocks["images"]["linux"]["virtual_size"] == "4 GiB"
    assert blocks["workloads"] == {
        "web": {
            "members": ["web-[1-2]"],
            "image": "linux",
            "flavor": "small",
            "networks": ["office"],
            "security_groups": ["web"],
        }
    }


def test_a_rule_for_one_version_stays_one() -> None:
    assert describe(FOUND, ESTATE).blocks["security_groups"]["web"]["rules"] == [
        {"direction": "egress", "protocol": "any"},
        {"protocol": "tcp", "ports": "443", "remote": "0.0.0.0/0"},
        {"protocol": "tcp", "ports": "8000-8010", "group": "web", "ip_version": 4},
    ]


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ('network "Büro"', "its name is not valid in the language"),
        ('network "twin"', "2 have this name"),
        ('network "empty"', "a network needs at least one subnet"),
        ('server "Legacy Box"', "its name is not valid in the language"),
        ('server "lonely"', "it has a port in network n2, which is left out"),
        ('server "db"', "it is ERROR"),
        ('server "homeless"', "it has no port"),
        ('aggregate "ssd"', "it is no availability zone"),
        ('host "spare"', "it is in no aggregate"),
        ('flavor "swapping"', "it has swap or an ephemeral disk"),
        ('server "diskless-1"', "it boots from its image, and its flavor diskless has no root disk"),
        ('flavor "small", extra spec cpu_arch', "the language has no word for it"),
        ('aggregate "general", nics', "OpenStack does not know the network cards"),
        ('floating address "198.51.100.7"', "the language does not know them"),
    ],
)
def test_what_cannot_be_said_is_listed_with_its_reason(what: str, reason: str) -> None:
    assert reason in reasons()[what]


def test_of_a_rule_too() -> None:
    said = [reason for what, reason in reasons().items() if what.startswith("rule ")]
    assert sorted(said) == [
        "the language has no protocol 132; left as found",
        "the language has no types and codes of icmp; left as found",
    ]


def test_the_documents_are_in_form_and_in_order(tmp_path: Path) -> None:
    for file, text in texts({**describe(FOUND, ESTATE).blocks, **ESTATE}).items():
        assert formatted(text.encode(), file) == text
        (tmp_path / file).write_text(text)
    (tmp_path / "estate.yaml").write_text(
        "estate: {name: found}\nvcenters: {vc1: {server: vc1, datacenter: dc1, switch: dvs}}\n"
    )
    loaded = load(tmp_path)
    assert loaded.problems == ()
    assert loaded.estate is not None
    assert loaded.estate.workloads["web"].servers == ("web-1", "web-2")


def test_what_documents_say_already_is_not_said_again() -> None:
    first = describe(FOUND, ESTATE)
    again = describe(FOUND, {**ESTATE, **first.blocks})
    assert again.blocks == {}
    assert again.ids == first.ids
    assert 'aggregate "general", nics' not in {one.what for one in again.left_out}


def test_a_new_member_does_not_hide_in_a_workload_that_is_there() -> None:
    first = describe(FOUND, ESTATE)
    more = Found(
        **{
            **vars(FOUND),
            "servers": (*FOUND.servers, server("web-3")),
            "ports": (*FOUND.ports, port("web-3")),
        }
    )
    assert set(describe(more, {**ESTATE, **first.blocks}).blocks["workloads"]) == {"web-3"}


def test_a_flavor_of_both_sides_goes_with_its_servers() -> None:
    both = Found(
        **{
            **vars(FOUND),
            "servers": (
                *FOUND.servers,
                server("erp", compute_host="nova-a", availability_zone="az-2", image={}),
            ),
        }
    )
    said = reasons(both)
    assert said['flavor "small"'] == "servers of both hypervisors have it, and a flavor is for one of them"
    assert "its flavor small is left out" in said['server "web-1"']


@pytest.mark.parametrize("table", [left.NOTED, left.LEFT])
def test_each_field_is_one_of_its_type(table: dict[str, tuple[left.Field, ...]]) -> None:
    packages = {"openstack": pulumi_openstack, "vsphere": pulumi_vsphere}
    for kind, fields in table.items():
        if kind.startswith(left.GATES):
            continue
        package, module, name = kind.split(":")
        inside = packages[package]
        if package == "openstack":
            inside = getattr(inside, module.partition("/")[0])
        resource = getattr(inside, name)
        has = {key.replace("_", "") for key in dir(resource)}
        assert [one.name for one in fields if one.name.lower() not in {*has, left.DEFAULTED}] == [], kind


def test_the_table_in_the_docs_is_current() -> None:
    text = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    assert text.endswith(left.markdown()), "docs/import.md is not what the code says; `make language`"


def estate_import(folder: Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["import", str(folder)])
    return done.exit_code, done.stderr.strip()


def test_without_a_cloud_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith("OS_")]:
        monkeypatch.delenv(variable)
    (tmp_path / "estate.yaml").write_text("estate: {name: found}\n")
    code, said = estate_import(tmp_path)
    assert code == 2
    assert "has neither a running sandbox" in said
    assert "\n" not in said


def test_without_documents_and_with_wrong_ones_it_says_so(tmp_path: Path) -> None:
    assert estate_import(tmp_path) == (2, f"Error: expected documents (*.yaml) in {tmp_path}, found none.")
    (tmp_path / "estate.yaml").write_text("estate: {nome: found}\n")
    code, said = estate_import(tmp_path)
    assert code == 2
    assert f"{tmp_path / 'estate.yaml'}:1:10" in said


@pytest.mark.parametrize(
    ("kind", "path", "is_left"),
    [
        ("compute/aggregateV2:AggregateV2", 'metadata["trait:CUSTOM_HV_KVM"]', True),
        ("compute/aggregateV2:AggregateV2", "metadata.img_hv_type", True),
        ("compute/aggregateV2:AggregateV2", "metadata.hall", False),
        ("compute/aggregateV2:AggregateV2", "hosts[0]", False),
        ("compute/instance:Instance", "metadata.estate_workload", True),
        ("compute/instance:Instance", "flavorId", False),
        ("images/image:Image", 'properties["owner_specified.openstack.md5"]', True),
    ],
)
def test_only_what_the_table_says_is_left(kind: str, path: str, is_left: bool) -> None:
    assert (left.field(left.LEFT, f"openstack:{kind}", path) is not None) is is_left


def test_a_default_of_the_provider_is_left_where_the_program_says_nothing() -> None:
    kind = "vsphere:index/computeCluster:ComputeCluster"
    assert left.field(left.LEFT, kind, "haVmRestartTimeout", {"haVmRestartTimeout"}) is not None
    assert left.field(left.LEFT, kind, "drsMigrationThreshold", {"haVmRestartTimeout"}) is None
