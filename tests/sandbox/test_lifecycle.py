"""A whole sandbox: ready, both hypervisors, servers and volumes on each side, crashes, two side by side."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openstack.compute.v2.server import Server
from ruamel.yaml import YAML

from sandbox import computes, fragments, lifecycle, process
from sandbox import settings as settings_of
from sandbox.errors import SandboxError
from sandbox.lifecycle import Running
from sandbox.parts import openstack
from sandbox.process import _marked
from tests.sandbox.cloud import Cloud, numbers, wait_for
from tests.sandbox.conftest import KEY
from tests.sandbox.shapes import shape, small
from toolchain.progress import Progress

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]

KVM = [f"kvm{number}.test.example" for number in range(1, 6)]
ESXI = ["nova-esx-a", "nova-esx-b"]
ROOT = Path(__file__).parent.parent.parent


# Ready means ready


def test_pretended_computes_report_what_kvm_hosts_do(running: Running) -> None:
    cloud = Cloud(running)
    for name in KVM:
        service, hypervisor = cloud.service(name), cloud.hypervisor(name)
        assert service is not None
        assert hypervisor is not None
        assert (service["state"], service["status"]) == ("up", "disabled")
        assert hypervisor["hypervisor_type"] == "QEMU"
        assert (hypervisor["vcpus"], hypervisor["memory_mb"], hypervisor["local_gb"]) == (32, 131072, 1000)
        traits = cloud.traits(hypervisor["id"])
        assert {
            "CUSTOM_HV_KVM",
            "COMPUTE_IMAGE_TYPE_QCOW2",
            "COMPUTE_IMAGE_TYPE_RAW",
            "HW_ARCH_X86_64",
        } <= traits
        assert "COMPUTE_IMAGE_TYPE_VMDK" not in traits
        inventory = cloud.get("placement", f"/resource_providers/{hypervisor['id']}/inventories", "1.36")
        assert inventory["inventories"]["VCPU"]["allocation_ratio"] == 4.0


def test_status_says_what_is_awaited(running: Running) -> None:
    status = lifecycle.status(KEY)
    assert status.state == "running"
    waits = {state.compute_host: state.detail for state in status.computes}
    assert waits["nova-esx-a"] == "waiting for cluster esx-a in vCenter vc1"
    assert 0 < status.memory < 3 * 2**30


def test_what_an_ended_supervisor_wrote_is_not_said_any_more(tmp_path: Path) -> None:
    """After the machine restarted, say: its last word was that they run."""
    (tmp_path / computes.NAME).mkdir()
    said = {"compute_host": "nova-esx-a", "running": True, "detail": "runs for cluster esx-a"}
    (tmp_path / computes.NAME / "states.json").write_text(json.dumps([said]))
    (state,) = computes.states(tmp_path)
    assert not state.running
    assert state.detail == "ended, as did computes, which starts it"


def test_second_start_starts_nothing(running: Running) -> None:
    before = process.records(running.run)
    assert lifecycle.start(KEY, shape("test"), Progress()) == running
    assert process.records(running.run) == before


def test_files_with_secrets_are_ours_alone(running: Running) -> None:
    secrets = [str(value) for value in vars(settings_of.load(running.run).secrets).values()]
    for path in running.run.rglob("*"):
        if path.is_file() and path.suffix in {".yaml", ".json", ".conf", ".sql"}:
            text = path.read_text(errors="replace")
            if any(secret in text for secret in secrets):
                assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    for one in _marked(running.run, None):
        line = " ".join(one.cmdline())
        assert not any(secret in line for secret in secrets), one.name()


# Both hypervisors


def test_clusters_bring_their_computes(cloud: Cloud) -> None:
    with cloud.vcenter() as content:
        uuid = content.about.instanceUuid
        clusters = {
            child.name: child._moId for child in content.rootFolder.childEntity[0].hostFolder.childEntity
        }
    for name, cluster, hosts in (("nova-esx-a", "esx-a", 3), ("nova-esx-b", "esx-b", 2)):
        hypervisor = cloud.await_hypervisor(name)
        service = cloud.service(name)
        assert service is not None
        assert (service["state"], service["status"]) == ("up", "disabled")
        assert hypervisor["hypervisor_type"] == "VMware vCenter Server"
        assert hypervisor["hypervisor_hostname"] == f"{clusters[cluster]}.{uuid}"
        assert hypervisor["vcpus"] == hosts * 16
        cloud.await_traits(hypervisor["id"], {"CUSTOM_HV_VMWARE", "COMPUTE_IMAGE_TYPE_VMDK"})
    assert all(state.running for state in lifecycle.status(KEY).computes)


READ_CONFIGURATION = """
import json, sys
from oslo_config import cfg
wanted, arguments = json.loads(sys.argv[1]), sys.argv[2:]
conf = cfg.ConfigOpts()
for section, key in wanted:
    conf.register_opt(cfg.StrOpt(key), group=None if section == "DEFAULT" else section)
conf(arguments, project="none")
values = [conf[key] if section == "DEFAULT" else conf[section][key] for section, key in wanted]
print(json.dumps(values))
"""


def test_effective_configuration_is_the_fragment(cloud: Cloud) -> None:
    """As oslo.config reads the files of each running service, every key of a fragment has its value."""
    for name in ESXI:
        cloud.await_hypervisor(name)
    compared = 0
    for record in process.records(cloud.running.run):
        files = [one for one in record.command if one.endswith(".conf")]
        if not record.name.startswith(("nova", "cinder")):
            continue
        for one in files:
            if Path(one).name == "sandbox.conf":
                continue
            stated = fragments.parse(Path(one).read_text(), one)
            # A pretended host's name is given to its service, one by one, by the launcher.
            keys = [key for key in stated if not (one.endswith("kvm.conf") and key == ("DEFAULT", "host"))]
            output = subprocess.run(
                [
                    openstack.program("python"),
                    "-c",
                    READ_CONFIGURATION,
                    json.dumps(keys),
                    *_layers(record.command),
                ],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            assert json.loads(output) == [stated[key] for key in keys], one
            compared += len(keys)
    assert compared > 30


@pytest.fixture(scope="module")
def estate(cloud: Cloud) -> dict[str, Any]:
    """Isolated aggregates, enabled services, images, flavors, a network: what the program would make."""
    for name in ESXI:
        cloud.await_traits(cloud.await_hypervisor(name)["id"], {"CUSTOM_HV_VMWARE"})
    compute, image = cloud.openstack.compute, cloud.openstack.image
    made: dict[str, Any] = {}
    for side, hosts, trait, kind in (
        ("kvm", KVM, "CUSTOM_HV_KVM", "qemu"),
        ("esxi", ESXI, "CUSTOM_HV_VMWARE", "vmware"),
    ):
        aggregate = compute.create_aggregate(name=side, availability_zone=f"az-{side}")
        compute.set_aggregate_metadata(aggregate, {f"trait:{trait}": "required"})
        for host in hosts:
            compute.add_host_to_aggregate(aggregate, host)
            service = cloud.service(host)
            assert service is not None
            compute.put(f"/os-services/{service['id']}", json={"status": "enabled"}, microversion="2.53")
        flavor = compute.create_flavor(name=side, ram=512, vcpus=1, disk=1)
        compute.create_flavor_extra_specs(flavor, {f"trait:{trait}": "required"})
        file, disk_format, extra = {
            "kvm": ("linux.qcow2", "qcow2", {}),
            "esxi": (
                "linux-sparse.vmdk",
                "vmdk",
                {"vmware_disktype": "sparse", "vmware_adaptertype": "lsiLogic"},
            ),
        }[side]
        uploaded = image.create_image(
            name=side,
            filename=str(cloud.running.images / file),
            disk_format=disk_format,
            container_format="bare",
            wait=True,
            **{"hypervisor_type": kind, f"trait:{trait}": "required", **extra},
        )
        backend = f"standard-{side}"
        volume_type = cloud.openstack.block_storage.create_type(
            name=backend, extra_specs={"volume_backend_name": backend}
        )
        made[side] = {"flavor": flavor, "image": uploaded, "type": volume_type}
    made["network"] = cloud.openstack.network.create_network(name="app")
    cloud.openstack.network.create_subnet(network_id=made["network"].id, ip_version=4, cidr="10.20.0.0/24")
    return made


def _boot(cloud: Cloud, estate: dict[str, Any], side: str, name: str) -> Server:
    """An active server on that side; what Nova says about it if it does not become active."""
    compute = cloud.openstack.compute
    request = compute.create_server(
        name=name,
        flavor_id=estate[side]["flavor"].id,
        image_id=estate[side]["image"].id,
        networks=[{"uuid": estate["network"].id}],
    )

    def settled() -> Server | None:
        server: Server = compute.get_server(request)
        return None if server.status == "BUILD" else server

    server = wait_for(f"server {name}", settled)
    assert server.status == "ACTIVE", server.fault
    return server


@pytest.mark.parametrize("side", ["kvm", "esxi"])
def test_server_with_volume_on_its_side(cloud: Cloud, estate: dict[str, Any], side: str) -> None:
    compute, block = cloud.openstack.compute, cloud.openstack.block_storage
    server = _boot(cloud, estate, side, f"one-{side}")
    assert server.hypervisor_hostname is not None
    assert server.compute_host in {"kvm": KVM, "esxi": ESXI}[side]
    port = next(iter(cloud.openstack.network.ports(device_id=server.id)))
    assert port.binding_vif_type == {"kvm": "ovs", "esxi": "dvs"}[side]
    assert port.status == "ACTIVE"
    wait_for(
        f"volume back end of {side}",
        lambda: any(
            one["host"].endswith(f"@standard-{side}") and one["state"] == "up"
            for one in cloud.get("block_storage", "/os-services")["services"]
        ),
    )
    volume = block.create_volume(
        size=1, volume_type=f"standard-{side}", availability_zone=f"az-{side}", name=f"data-{side}"
    )
    block.wait_for_status(volume, "available", wait=60)
    compute.create_volume_attachment(server, volume_id=volume.id)
    block.wait_for_status(volume, "in-use", wait=60)
    machine = cloud.virtual_machine(server.id)
    if side == "kvm":
        assert machine is None
    else:
        assert machine is not None
        assert machine["cluster"] == server.compute_host.removeprefix("nova-")
        assert machine["power"] == "poweredOn"
        assert machine["networks"] == [f"app_{estate['network'].id}"]
        assert len(machine["disks"]) == 2
    compute.delete_volume_attachment(server, volume.id)
    block.wait_for_status(volume, "available", wait=60)
    block.delete_volume(volume.id)
    block.wait_for_delete(volume, wait=60)
    compute.delete_server(server)
    compute.wait_for_delete(server, wait=60)
    assert cloud.virtual_machine(server.id) is None


def test_port_on_a_network_that_is_not_realised_is_refused(cloud: Cloud, estate: dict[str, Any]) -> None:
    network = cloud.openstack.network.create_network(name="unrealised")
    cloud.openstack.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.30.0.0/24")
    with cloud.vcenter() as content:
        networks = content.rootFolder.childEntity[0].networkFolder.childEntity
        group = next(one for one in networks if one.name == f"unrealised_{network.id}")
        group.Destroy_Task()
    server = cloud.openstack.compute.create_server(
        name="refused",
        flavor_id=estate["esxi"]["flavor"].id,
        image_id=estate["esxi"]["image"].id,
        networks=[{"uuid": network.id}],
    )
    wait_for("error", lambda: cloud.openstack.compute.get_server(server).status == "ERROR")
    cloud.openstack.compute.delete_server(server)
    cloud.openstack.compute.wait_for_delete(server, wait=60)
    cloud.openstack.network.delete_network(network)


def test_port_group_goes_with_its_network(cloud: Cloud) -> None:
    network = cloud.openstack.network.create_network(name="short")
    assert f"short_{network.id}" in _network_names(cloud)
    cloud.openstack.network.delete_network(network)
    assert f"short_{network.id}" not in _network_names(cloud)


def test_killed_cluster_compute_comes_back(cloud: Cloud, estate: dict[str, Any]) -> None:
    before = _pid("nova-compute-nova-esx-a")
    assert before
    os.kill(before, signal.SIGKILL)
    # Nova's times have whole seconds: a report within the second of the kill may have been before it.
    killed = datetime.now(UTC).replace(tzinfo=None, microsecond=999_999).isoformat()
    wait_for("restart", lambda: _pid("nova-compute-nova-esx-a") not in (before, None))
    # Not earlier: at its start Nova puts servers that wait for the host into error, as unclaimed leftovers.
    wait_for("its next report", lambda: (cloud.service("nova-esx-a") or {})["updated_at"] > killed)
    server = _boot(cloud, estate, "esxi", "after-kill")
    cloud.openstack.compute.delete_server(server)
    cloud.openstack.compute.wait_for_delete(server, wait=60)


# Crashes, and two side by side


@pytest.fixture(scope="module")
def other() -> Iterator[str]:
    """Key of a second, small sandbox."""
    key = "test-other"
    lifecycle.stop(key)
    yield key
    lifecycle.stop(key)


def test_fragment_that_cannot_be_honoured_is_told_at_once(other: str) -> None:
    wrong = replace(small("other"), scheduler_conf="[database]\nconnection = sqlite://\n")
    with pytest.raises(SandboxError, match=r"scheduler.conf sets \[database\] connection"):
        lifecycle.start(other, wrong, Progress())
    assert process.records(lifecycle.folder(other)) == []
    assert lifecycle.status(other).state == "failed"


def test_start_after_a_killed_start(running: Running, other: str) -> None:
    program = (
        "from sandbox import lifecycle; from tests.sandbox.shapes import small;"
        "from toolchain.progress import Progress;"
        f"lifecycle.start({other!r}, small('other'), Progress())"
    )
    starter = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    # It may have to wait for another process that builds the simulator.
    wait_for("its broker", lambda: _listed(other, "rabbitmq"), 400)
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    assert lifecycle.status(other).state == "starting"
    with pytest.raises(SandboxError, match="does not run"):
        lifecycle.running(other)
    second = lifecycle.start(other, small("other"), Progress())
    assert lifecycle.status(other).state == "running"

    # Side by side: nothing of one in the other.
    one, two = settings_of.load(running.run), settings_of.load(second.run)
    assert not numbers(one.ports) & numbers(two.ports)
    assert not set(vars(one.secrets).values()) & set(vars(two.secrets).values())
    hosts = {service["host"] for service in Cloud(second).get("compute", "/os-services", "2.53")["services"]}
    assert hosts == {"control", "kvm1.other.example", "kvm2.other.example"}
    assert "kvm1.other.example" not in {
        service["host"] for service in Cloud(running).get("compute", "/os-services", "2.53")["services"]
    }
    login = YAML(typ="safe").load(running.clouds)
    login["clouds"]["estate"]["auth"]["auth_url"] = two.auth_url
    foreign = second.run / "foreign.yaml"
    YAML(typ="safe").dump(login, foreign)
    with pytest.raises(Exception, match=r"401|requires authentication"):
        Cloud(replace(second, clouds=foreign)).openstack.authorize()


def test_hosts_with_different_fragments_each_have_theirs(other: str) -> None:
    cloud = Cloud(lifecycle.running(other))
    ratios = {}
    for name in ("kvm1.other.example", "kvm2.other.example"):
        provider = cloud.await_hypervisor(name)["id"]
        inventories = cloud.get("placement", f"/resource_providers/{provider}/inventories", "1.36")[
            "inventories"
        ]
        ratios[name] = inventories["VCPU"]["allocation_ratio"]
    assert ratios == {"kvm1.other.example": 4.0, "kvm2.other.example": 16.0}
    assert _listed(other, "nova-kvm-1")


def test_stop_leaves_nothing_and_touches_nobody(running: Running, other: str) -> None:
    mine = {one.pid for one in _marked(running.run, None)}
    assert lifecycle.stop(other)
    assert not list(_marked(lifecycle.folder(other), None))
    assert not lifecycle.folder(other).exists()
    assert lifecycle.status(other).state == "stopped"
    assert mine <= {one.pid for one in _marked(running.run, None)}
    assert not lifecycle.stop(other)


def test_unknown_part_has_no_log(running: Running) -> None:
    assert [path.name for path in lifecycle.logs(KEY, "nova")] == ["nova.log"]
    with pytest.raises(SandboxError, match="no log of 'novva'; there are: cinder, "):
        lifecycle.logs(KEY, "novva")


def _pid(name: str) -> int | None:
    """None while it is being started again: the record of the ended one goes first."""
    found = (record.pid for record in process.records(lifecycle.folder(KEY)) if record.name == name)
    return next(found, None)


def _listed(key: str, name: str) -> bool:
    return any(record.name == name for record in process.records(lifecycle.folder(key)))


def _layers(command: list[str]) -> list[str]:
    return [text for one in command if one.endswith(".conf") for text in ("--config-file", one)]


def _network_names(cloud: Cloud) -> set[str]:
    with cloud.vcenter() as content:
        return {one.name for one in content.rootFolder.childEntity[0].networkFolder.childEntity}
