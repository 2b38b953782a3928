"""Clusters and datastores of a vCenter as they are, for documents that shall describe them."""

import re
from typing import Any

from estate.adoption.found import FoundCluster, FoundDatastore, FoundEsxiHost
from estate.vsphere import sdk
from estate.vsphere.clusters import selected
from estate.vsphere.inventory import collect
from estate.vsphere.sdk import ServiceInstance

_ALONE = re.compile(r"^vmk[0-9]+$")
"""One adapter: the language knows one for each use."""
_USES = ("management", "vmotion")
"""Of VMkernel adapters: those that vCenter tells apart and the language knows."""


def clusters(vcenter: str, service: ServiceInstance) -> tuple[FoundCluster, ...]:
    """All clusters, with their hosts."""
    content: Any = service.RetrieveContent()
    uplinks = _uplinks(service)
    hosts: dict[Any, list[FoundEsxiHost]] = {}
    paths = ["name", "parent", "hardware", "summary"]
    for entity, values in collect(service, sdk.vim.HostSystem, paths):
        cpu = values["hardware"].cpuInfo
        made = FoundEsxiHost(
            name=values["name"],
            cores=int(cpu.numCpuCores),  # pyVmomi has a type of its own for it
            threads=int(cpu.numCpuThreads),
            memory=int(values["hardware"].memorySize) // 2**20,
            cpu=values["summary"].maxEVCModeKey or None,
            adapters={use: one for use in _USES if _ALONE.match(one := selected(entity, use))},
            uplinks=uplinks.get(entity, {}),
        )
        hosts.setdefault(values.get("parent"), []).append(made)
    found = []
    for entity, values in collect(
        service, sdk.vim.ClusterComputeResource, ["name", "configurationEx", "summary"]
    ):
        config = values["configurationEx"]
        drs, das = config.drsConfig, config.dasConfig
        found.append(
            FoundCluster(
                vcenter=vcenter,
                name=values["name"],
                # nova/virt/vmwareapi/driver.py ``_create_nodename``
                node=f"{entity._moId}.{content.about.instanceUuid}",
                hosts=tuple(sorted(hosts.get(entity, []), key=lambda one: one.name)),
                # An unset default is fully automated (ClusterDrsConfigInfo.defaultVmBehavior).
                drs=str(drs.defaultVmBehavior or "fullyAutomated") if drs.enabled else "",
                migration_rate=int(drs.vmotionRate or 3),
                ha=bool(das.enabled),
                host_failures=_failures(das),
                evc=values["summary"].currentEVCModeKey or None,
            )
        )
    return tuple(found)


def _failures(das: Any) -> int | None:  # noqa: ANN401 - pyVmomi's objects
    """Host failures that admission control provides for; 1 where its policy counts something else."""
    if not das.admissionControlEnabled:
        return None
    policy = das.admissionControlPolicy
    return int(getattr(policy, "failOverLevel", None) or getattr(policy, "failoverLevel", None) or 1)


def _uplinks(service: ServiceInstance) -> dict[Any, dict[str, tuple[str, ...]]]:
    found: dict[Any, dict[str, tuple[str, ...]]] = {}
    for _, values in collect(service, sdk.vim.DistributedVirtualSwitch, ["name", "config"]):
        for member in values["config"].host or []:
            cards = tuple(one.pnicDevice for one in getattr(member.config.backing, "pnicSpec", None) or [])
            if cards:
                found.setdefault(member.config.host, {})[values["name"]] = cards
    return found


def datastores(vcenter: str, service: ServiceInstance) -> tuple[FoundDatastore, ...]:
    """All datastores, with the hosts that mount them."""
    names = {entity: values["name"] for entity, values in collect(service, sdk.vim.HostSystem, ["name"])}
    return tuple(
        FoundDatastore(
            vcenter=vcenter,
            name=values["name"],
            capacity=int(values["summary"].capacity) // 2**30,
            hosts=frozenset(names[one.key] for one in values.get("host") or []),
        )
        for _, values in collect(service, sdk.vim.Datastore, ["name", "summary", "host"])
    )
