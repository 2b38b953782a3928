"""Act 2: each way in which a landing can differ, made by hand through the real APIs, then undone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from estate.openstack.servers import faults
from tests.rehearsal.stage import Stage

pytestmark = pytest.mark.usefixtures("applied")


def find(service: vim.ServiceInstance, kind: type, **wanted: str) -> Any:
    """The one managed object of a type whose attribute has that value; dots as double underscores."""
    content: Any = service.RetrieveContent()
    view = content.viewManager.CreateContainerView(content.rootFolder, [kind], True)
    ((path, value),) = wanted.items()

    def attribute(entity: Any) -> Any:
        for part in path.split("__"):
            entity = getattr(entity, part)
        return entity

    try:
        (found,) = [entity for entity in view.view if attribute(entity) == value]
    finally:
        view.DestroyView()
    return found


@pytest.fixture
def machine(stage: Stage) -> Iterator[Any]:
    """The virtual machine of ledger-app, with its session open."""
    server = stage.cloud.compute.find_server("ledger-app")
    with stage.vcenter() as service:
        yield find(service, vim.VirtualMachine, config__instanceUuid=server.id)


def differences(stage: Stage, server: str) -> str:
    """What is said of one server; the others are all as predicted."""
    rows = stage.landings()
    others = {name: row.differences for name, row in rows.items() if name != server and not row.equal}
    assert others == {}
    assert not rows[server].equal
    return "; ".join(rows[server].differences)


def test_why_a_server_is_in_error(stage: Stage) -> None:
    """One that no host takes; and one with a config drive on ESXi, which documents may not ask for.

    Nova's VMware driver needs genisoimage for it, and then reads what that made as text
    (nova/virt/vmwareapi/images.py ``upload_iso_to_datastore``).
    """
    cloud = stage.cloud
    flavor = cloud.compute.find_flavor("esxi-small").id
    kvm, esxi = (cloud.image.find_image(name).id for name in ("linux-kvm", "linux-esxi"))
    servers = [
        cloud.compute.create_server(name=name, flavor_id=flavor, networks="none", **more)
        for name, more in {
            "homeless": {"image_id": kvm},
            "driven": {"image_id": esxi, "availability_zone": "az-esxi", "config_drive": True},
        }.items()
    ]
    try:
        for server in servers:
            cloud.compute.wait_for_server(server, status="ERROR", failures=["ACTIVE"], wait=120)
        found = {fault.server: fault for fault in faults(cloud)}
    finally:
        for server in servers:
            cloud.compute.delete_server(server)
        for server in servers:
            cloud.compute.wait_for_delete(server)
    assert "No valid host" in found["homeless"].message
    assert found["homeless"].tried == ()
    assert found["driven"].tried == ("nova-esx-a", "nova-esx-b")


def test_a_server_that_nobody_declared(stage: Stage) -> None:
    cloud = stage.cloud
    image = cloud.image.find_image("linux-kvm")
    flavor = cloud.compute.find_flavor("kvm-small")
    server = cloud.compute.create_server(
        name="stranger", image_id=image.id, flavor_id=flavor.id, networks="none", availability_zone="az-kvm"
    )
    cloud.compute.wait_for_server(server, wait=120)
    try:
        assert "nobody declared it" in differences(stage, "stranger")
    finally:
        cloud.compute.delete_server(server)
        cloud.compute.wait_for_delete(server)


def test_a_machine_in_a_cluster_that_nobody_declared(stage: Stage) -> None:
    with stage.vcenter() as service:
        cluster = find(service, vim.ClusterComputeResource, name="esx-a")
        datacenter: Any = find(service, vim.Datacenter, name="dc1")
        files = vim.vm.FileInfo(vmPathName="[ds-shared-1]")
        config = vim.vm.ConfigSpec(name="brought-along", memoryMB=64, numCPUs=1, files=files)
        task = datacenter.vmFolder.CreateVM_Task(config, cluster.resourcePool)
        WaitForTask(task)
        try:
            assert "nobody declared this machine in cluster esx-a" in differences(stage, "brought-along")
        finally:
            WaitForTask(task.info.result.Destroy_Task())


def test_a_server_whose_machine_was_moved_to_another_cluster(stage: Stage, machine: Any) -> None:
    home = machine.runtime.host
    ours = "esx-a" if home.parent.name == "esx-a" else "esx-b"
    other = "esx-b" if ours == "esx-a" else "esx-a"
    cluster = find_cluster(stage, other, machine)
    WaitForTask(machine.RelocateVM_Task(vim.vm.RelocateSpec(host=cluster.host[0], pool=cluster.resourcePool)))
    try:
        said = differences(stage, "ledger-app")
        assert f"vCenter runs it in cluster {other}" in said
    finally:
        back = vim.vm.RelocateSpec(host=home, pool=home.parent.resourcePool)
        WaitForTask(machine.RelocateVM_Task(back))


def find_cluster(stage: Stage, name: str, near: Any) -> Any:
    """A cluster, in the session of another managed object."""
    datacenter = near.runtime.host.parent.parent
    return next(one for one in datacenter.childEntity if one.name == name)


def test_a_server_whose_machine_is_off(stage: Stage, machine: Any) -> None:
    WaitForTask(machine.PowerOffVM_Task())
    try:
        assert "its virtual machine is not powered on" in differences(stage, "ledger-app")
    finally:
        WaitForTask(machine.PowerOnVM_Task())


def test_a_server_whose_machine_is_gone(stage: Stage, machine: Any) -> None:
    """Its id is taken away: to vCenter the machine is then somebody else's."""
    server = machine.config.instanceUuid
    WaitForTask(
        machine.ReconfigVM_Task(vim.vm.ConfigSpec(instanceUuid="00000000-0000-4000-8000-000000000000"))
    )
    try:
        rows = stage.landings()
        assert "no vCenter has a virtual machine with its id" in "; ".join(rows["ledger-app"].differences)
        assert [row.server for row in rows.values() if row.workload is None] != []
    finally:
        WaitForTask(machine.ReconfigVM_Task(vim.vm.ConfigSpec(instanceUuid=server)))


def test_a_port_with_another_backing(stage: Stage, machine: Any) -> None:
    card = next(
        one for one in machine.config.hardware.device if isinstance(one, vim.vm.device.VirtualEthernetCard)
    )
    right: Any = card.backing
    group = next(one for one in machine.network if one.key != right.port.portgroupKey)
    switch = group.config.distributedVirtualSwitch
    with changed_backing(machine, card, group.key, switch.uuid, right):
        assert "is backed by" in differences(stage, "ledger-app")


@contextmanager
def changed_backing(machine: Any, card: Any, group: str, switch: str, right: Any) -> Iterator[None]:
    def connect(key: str, uuid: str) -> None:
        port = vim.dvs.PortConnection(portgroupKey=key, switchUuid=uuid)
        card.backing = vim.vm.device.VirtualEthernetCard.DistributedVirtualPortBackingInfo(port=port)
        change = vim.vm.device.VirtualDeviceSpec(operation="edit", device=card)
        WaitForTask(machine.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[change])))

    connect(group, switch)
    try:
        yield
    finally:
        connect(right.port.portgroupKey, right.port.switchUuid)


def test_a_volume_that_was_detached(stage: Stage) -> None:
    cloud = stage.cloud
    server = cloud.compute.find_server("reports")
    (attachment,) = cloud.compute.volume_attachments(server)
    volume = cloud.block_storage.get_volume(attachment.volume_id)
    cloud.compute.delete_volume_attachment(server, attachment.volume_id)
    cloud.block_storage.wait_for_status(volume, "available", wait=60)
    try:
        assert "its volumes are of types none, declared are standard-kvm" in differences(stage, "reports")
    finally:
        cloud.compute.create_volume_attachment(server, volume_id=volume.id)
        cloud.block_storage.wait_for_status(volume, "in-use", wait=60)


def test_a_restriction_that_was_taken_off(stage: Stage) -> None:
    cloud = stage.cloud
    server = cloud.compute.find_server("hsm-proxy")
    cloud.compute.delete_server_metadata(server, ["estate_restriction"])
    try:
        assert "its restriction is none, declared is licence" in differences(stage, "hsm-proxy")
    finally:
        cloud.compute.set_server_metadata(server, estate_restriction="licence")


def test_a_server_that_does_not_run(stage: Stage) -> None:
    cloud = stage.cloud
    server = cloud.compute.find_server("web-1")
    cloud.compute.stop_server(server)
    cloud.compute.wait_for_server(server, status="SHUTOFF", wait=60)
    try:
        assert "its status is SHUTOFF, not ACTIVE" in differences(stage, "web-1")
    finally:
        cloud.compute.start_server(server)
        cloud.compute.wait_for_server(server, wait=60)


def test_a_declared_server_that_does_not_exist(stage: Stage) -> None:
    cloud = stage.cloud
    server = cloud.compute.find_server("queue")
    cloud.compute.update_server(server, name="renamed")
    try:
        rows = stage.landings()
        assert rows["queue"].differences == ("declared, but Nova has no server queue",)
        assert "nobody declared it" in "; ".join(rows["renamed"].differences)
    finally:
        cloud.compute.update_server(server, name="queue")


def test_a_server_on_the_other_side(stage: Stage) -> None:
    """A server of that name, but on ESXi, where the documents do not lead it."""
    cloud = stage.cloud
    right = cloud.compute.find_server("web-2")
    cloud.compute.update_server(right, name="set-aside")
    wrong = cloud.compute.create_server(
        name="web-2",
        image_id=cloud.image.find_image("linux-esxi").id,
        flavor_id=cloud.compute.find_flavor("esxi-small").id,
        networks="none",
        availability_zone="az-esxi",
    )
    try:
        cloud.compute.wait_for_server(wrong, wait=180)
        row = stage.landings()["web-2"]
        assert "is in vendor, predicted was general" in "; ".join(row.differences)
        assert row.esxi_host is not None
    finally:
        cloud.compute.delete_server(wrong)
        cloud.compute.wait_for_delete(wrong)
        cloud.compute.update_server(right, name="web-2")
