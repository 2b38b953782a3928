"""DRS rules that keep servers of one group on different ESXi hosts of a cluster.

A rule (``ClusterAntiAffinityRuleSpec`` in ``configurationEx.rule``) lists machines of one cluster. Nova's
machines are found by ``config.instanceUuid``, which is the server's id (nova/virt/vmwareapi/vm_util.py).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from estate.vsphere import sdk
from estate.vsphere.sdk import ServiceInstance


def rule_name(group: str) -> str:
    """Name of a group's rule, the same in every cluster."""
    return f"estate-{group}"


@dataclass(frozen=True)
class _Change:
    """What makes a cluster's rule as it should be."""

    cluster: Any
    name: str
    specification: Any


def mend(
    service: ServiceInstance, group: str, servers: Sequence[str], clusters: Collection[str]
) -> list[str]:
    """Write, change and remove the group's rules; a line for each, empty if all is as it should be."""
    lines = []
    for change in _changes(service, group, servers, clusters):
        spec = sdk.vim.cluster.ConfigSpecEx(rulesSpec=[change.specification])
        sdk.task.WaitForTask(change.cluster.ReconfigureComputeResource_Task(spec, True))
        lines.append(f"rule {change.name} of cluster {change.cluster.name}: {change.specification.operation}")
    return lines


def differs(service: ServiceInstance, group: str, servers: Sequence[str], clusters: Collection[str]) -> bool:
    """Whether any rule is not as it should be."""
    return bool(_changes(service, group, servers, clusters))


def together(service: ServiceInstance, servers: Sequence[str]) -> list[str]:
    """A sentence for each ESXi host that runs several of the servers."""
    found: dict[str, list[str]] = {}
    for machine in _machines(service, servers):
        found.setdefault(machine.runtime.host.name, []).append(machine.name)
    return [
        f"{host} runs {' and '.join(sorted(names))}, which DRS has not moved apart"
        for host, names in found.items()
        if len(names) > 1
    ]


def _machines(service: ServiceInstance, servers: Sequence[str]) -> list[Any]:
    index: Any = service.RetrieveContent().searchIndex
    found = [index.FindByUuid(None, server, True, True) for server in servers]
    return [machine for machine in found if machine is not None]


def _changes(
    service: ServiceInstance, group: str, servers: Sequence[str], clusters: Collection[str]
) -> list[_Change]:
    name = rule_name(group)
    members: dict[Any, list[Any]] = {}
    for machine in _machines(service, servers):
        members.setdefault(machine.runtime.host.parent, []).append(machine)
    changes = []
    for cluster in _clusters(service, clusters):
        rules = cluster.configurationEx.rule or []
        there = next((rule for rule in rules if rule.name == name), None)
        wanted = members.get(cluster, [])
        if len(wanted) < 2:  # vSphere takes no rule of a single machine
            if there is not None:
                specification = sdk.vim.cluster.RuleSpec(operation="remove", removeKey=there.key)
                changes.append(_Change(cluster, name, specification))
        elif there is None or not there.enabled or set(there.vm) != set(wanted):
            info = sdk.vim.cluster.AntiAffinityRuleSpec(
                name=name, enabled=True, mandatory=False, userCreated=True, vm=wanted
            )
            if there is not None:
                info.key = there.key
            operation = "add" if there is None else "edit"
            specification = sdk.vim.cluster.RuleSpec(operation=operation, info=info)
            changes.append(_Change(cluster, name, specification))
    return changes


def _clusters(service: ServiceInstance, names: Collection[str]) -> list[Any]:
    content: Any = service.RetrieveContent()
    view = content.viewManager.CreateContainerView(content.rootFolder, [sdk.vim.ClusterComputeResource], True)
    try:
        return [one for one in view.view if one.name in names]
    finally:
        view.DestroyView()
