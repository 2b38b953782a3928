"""A cloud that was filled by hand, with vSphere clusters that were there before, is imported.

Short siblings: tests/unit/test_adoption.py (what the documents say), tests/components/test_adopted.py and
test_gates.py (what the program and its gates do in an import).
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from pyVmomi import vim

from estate.documents import load
from estate.documents.formatting import formatted
from estate.openstack import found as in_cloud
from estate.vsphere.inventory import collect
from operations import adoption, rehearsal
from operations.stack import PROGRAM
from policies.over_documents import judged
from sandbox import lifecycle
from tests.adoption.by_hand import fill
from tests.long.by_command import rehearsed
from tests.long.test_two_vcenters import DOCUMENTS as TWO_VCENTERS
from tests.rehearsal.stage import Stage
from toolchain.progress import Progress

ESTATE = """\
estate: {name: found, network_backend: nsx-policy, destroy: allowed}
vcenters:
  vc1: {server: vc1.sandbox.example, datacenter: dc1, switch: dvs-data}
"""
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIItLv/XASBYglQbVNw8AOcPJla0vWqOcnNBkwuTyHBqP others"
_VOLATILE = {
    "updated_at",
    "DISK_GB",
    "disk_available",
    "memory_free",
    "updates",
    "location",
    "revision_number",
    "status",
}
"""What follows by itself upon the filling, e.g. once a port is plugged in."""


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Stage]:
    """The cloud of a sandbox, filled by hand; of its environment there is an estate.yaml only."""
    documents = copytree(PROGRAM / "stacks" / "sandbox", tmp_path / "found")
    compute = documents / "compute.yaml"
    # The clusters and the switch were there before.
    text = re.sub(r"    managed_switch:.*\n", "", compute.read_text())
    compute.write_text(text.replace("    vcenter: vc1\n", "    mode: referenced\n    vcenter: vc1\n"))
    try:
        stage = Stage(documents)
        fill(stage.cloud, Path(stage.stack.environment["ESTATE_IMAGES"]))
        for file in documents.glob("*.yaml"):
            file.unlink()
        (documents / "estate.yaml").write_text(ESTATE)
        yield stage
    finally:
        lifecycle.stop(rehearsal.key(documents))


def imported(stage: Stage, *, overwrite: bool = False) -> adoption.Report:
    return adoption.adopt(load(stage.documents), Progress(), sandbox=True, overwrite=overwrite)


def found(stage: Stage) -> dict[str, Any]:
    """All that is there, without what changes by itself."""
    with stage.stack.entered():
        seen = asdict(in_cloud.observe(stage.cloud))
    # Pools tell the time.
    return {kind: _steady(things) for kind, things in seen.items() if kind != "pools"}


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Each place where two values differ, with both."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [said for key in one for said in differences(one[key], other[key], f"{where}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [said for index, (a, b) in pairs for said in differences(a, b, f"{where}[{index}]")]
    return [] if one == other else [f"{where}: {one!r}, then {other!r}"]


def _steady(value: Any) -> Any:
    """Without what changes by itself, and in one order: lists of a cloud have none."""
    if isinstance(value, dict):
        return {key: _steady(inner) for key, inner in value.items() if key not in _VOLATILE}
    return sorted(map(_steady, value), key=repr) if isinstance(value, list | tuple) else value


def previewed(stage: Stage) -> set[str]:
    """``OP TYPE::NAME`` of what a preview would do."""
    output = stage.pulumi("preview", "--json", policies=False)
    document, _ = json.JSONDecoder().raw_decode(output, output.index("\n{\n") if output[0] != "{" else 0)
    return {
        f"{one['op']} {one['urn'].split('::')[2].rpartition(':')[2]}::{one['urn'].split('::')[3]}"
        for one in document["steps"]
        if one["op"] in ("update", "create", "delete", "replace")
    }


IN_DOCUMENTS: dict[str, tuple[str, tuple[str, ...], object]] = {
    "update AggregateV2::general-purpose": (
        "compute",
        ("aggregates", "general-purpose", "metadata", "hall"),
        "south",
    ),
    "update ComputeCluster::esx-a": ("compute", ("clusters", "esx-a", "drs"), {"migration_threshold": 4}),
    "update Flavor::m1.small": (
        "catalogue",
        ("flavors", "m1.small", "extra_specs", "quota:cpu_shares"),
        "1024",
    ),
    "replace Flavor::vm.windows": ("catalogue", ("flavors", "vm.windows", "memory"), "4 GiB"),
    "update Image::ubuntu-24.04": ("catalogue", ("images", "ubuntu-24.04", "min_memory"), "256 MiB"),
    "replace Keypair::ops": ("catalogue", ("keypairs", "ops", "public_key"), KEY),
    "update Project::shop": ("catalogue", ("projects", "shop", "description"), "Another shop"),
    "update Network::office": ("network", ("networks", "office", "description"), "Ground floor"),
    "update Subnet::office/office-v4": (
        "network",
        ("networks", "office", "subnets", "office-v4", "dns"),
        ["10.50.0.9"],
    ),
    "update Router::edge": ("network", ("routers", "edge", "snat"), False),
    "delete RouterInterface::edge/office/office-v4": ("network", ("routers", "edge", "networks"), None),
    "update SecGroup::web-servers": ("network", ("security_groups", "web-servers", "description"), "HTTP"),
    "delete SecGroupRule::databases/ingress-tcp-5432-web-servers/ipv4": (
        "network",
        ("security_groups", "databases", "rules"),
        [{"direction": "egress", "protocol": "any"}],
    ),
    "replace ServerGroup::apart": ("workloads", ("server_groups", "apart", "policy"), "soft-affinity"),
    "update QosV3::gold-limits": (
        "storage",
        ("storage", "array1", "volume_types", "gold", "qos", "front_end", "total_iops_sec"),
        3000,
    ),
    "update VolumeTypeV3::vmdk-thin": (
        "storage",
        ("storage", "array1", "volume_types", "vmdk-thin", "description"),
        "Thin",
    ),
    "update Volume::db/data": ("workloads", ("workloads", "db", "volumes", "data", "size"), "3 GiB"),
    "update Port::erp/office": ("workloads", ("workloads", "erp", "security_groups"), ["databases"]),
    "update Instance::web-1": ("workloads", ("workloads", "web", "flavor"), "m1.shop"),
    "replace Instance::archive": ("workloads", ("workloads", "archive", "boot_volume", "size"), "3 GiB"),
    "replace Instance::erp": ("workloads", ("workloads", "erp", "networks"), ["office", "backend"]),
}
"""What a preview must show → the document, the key and the value that make it so."""


def test_what_was_made_by_hand_is_taken_as_it_is(filled: Stage) -> None:
    before = found(filled)
    report = imported(filled)
    assert differences(before, found(filled)) == []  # nothing was changed in the cloud
    assert report.changes == ()
    assert sum(report.imported.counts.values()) == 48
    left_out = {one.what for one in report.left_out}
    assert {
        'server "Legacy Box"',
        'network "twin"',
        'volume "spare"',
        'host "kvm04.sandbox.example"',
    } <= left_out

    problems = judged(load(filled.documents))
    assert problems == ()
    for file in filled.documents.glob("*.yaml"):
        if file.name != "estate.yaml":
            assert formatted(file.read_bytes(), str(file)) == file.read_text()
    filled.pulumi("preview", "--expect-no-changes")

    # Once more: all of it is there already.
    texts = {file: file.read_text() for file in filled.documents.glob("*.yaml")}
    again = imported(filled)
    assert again.written == ()
    assert again.imported.counts == {}
    assert again.imported.there_already == 48, again
    assert {file: file.read_text() for file in filled.documents.glob("*.yaml")} == texts

    # A change of any field that is not left is seen, in the documents as in the cloud.
    for name, keys, value in IN_DOCUMENTS.values():
        filled.edit(f"{name}.yaml", *keys, value=value)
    assert set(IN_DOCUMENTS) - previewed(filled) == set()
    for path, text in texts.items():
        path.write_text(text)
    assert previewed(filled) == set()

    by_others(filled)
    filled.pulumi("refresh", "--yes", "--skip-preview")
    assert OUT_OF_BAND - previewed(filled) == set()


OUT_OF_BAND = {
    "update AggregateV2::general-purpose",
    "update ComputeCluster::esx-b",
    "update Flavor::m1.small",
    "update Image::ubuntu-24.04",
    "update Instance::web-2",
    "update Network::office",
    "update Port::web-1/office",
    "update Project::shop",
    "update Router::edge",
    "update SecGroup::web-servers",
    "update Subnet::office/office-v4",
    "update VolumeTypeV3::gold",
    "create FlavorAccess::m1.shop/shop",
    "create SecGroupRule::databases/ingress-tcp-5432-web-servers/ipv4",
}


def by_others(stage: Stage) -> None:
    """Somebody changes a field of each type that can be changed in place."""
    cloud = stage.cloud
    compute, net = cloud.compute, cloud.network
    compute.set_aggregate_metadata(_named(compute.aggregates(), "general-purpose"), {"hall": "east"})
    compute.create_flavor_extra_specs(compute.find_flavor("m1.small"), {"quota:cpu_shares": "64"})
    private = compute.find_flavor("m1.shop")
    compute.flavor_remove_tenant_access(private, cloud.get_project("shop").id)
    cloud.image.update_image(cloud.image.find_image("ubuntu-24.04"), min_ram=512)
    server = _named(compute.servers(), "web-2")
    compute.update_server(server, name="web-two")
    port = next(iter(net.ports(device_id=_named(compute.servers(), "web-1").id)))
    net.update_port(port, admin_state_up=False)
    cloud.update_project("shop", description="Somebody's")
    net.update_network(net.find_network("office"), description="Somebody's")
    net.update_subnet(net.find_subnet("office-v4"), dns_nameservers=["10.50.0.7"])
    net.update_router(net.find_router("edge"), admin_state_up=False)
    net.update_security_group(net.find_security_group("web-servers"), description="Somebody's")
    group = net.find_security_group("databases")
    for rule in net.security_group_rules(security_group_id=group.id, direction="ingress"):
        net.delete_security_group_rule(rule)
    cloud.block_storage.update_type(cloud.block_storage.find_type("gold"), description="Slow")
    with stage.vcenter() as service:
        cluster = next(
            entity
            for entity, values in collect(service, vim.ClusterComputeResource, ["name"])
            if values["name"] == "esx-b"
        )
        drs = vim.cluster.DrsConfigInfo(enabled=True, defaultVmBehavior="manual")
        cluster.ReconfigureComputeResource_Task(vim.cluster.ConfigSpecEx(drsConfig=drs), True)


def _named(things: Iterable[Any], name: str) -> Any:
    return next(one for one in things if one.name == name)


@pytest.mark.parametrize("name", ["sandbox", "two-vcenters"])
def test_a_state_that_was_lost_is_found_again(tmp_path: Path, name: str) -> None:
    """What an ``up`` made, without its stack: with its documents, and from what nobody can be asked alone."""
    if name == "sandbox":
        documents = copytree(PROGRAM / "stacks" / "sandbox", tmp_path / "lost")
    else:  # it says `extends: ../../../stacks/sandbox`
        copytree(PROGRAM / "stacks", tmp_path / "stacks")
        documents = copytree(TWO_VCENTERS, tmp_path / "tests" / "long" / "lost")
    with rehearsed(documents):
        stage = Stage(documents)
        before, declared = found(stage), stage.estate
        resources = {one["urn"] for one in stage.resources()}

        _forget(stage)
        report = imported(stage)
        assert (report.changes, report.written) == ((), ())
        assert [one for one in report.imported.kept if one.how == "left"] == []
        assert {one["urn"] for one in stage.resources()} == resources
        stage.pulumi("preview", "--refresh", "--expect-no-changes")

        _forget(stage)
        for file in documents.glob("*.yaml"):
            file.unlink()
        alone = ESTATE.replace("name: found", f"name: {name}")
        if "vc2" in declared.vcenters:
            alone += alone.splitlines()[-1].replace("vc1", "vc2").replace("dc1", "dc2") + "\n"
        (documents / "estate.yaml").write_text(alone)
        report = imported(stage)
        assert report.changes == ()
        assert judged(load(documents)) == ()
        assert {name: one.vcenter for name, one in stage.estate.clusters.items()} == {
            name: one.vcenter for name, one in declared.clusters.items()
        }
        assert differences(before, found(stage)) == []

        # Written anew, they say the same, and what a person added to them is gone.
        texts = {file: file.read_text() for file in documents.glob("*.yaml")}
        stage.edit("network.yaml", "security_groups", "web", "description", value="Somebody's")
        report = imported(stage, overwrite=True)
        assert report.changes == ()
        assert {file: file.read_text() for file in documents.glob("*.yaml")} == texts
        assert differences(before, found(stage)) == []


def _forget(stage: Stage) -> None:
    stage.pulumi("stack", "rm", "--force", "--yes", "--preserve-config")
