"""What the tests do with a running sandbox: as its clients do, through the APIs of OpenStack and vCenter."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import openstack
from openstack.connection import Connection
from pyVim.task import WaitForTask
from pyVmomi import vim
from ruamel.yaml import YAML

from sandbox.lifecycle import Running
from sandbox.openstack_plugins.estate_sandbox.vcenter import Login, session

T = TypeVar("T")


def wait_for(what: str, probe: Callable[[], T | None], seconds: float = 120) -> T:
    """The first answer of ``probe`` that is true."""
    deadline = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        assert time.monotonic() < deadline, f"after {seconds} s still waiting for {what}"
        time.sleep(0.2)


class Cloud:
    """The sandbox's OpenStack and its one vCenter."""

    def __init__(self, running: Running) -> None:
        self.running = running
        config = openstack.config.OpenStackConfig(config_files=[str(running.clouds)])
        self.openstack: Any = Connection(config=config.get_one(running.cloud))

    @contextmanager
    def vcenter(self) -> Iterator[vim.ServiceInstanceContent]:
        """Logged in with what ``vcenters.yaml`` says, TLS verified."""
        login = YAML(typ="safe").load(self.running.vcenters)["vc1"]
        host, port = login["server"].split(":")
        with session(
            Login(host, int(port), login["username"], login["password"], login["ca_file"])
        ) as content:
            yield content

    def get(self, service: str, path: str, version: str | None = None) -> Any:
        """A GET to an API; ``version`` is the microversion."""
        adapter = getattr(self.openstack, service)
        return adapter.get(path, microversion=version).json()

    def make_cluster(self, name: str, hosts: list[str]) -> None:
        """A cluster with DRS from standalone hosts, as the vSphere provider makes it."""
        with self.vcenter() as content:
            folder = content.rootFolder.childEntity[0].hostFolder
            drs = vim.cluster.DrsConfigInfo(enabled=True, defaultVmBehavior="fullyAutomated")
            spec = vim.cluster.ConfigSpecEx(drsConfig=drs)
            cluster = folder.CreateClusterEx(name, spec)
            standalone = {
                child.host[0].name: child.host[0]
                for child in folder.childEntity
                if child.host and child != cluster
            }
            WaitForTask(cluster.MoveInto_Task([standalone[host] for host in hosts]))

    def service(self, host: str) -> dict[str, Any] | None:
        """The nova-compute service of a host."""
        found = self.get("compute", f"/os-services?binary=nova-compute&host={host}", "2.53")["services"]
        return found[0] if found else None

    def hypervisor(self, host: str) -> dict[str, Any] | None:
        """The compute node of a host, once it is mapped into the cell."""
        listed = self.get("compute", "/os-hypervisors/detail", "2.53")["hypervisors"]
        return next((one for one in listed if one["service"]["host"] == host), None)

    def await_hypervisor(self, host: str) -> dict[str, Any]:
        """The compute node of a host as soon as there is one."""
        return wait_for(f"hypervisor of {host}", lambda: self.hypervisor(host), 180)

    def traits(self, provider: str) -> set[str]:
        """Traits of a resource provider."""
        answer = self.get("placement", f"/resource_providers/{provider}/traits", "1.36")
        return set(answer.get("traits", ()))

    def await_traits(self, provider: str, wanted: set[str]) -> None:
        """Nova reports a compute node first; its resource provider and that one's traits follow."""
        wait_for(f"{', '.join(wanted)} on {provider}", lambda: wanted <= self.traits(provider), 60)

    def virtual_machine(self, server_id: str) -> dict[str, Any] | None:
        """The VM of a server in vCenter, or None."""
        with self.vcenter() as content:
            assert content.viewManager is not None
            view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
            found = [one for one in view.view if one.config.instanceUuid == server_id]
            if not found:
                return None
            machine: Any = found[0]
            host = machine.runtime.host
            return {
                "host": host.name,
                "cluster": host.parent.name,
                "power": machine.runtime.powerState,
                "networks": [network.name for network in machine.network],
                "disks": [
                    device.backing.fileName  # type: ignore[union-attr]
                    for device in machine.config.hardware.device
                    if isinstance(device, vim.vm.device.VirtualDisk)
                ],
            }


def numbers(ports: object) -> set[int]:
    """All ports of a sandbox."""
    values = vars(ports).values()
    return {port for value in values for port in (value if isinstance(value, tuple) else (value,))}
