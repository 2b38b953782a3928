"""The sandbox's vCenter, its real process, through pyVmomi and plain HTTPS.

What Nova, Cinder and the vSphere provider do with it is tested where they run (the whole sandbox); here
is what they and we rely on.
"""

import json
import os
import signal
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import tenacity
from pyVim.connect import Disconnect, SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl

from sandbox import settings as settings_of
from sandbox import vcenters
from sandbox.parts import openstack, programs
from toolchain.progress import Progress

pytestmark = pytest.mark.sandbox

Remote: TypeAlias = Any
"""One of pyVmomi's objects. Its stubs declare nearly every property optional, which would hide the tests."""

UUID = "5b1d6d0e-7f4a-4a55-9d0e-0c8e3f1f2a77"
USER = "administrator@vsphere.local"
PASSWORD = "only-for-this-test"
SIDE_A = ("esxi-a1.sandbox.example", "esxi-a2.sandbox.example", "esxi-a3.sandbox.example")
SIDE_B = ("esxi-b1.sandbox.example",)
MIB = 1024**2
GIB = 1024**3

INVENTORY = {
    "instance_uuid": UUID,
    "datacenter": "dc1",
    "hosts": [
        {"name": name, "cpu_cores": 16, "cpu_threads": 32, "cpu_mhz": 2600, "memory_mib": 131072}
        for name in (*SIDE_A, *SIDE_B)
    ],
    "datastores": [
        {"name": "ds-a", "capacity_gib": 2048, "hosts": list(SIDE_A)},
        {"name": "ds-b", "capacity_gib": 1024, "hosts": list(SIDE_B)},
    ],
    "switches": [{"name": "dvs-data"}],
}


@dataclass(frozen=True)
class Server:
    """A running vCenter and the files it was started with."""

    folder: Path
    process: subprocess.Popen[bytes]
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1].split("/")[0])

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.folder / "tls" / "ca.pem"))

    def login(self, password: str = PASSWORD) -> Remote:
        return SmartConnect(host="127.0.0.1", port=self.port, user=USER, pwd=password, sslContext=self.trust)


def launch(folder: Path, simulator: vcenters.Simulator, inventory: object = INVENTORY) -> Server:
    """Start a vCenter of its own in ``folder``."""
    vcenters.certify(settings_of.create(folder, "test"))
    (folder / "inventory.json").write_text(json.dumps(inventory))
    (folder / "credentials.json").write_text(json.dumps({"username": USER, "password": PASSWORD}))
    (folder / "credentials.json").chmod(0o600)
    ready = folder / "ready.json"
    process = subprocess.Popen(
        (
            *(simulator.binary, "--inventory", folder / "inventory.json", "--listen", "127.0.0.1:0"),
            *("--cert", folder / "tls" / "server.pem", "--key", folder / "tls" / "server.key"),
            *("--state-dir", folder / "state", "--credentials", folder / "credentials.json"),
            *("--wsdl", simulator.wsdl, "--ready-file", ready),
        ),
        stderr=(folder / "log").open("wb"),
    )

    @tenacity.retry(
        retry=tenacity.retry_if_exception_type(FileNotFoundError),
        wait=tenacity.wait_fixed(0.05),
        stop=tenacity.stop_after_delay(60),
        reraise=True,
    )
    def answer() -> dict[str, Any]:
        assert process.poll() is None, (folder / "log").read_text()
        return dict(json.loads(ready.read_text()))

    told = answer()
    assert told["instanceUuid"] == UUID
    assert told["pid"] == process.pid
    return Server(folder, process, told["url"])


@pytest.fixture(scope="module")
def simulator() -> vcenters.Simulator:
    return vcenters.prepare(Progress())


@pytest.fixture(scope="module")
def server(simulator: vcenters.Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = launch(tmp_path_factory.mktemp("vcenter"), simulator)
    yield started
    started.process.terminate()
    assert started.process.wait(10) == 0


@pytest.fixture
def content(server: Server) -> Iterator[Remote]:
    instance = server.login()
    yield instance.content
    Disconnect(instance)


@pytest.fixture
def dc(content: Remote) -> Remote:
    return content.rootFolder.childEntity[0]


@pytest.fixture
def cluster(dc: Remote) -> Iterator[Remote]:
    """A cluster of side A's hosts with DRS; afterwards everything is as it was."""
    made = dc.hostFolder.CreateClusterEx("cluster-a", drs("fullyAutomated"))
    WaitForTask(made.MoveInto_Task([host(dc, name) for name in SIDE_A]))
    yield made
    for machine in [vm for one in made.host for vm in one.vm]:
        remove(machine)
    hosts = list(made.host)
    for one in hosts:
        WaitForTask(one.EnterMaintenanceMode_Task(0))
    if hosts:
        WaitForTask(dc.hostFolder.MoveIntoFolder_Task(hosts))
    for one in hosts:
        WaitForTask(one.ExitMaintenanceMode_Task(0))
    WaitForTask(made.Destroy_Task())


def drs(behavior: str) -> Remote:
    return vim.cluster.ConfigSpecEx(
        drsConfig=vim.cluster.DrsConfigInfo(enabled=True, defaultVmBehavior=behavior)
    )


def host(dc: Remote, name: str) -> Remote:
    return next(one for entity in dc.hostFolder.childEntity for one in entity.host if one.name == name)


def switch(dc: Remote) -> Remote:
    return next(e for e in dc.networkFolder.childEntity if isinstance(e, vim.DistributedVirtualSwitch))


def machine_spec(name: str, datastore: str = "ds-a", memory: int = 2048, *devices: Remote) -> Remote:
    return vim.vm.ConfigSpec(
        name=name,
        memoryMB=memory,
        numCPUs=1,
        guestId="otherGuest",
        files=vim.vm.FileInfo(vmPathName=f"[{datastore}]"),
        deviceChange=list(devices),
    )


def added(device: Remote, file_operation: str | None = None) -> Remote:
    return vim.vm.device.VirtualDeviceSpec(operation="add", device=device, fileOperation=file_operation)


def controller() -> Remote:
    return added(vim.vm.device.VirtualLsiLogicController(key=-1, busNumber=0, sharedBus="noSharing"))


def disk(path: str, kib: int = 0, file_operation: str | None = "create") -> Remote:
    backing = vim.vm.device.VirtualDisk.FlatVer2BackingInfo(fileName=path, diskMode="persistent")
    device = vim.vm.device.VirtualDisk(
        key=-2, controllerKey=-1, unitNumber=0, capacityInKB=kib, backing=backing
    )
    return added(device, file_operation)


def create(dc: Remote, pool: Remote, spec: Remote) -> Remote:
    task = dc.vmFolder.CreateVM_Task(spec, pool)
    WaitForTask(task)
    return task.info.result


def remove(machine: Remote) -> None:
    if machine.runtime.powerState == "poweredOn":
        WaitForTask(machine.PowerOff())
    WaitForTask(machine.Destroy_Task())


def disks(machine: Remote) -> list[Remote]:
    return [d for d in machine.config.hardware.device if isinstance(d, vim.vm.device.VirtualDisk)]


# --- the process ---------------------------------------------------------------------------------------


def test_go_tests(simulator: vcenters.Simulator) -> None:
    """The parts with logic of their own have tests beside them."""
    assert simulator.binary.exists()
    source = Path(vcenters.__file__).parent / "vcenter"
    subprocess.run(("go", "test", "./..."), cwd=source, check=True, timeout=600)


def test_wrong_password_is_refused(server: Server) -> None:
    with pytest.raises(vim.fault.InvalidLogin):
        server.login("wrong")


def test_its_certificate_is_verified(server: Server) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        SmartConnect(
            host="127.0.0.1",
            port=server.port,
            user=USER,
            pwd=PASSWORD,
            sslContext=ssl.create_default_context(),
        )


def test_the_password_is_in_no_argument(server: Server) -> None:
    assert PASSWORD.encode() not in Path(f"/proc/{server.process.pid}/cmdline").read_bytes()


def test_it_ends_at_once_though_a_client_waits(simulator: vcenters.Simulator, tmp_path: Path) -> None:
    started = launch(tmp_path, simulator)
    instance = started.login()
    collector = instance.content.propertyCollector
    spec = vmodl.query.PropertyCollector.FilterSpec(
        propSet=[vmodl.query.PropertyCollector.PropertySpec(type=vim.Folder, pathSet=["name"])],
        objectSet=[vmodl.query.PropertyCollector.ObjectSpec(obj=instance.content.rootFolder)],
    )
    collector.CreateFilter(spec, partialUpdates=False)
    first = collector.WaitForUpdatesEx()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(collector.WaitForUpdatesEx, first.version)
        started.process.send_signal(signal.SIGTERM)
        assert started.process.wait(5) == 0
        assert waiting.exception(10) is not None
    assert not (tmp_path / "ready.json").exists()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", started.port))


def test_all_sessions_that_wait_hear_of_a_change(server: Server) -> None:
    """Each has a property collector of its own, all under one name."""
    instances = [server.login(), server.login()]
    folder = instances[0].content.rootFolder.childEntity[0].vmFolder.CreateFolder("old")
    spec = vmodl.query.PropertyCollector.FilterSpec(
        propSet=[vmodl.query.PropertyCollector.PropertySpec(type=vim.Folder, pathSet=["name"])],
        objectSet=[vmodl.query.PropertyCollector.ObjectSpec(obj=folder)],
    )
    collectors = [instance.content.propertyCollector for instance in instances]
    filters = [collector.CreateFilter(spec, partialUpdates=False) for collector in collectors]
    seen = [collector.WaitForUpdatesEx().version for collector in collectors]
    folder.Rename("new")
    patience = vmodl.query.PropertyCollector.WaitOptions(maxWaitSeconds=5)
    for collector, version in zip(collectors, seen, strict=True):
        (heard,) = collector.WaitForUpdatesEx(version, patience).filterSet
        assert [change.val for change in heard.objectSet[0].changeSet if change.name == "name"] == ["new"]
    folder.Destroy()
    for one, instance in zip(filters, instances, strict=True):
        one.Destroy()
        Disconnect(instance)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"instance_uuid": "none"}, "instance_uuid"),
        ({"datastores": [{"name": "x", "capacity_gib": 1, "hosts": ["nobody"]}]}, "nobody"),
    ],
)
def test_an_inventory_without_sense_is_one_clear_line(
    simulator: vcenters.Simulator, tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    with pytest.raises(AssertionError):
        launch(tmp_path, simulator, {**INVENTORY, **change})
    lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) == 1
    assert reason in lines[0]


# --- the inventory -------------------------------------------------------------------------------------


def test_the_inventory_is_the_documents(content: Remote, dc: Remote) -> None:
    assert content.about.apiType == "VirtualCenter"
    assert content.about.instanceUuid == UUID
    assert [one.name for one in content.rootFolder.childEntity] == ["dc1"]
    alone = dc.hostFolder.childEntity
    assert {type(one) for one in alone} == {vim.ComputeResource}
    assert sorted(one.name for one in alone) == sorted((*SIDE_A, *SIDE_B))
    assert dc.vmFolder.childEntity == []
    hardware = host(dc, SIDE_A[0]).summary.hardware
    assert (hardware.numCpuCores, hardware.numCpuThreads, hardware.cpuMhz) == (16, 32, 2600)
    assert hardware.memorySize == 131072 * MIB
    stores = {store.name: store for store in dc.datastore}
    assert set(stores) == {"ds-a", "ds-b"}
    assert {mount.key.name for mount in stores["ds-a"].host} == set(SIDE_A)
    summary = stores["ds-a"].summary
    assert (summary.type, summary.multipleHostAccess, summary.accessible) == ("VMFS", True, True)
    assert summary.capacity == summary.freeSpace == 2048 * GIB
    assert {member.name for member in switch(dc).summary.hostMember} == {*SIDE_A, *SIDE_B}


def test_a_switch_has_the_type_of_a_real_one(content: Remote, dc: Remote) -> None:
    assert isinstance(switch(dc), vim.dvs.VmwareDistributedVirtualSwitch)
    view = content.viewManager.CreateContainerView(
        content.rootFolder, [vim.dvs.VmwareDistributedVirtualSwitch], True
    )
    assert [one.name for one in view.view] == ["dvs-data"]
    found = content.dvSwitchManager.QueryDvsByUuid(switch(dc).uuid)
    assert found.name == "dvs-data"


def test_the_wsdl_is_served(server: Server) -> None:
    text = fetch(server, f"{server.url}/vimService.wsdl").decode()
    for needed in ("RetrievePropertiesEx", "CreateVM_Task", "VirtualMachineConfigSpec"):
        assert f'name="{needed}"' in text


def test_a_request_that_goes_in_circles_is_answered(content: Remote, dc: Remote, cluster: Remote) -> None:
    """From folder to folder and from pool to pool, as oslo.vmware asks; the plain simulator dies of it."""
    collector = vmodl.query.PropertyCollector
    again = [collector.SelectionSpec(name="folders"), collector.SelectionSpec(name="pools")]
    steps = [
        collector.TraversalSpec(name="folders", type=vim.Folder, path="childEntity", selectSet=again),
        collector.TraversalSpec(name="dc", type=vim.Datacenter, path="hostFolder", selectSet=again),
        collector.TraversalSpec(name="cr", type=vim.ComputeResource, path="resourcePool", selectSet=again),
        collector.TraversalSpec(name="pools", type=vim.ResourcePool, path="resourcePool", selectSet=again),
    ]
    again += [collector.SelectionSpec(name="dc"), collector.SelectionSpec(name="cr")]
    child = cluster.resourcePool.CreateResourcePool("child", pool_spec())
    spec = collector.FilterSpec(
        propSet=[collector.PropertySpec(type=vim.ResourcePool, pathSet=["name"])],
        objectSet=[collector.ObjectSpec(obj=content.rootFolder, selectSet=steps)],
    )
    answer = content.propertyCollector.RetrievePropertiesEx([spec], collector.RetrieveOptions())
    found = [one.obj for one in answer.objects]
    assert child in found
    assert len(found) == len(set(found)) == 3  # the cluster's, its child, side B's host that stands alone
    WaitForTask(child.Destroy_Task())


def pool_spec() -> Remote:
    allocation = vim.ResourceAllocationInfo(
        reservation=0, limit=-1, expandableReservation=True, shares=vim.SharesInfo(level="normal", shares=0)
    )
    return vim.ResourceConfigSpec(cpuAllocation=allocation, memoryAllocation=allocation)


# --- clusters ------------------------------------------------------------------------------------------


def test_a_cluster_keeps_drs_and_ha_as_configured(cluster: Remote) -> None:
    policy = vim.cluster.FailoverResourcesAdmissionControlPolicy(
        cpuFailoverResourcesPercent=25, memoryFailoverResourcesPercent=25, failoverLevel=1
    )
    spec = vim.cluster.ConfigSpecEx(
        dasConfig=vim.cluster.DasConfigInfo(
            enabled=True,
            admissionControlEnabled=True,
            admissionControlPolicy=policy,
            hostMonitoring="enabled",
        )
    )
    WaitForTask(cluster.ReconfigureComputeResource_Task(spec, modify=True))
    config = cluster.configurationEx
    assert config.drsConfig.enabled
    assert config.drsConfig.defaultVmBehavior == "fullyAutomated"
    assert config.dasConfig.enabled
    assert config.dasConfig.admissionControlEnabled
    stored = config.dasConfig.admissionControlPolicy
    assert isinstance(stored, vim.cluster.FailoverResourcesAdmissionControlPolicy)
    assert (stored.cpuFailoverResourcesPercent, stored.failoverLevel) == (25, 1)
    WaitForTask(cluster.ReconfigureComputeResource_Task(drs("manual"), modify=True))
    assert cluster.configurationEx.drsConfig.defaultVmBehavior == "manual"
    assert cluster.configurationEx.dasConfig.enabled


def test_a_cluster_has_what_its_hosts_have(dc: Remote, cluster: Remote) -> None:
    assert sorted(one.name for one in cluster.host) == sorted(SIDE_A)
    assert [store.name for store in cluster.datastore] == ["ds-a"]
    assert (cluster.summary.numHosts, cluster.summary.numCpuThreads) == (3, 96)
    assert cluster.summary.totalMemory == 3 * 131072 * MIB
    assert sorted(one.name for one in dc.hostFolder.childEntity) == ["cluster-a", *SIDE_B]


def test_a_cluster_with_hosts_is_not_destroyed(cluster: Remote) -> None:
    with pytest.raises(vim.fault.ResourceInUse):
        WaitForTask(cluster.Destroy_Task())
    assert len(cluster.host) == 3


def test_a_host_leaves_only_in_maintenance_mode_and_comes_back(dc: Remote, cluster: Remote) -> None:
    one: Remote = cluster.host[0]
    with pytest.raises(vim.fault.InvalidState):
        WaitForTask(dc.hostFolder.MoveIntoFolder_Task([one]))
    WaitForTask(one.EnterMaintenanceMode_Task(0))
    assert cluster.summary.numEffectiveHosts == 2
    WaitForTask(dc.hostFolder.MoveIntoFolder_Task([one]))
    assert type(one.parent) is vim.ComputeResource
    alone: Remote = one.parent
    assert alone.resourcePool.owner == alone
    WaitForTask(one.ExitMaintenanceMode_Task(0))
    WaitForTask(cluster.MoveInto_Task([one]))
    assert cluster.summary.numEffectiveHosts == 3


# --- virtual machines ----------------------------------------------------------------------------------


def test_machines_spread_over_the_clusters_hosts(dc: Remote, cluster: Remote) -> None:
    tasks = [dc.vmFolder.CreateVM_Task(machine_spec(f"vm-{n}"), cluster.resourcePool) for n in range(9)]
    for task in tasks:
        WaitForTask(task)
    machines = [task.info.result for task in tasks]
    where = [vm.runtime.host.name for vm in machines]
    assert {name: where.count(name) for name in where} == dict.fromkeys(SIDE_A, 3)
    WaitForTask(machines[0].PowerOn())
    assert machines[0].runtime.host.name == where[0]
    assert machines[0].resourcePool.owner == cluster


def test_a_host_in_maintenance_mode_is_evacuated(dc: Remote, cluster: Remote) -> None:
    vm = create(dc, cluster.resourcePool, machine_spec("vm"))
    WaitForTask(vm.PowerOn())
    before = vm.runtime.host
    WaitForTask(before.EnterMaintenanceMode_Task(0))
    assert vm.runtime.host != before
    assert vm.runtime.host in cluster.host
    assert vm in vm.runtime.host.vm
    assert before.vm == []
    WaitForTask(cluster.ReconfigureComputeResource_Task(drs("manual"), modify=True))
    with pytest.raises(vim.fault.InvalidState):
        WaitForTask(vm.runtime.host.EnterMaintenanceMode_Task(0))
    WaitForTask(before.ExitMaintenanceMode_Task(0))


def test_a_machine_starts_on_a_host_that_can_run_it(dc: Remote, cluster: Remote) -> None:
    vm = create(dc, cluster.resourcePool, machine_spec("vm"))
    away = vm.runtime.host
    WaitForTask(away.EnterMaintenanceMode_Task(0))
    assert vm.runtime.host == away  # switched off: it stays
    WaitForTask(vm.PowerOn())
    assert vm.runtime.host != away
    assert vm.runtime.host in cluster.host
    WaitForTask(away.ExitMaintenanceMode_Task(0))


def test_a_clone_is_what_its_specification_says(dc: Remote, cluster: Remote) -> None:
    source = create(
        dc,
        cluster.resourcePool,
        machine_spec("source", "ds-a", 2048, controller(), disk("[ds-a]", kib=1024)),
    )
    uuid = "0c4c7b1a-26a3-4c3c-8c3e-8d2d6c2b9a11"
    managed = vim.ext.ManagedByInfo(extensionKey="org.openstack.storage", type="volume")
    spec = vim.vm.CloneSpec(
        location=vim.vm.RelocateSpec(),
        powerOn=False,
        template=True,
        config=vim.vm.ConfigSpec(
            instanceUuid=uuid,
            managedBy=managed,
            extraConfig=[vim.option.OptionValue(key="volume-id", value=uuid)],
        ),
    )
    task = source.CloneVM_Task(dc.vmFolder, "copy", spec)
    WaitForTask(task)
    copy = task.info.result
    assert copy.config.template
    assert copy.config.instanceUuid == uuid
    assert copy.config.managedBy.extensionKey == "org.openstack.storage"
    assert uuid in [option.value for option in copy.config.extraConfig]
    assert copy not in cluster.resourcePool.vm
    assert dc.vmFolder.childEntity
    scsi = [d for d in source.config.hardware.device if isinstance(d, vim.vm.device.VirtualSCSIController)]
    assert [d.scsiCtlrUnitNumber for d in scsi] == [7]
    remove(copy)


def test_free_space_follows_the_disks(content: Remote, dc: Remote, cluster: Remote) -> None:
    store = cluster.datastore[0]
    vm = create(
        dc, cluster.resourcePool, machine_spec("vm", "ds-a", 1024, controller(), disk("[ds-a]", kib=MIB))
    )
    assert store.summary.freeSpace == store.summary.capacity - GIB
    path = disks(vm)[0].backing.fileName
    WaitForTask(content.virtualDiskManager.ExtendVirtualDisk_Task(path, dc, 3 * MIB, False))
    assert disks(vm)[0].capacityInKB == 3 * MIB
    assert store.summary.freeSpace == store.summary.capacity - 3 * GIB
    remove(vm)
    assert store.summary.freeSpace == store.summary.capacity


def test_an_existing_disk_brings_its_size(content: Remote, dc: Remote, cluster: Remote) -> None:
    manager = content.virtualDiskManager
    made = vim.VirtualDiskManager.FileBackedVirtualDiskSpec(
        diskType="thin", adapterType="lsiLogic", capacityKb=2 * MIB
    )
    WaitForTask(manager.CreateVirtualDisk_Task("[ds-a] first.vmdk", dc, made))
    WaitForTask(manager.CopyVirtualDisk_Task("[ds-a] first.vmdk", dc, "[ds-a] second.vmdk"))
    vm = create(dc, cluster.resourcePool, machine_spec("vm", "ds-a", 1024, controller()))
    scsi = next(d for d in vm.config.hardware.device if isinstance(d, vim.vm.device.VirtualSCSIController))
    change = disk("[ds-a] second.vmdk", 0, None)
    change.device.controllerKey = scsi.key
    WaitForTask(vm.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[change])))
    assert disks(vm)[0].capacityInKB == 2 * MIB
    remove(vm)


# --- networks ------------------------------------------------------------------------------------------


def test_port_groups_come_and_go(dc: Remote, cluster: Remote) -> None:
    dvs = switch(dc)
    task = dvs.CreateDVPortgroup_Task(group_spec("net-app"))
    WaitForTask(task)
    group = task.info.result
    assert group.name == "net-app"
    assert group in cluster.network
    assert cluster.network.count(group) == 1
    port = vim.dvs.PortConnection(portgroupKey=group.key, switchUuid=dvs.uuid)
    backing = vim.vm.device.VirtualEthernetCard.DistributedVirtualPortBackingInfo(port=port)
    nic = vim.vm.device.VirtualVmxnet3(key=-9, macAddress="fa:16:3e:00:00:01", backing=backing)
    vm = create(dc, cluster.resourcePool, machine_spec("vm", "ds-a", 1024, added(nic)))
    assert vm.network == [group]
    with pytest.raises(vim.fault.ResourceInUse):
        WaitForTask(group.Destroy_Task())
    remove(vm)
    WaitForTask(group.Destroy_Task())
    assert "net-app" not in [network.name for network in cluster.network]
    assert "net-app" not in [network.name for one in cluster.host for network in one.network]


def test_a_port_groups_name_is_used_once(dc: Remote) -> None:
    dvs = switch(dc)
    first = dvs.CreateDVPortgroup_Task(group_spec("net-once"))
    WaitForTask(first)
    with pytest.raises(vim.fault.DuplicateName):
        WaitForTask(dvs.CreateDVPortgroup_Task(group_spec("net-once")))
    WaitForTask(first.info.result.Destroy_Task())


def group_spec(name: str) -> Remote:
    return vim.dvs.DistributedVirtualPortgroup.ConfigSpec(name=name, type="ephemeral", numPorts=0)


def test_a_switch_of_ones_own(dc: Remote) -> None:
    """Its settings and members are kept, and it goes with its port groups."""
    one = host(dc, SIDE_B[0])
    before = set(one.network)
    uplink = vim.dvs.HostMember.PnicBacking(pnicSpec=[vim.dvs.HostMember.PnicSpec(pnicDevice="vmnic1")])
    member = vim.dvs.HostMember.ConfigSpec(operation="add", host=one, backing=uplink)
    spec = vim.dvs.VmwareDistributedVirtualSwitch.ConfigSpec(name="dvs-own", maxMtu=1600, host=[member])
    task = dc.networkFolder.CreateDVS_Task(vim.DistributedVirtualSwitch.CreateSpec(configSpec=spec))
    WaitForTask(task)
    own = task.info.result
    assert [m.config.backing.pnicSpec[0].pnicDevice for m in own.config.host] == ["vmnic1"]
    assert set(own.portgroup) <= set(one.network)
    change = vim.dvs.VmwareDistributedVirtualSwitch.ConfigSpec(maxMtu=9000)
    WaitForTask(own.ReconfigureDvs_Task(change))
    assert own.config.maxMtu == 9000
    assert [m.config.host for m in own.config.host] == [one]
    WaitForTask(own.Destroy_Task())
    assert set(one.network) == before


# --- files and faults ----------------------------------------------------------------------------------


def fetch(server: Server, url: str) -> bytes:
    with urllib.request.urlopen(url, context=server.trust) as answer:  # noqa: S310 (the server's own URL)
        return bytes(answer.read())


def put(server: Server, path: str, data: bytes, cookie: str | None) -> int:
    request = urllib.request.Request(
        f"https://127.0.0.1:{server.port}/folder/{path}?dcPath=dc1&dsName=ds-a", data=data, method="PUT"
    )
    if cookie:
        request.add_header("Cookie", cookie)
    try:
        with urllib.request.urlopen(request, context=server.trust) as answer:  # noqa: S310 (as above)
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_an_upload_needs_a_session(server: Server) -> None:
    assert put(server, "stranger.vmdk", b"x", None) == 401
    assert put(server, "stranger.vmdk", b"x", "vmware_soap_session=guessed") == 401


@pytest.fixture(scope="module")
def qemu() -> Callable[..., str]:
    """qemu-img, which makes real disks and reads those that vCenter exports."""
    tools = programs.ensure()

    def run(*arguments: str | Path) -> str:
        command = (tools.qemu_img, *arguments)
        environment = {**os.environ, **tools.environment}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    return run


def test_a_real_sparse_disk_is_uploaded_and_exported(
    server: Server, content: Remote, cluster: Remote, qemu: Callable[..., str], tmp_path: Path
) -> None:
    dc = content.rootFolder.childEntity[0]
    image = tmp_path / "image.vmdk"
    qemu("create", "-f", "vmdk", "-o", "subformat=monolithicSparse", image, "256M")
    cookie = content.rootFolder._stub.cookie.split(";")[0]
    assert put(server, "image.vmdk", image.read_bytes(), cookie) == 200
    vm = create(
        dc,
        cluster.resourcePool,
        machine_spec("vm", "ds-a", 1024, controller(), disk("[ds-a] image.vmdk", 0, None)),
    )
    assert disks(vm)[0].capacityInKB == 256 * 1024
    lease = vm.ExportVm()
    url = next(device.url for device in lease.info.deviceUrl if device.disk)
    exported = tmp_path / "exported.vmdk"
    exported.write_bytes(fetch(server, url))
    lease.HttpNfcLeaseComplete()
    told = json.loads(qemu("info", "--output=json", exported))
    assert told["virtual-size"] == 256 * MIB
    assert told["format-specific"]["data"]["create-type"] == "streamOptimized"
    assert qemu("compare", image, exported)
    remove(vm)


@pytest.mark.usefixtures("cluster")
def test_openstacks_own_client_library(server: Server, qemu: Callable[..., str], tmp_path: Path) -> None:
    """oslo.vmware, as Nova and Cinder use it: WSDL, recursive search, uploads of both kinds, export."""
    images = []
    for kind in ("monolithicSparse", "streamOptimized"):
        images.append(tmp_path / f"{kind}.vmdk")
        qemu("create", "-f", "vmdk", "-o", f"subformat={kind}", images[-1], "256M")
    done = subprocess.run(
        (
            str(openstack.ensure() / "bin" / "python"),
            str(Path(__file__).with_name("vmware_client.py")),
            *("127.0.0.1", str(server.port), str(server.folder / "credentials.json")),
            *(str(server.folder / "tls" / "ca.pem"), "ds-a", *map(str, images)),
        ),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told == {
        "hosts": sorted((*SIDE_A, *SIDE_B)),
        "diskPath": "[ds-a] imported/imported.vmdk",
        "diskBytes": 256 * MIB,
        "exportedMagic": "KDMV",
    }
    store = server.folder / "state" / "datastores" / "ds-a"
    assert f"RW {256 * MIB // 512} " in (store / "uploaded.vmdk").read_text()
    assert (store / "uploaded-flat.vmdk").exists()


def test_a_request_that_the_simulator_cannot_stand_harms_nobody(
    server: Server, content: Remote, dc: Remote, cluster: Remote
) -> None:
    """In a task and outside one: the request fails, what it had locked is free, everything else goes on."""
    stub = content.rootFolder._stub
    vm = create(dc, cluster.resourcePool, machine_spec("vm"))
    place = vim.vm.RelocateSpec(host=vim.HostSystem("host-9999", stub))
    with pytest.raises(vmodl.fault.SystemError):
        WaitForTask(vm.CloneVM_Task(dc.vmFolder, "x", vim.vm.CloneSpec(location=place, powerOn=False)))
    network = vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName="no such network")
    nic = added(vim.vm.device.VirtualE1000(key=-1, backing=network))
    with pytest.raises(vmodl.fault.SystemError):
        WaitForTask(vm.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[nic])))
    elsewhere = vim.Datacenter("datacenter-9999", stub)
    for _ in range(2):
        with pytest.raises(vmodl.fault.SystemError):
            content.virtualDiskManager.QueryVirtualDiskUuid("[ds-a] x.vmdk", elsewhere)
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        _ = elsewhere.name
    assert server.process.poll() is None
    WaitForTask(vm.PowerOn())
    assert vm.summary.runtime.powerState == "poweredOn"
