"""Is a vSphere cluster as the documents say? Read only, property by property."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from estate.model import Cluster, Mode
from estate.model.clusters import DrsAutomation
from estate.vsphere import sdk
from estate.vsphere.sdk import ManagedEntity, ServiceInstance

_BEHAVIOUR = {
    DrsAutomation.FULLY_AUTOMATED: "fullyAutomated",
    DrsAutomation.PARTIALLY_AUTOMATED: "partiallyAutomated",
    DrsAutomation.MANUAL: "manual",
}


def declared(cluster: Cluster) -> dict[str, Any]:
    """What is compared, as plain values: of a managed cluster only what nobody but vCenter's people sets.

    That is each host's CPU generation, its adapters for management and vMotion, and EVC. Of a referenced one
    hosts, DRS, HA and admission control as well.
    """
    ours = {
        "cpu": {
            host: one.cpu
            for one in cluster.host_classes.values()
            if one.cpu is not None
            for host in one.hosts
        },
        "evc": cluster.evc or "",
        "hosts": sorted(cluster.hosts),
        "management": cluster.vmkernel.management or "",
        "vmotion": cluster.vmkernel.vmotion or "",
    }
    if cluster.mode is Mode.MANAGED:
        return ours
    return {
        **ours,
        "drs": _BEHAVIOUR[cluster.drs.automation],
        "ha": cluster.ha.enabled,
        "admissionControl": cluster.ha.enabled and cluster.ha.admission_control is not None,
    }


def differences(service: ServiceInstance, name: str, wanted: dict[str, Any]) -> list[str]:
    """A sentence for each way in which the cluster or one of its hosts is not as ``declared`` says.

    A managed cluster need not be there yet: its hosts are.
    """
    referenced = "drs" in wanted
    cluster = next((one for one in _all(service, sdk.vim.ClusterComputeResource) if one.name == name), None)
    if cluster is None and referenced:
        return [f"there is no cluster {name}; make it in vCenter, or say mode: managed"]
    hosts = {host.name: host for host in _all(service, sdk.vim.HostSystem)}
    return [
        f"{what}: expected {wanted_here}, found {found_here}"
        for what, wanted_here, found_here in chain(
            _of_cluster(cluster, wanted) if cluster is not None and referenced else (),
            _evc(cluster, wanted) if cluster is not None and wanted["evc"] else (),
            *(_of_host(hosts.get(host), host, wanted) for host in wanted["hosts"]),
        )
        if wanted_here != found_here
    ]


Compared = Iterator[tuple[str, str, str]]
"""What, as it shall be, as it is."""


def _all(service: ServiceInstance, kind: type[ManagedEntity]) -> list[Any]:
    content: Any = service.RetrieveContent()
    view = content.viewManager.CreateContainerView(content.rootFolder, [kind], True)
    try:
        return list(view.view)
    finally:
        view.DestroyView()


def _of_cluster(cluster: Any, wanted: dict[str, Any]) -> Compared:  # noqa: ANN401 - pyVmomi's objects
    config: Any = cluster.configurationEx
    name = cluster.name
    hosts = sorted(host.name for host in cluster.host)
    yield f"hosts of cluster {name}", ", ".join(wanted["hosts"]), ", ".join(hosts)
    # An unset default is fully automated (ClusterDrsConfigInfo.defaultVmBehavior).
    behaviour = config.drsConfig.defaultVmBehavior or "fullyAutomated"
    yield f"DRS of cluster {name}", wanted["drs"], str(behaviour) if config.drsConfig.enabled else "off"
    das = config.dasConfig
    yield f"HA of cluster {name}", _on(wanted["ha"]), _on(das.enabled)
    yield (
        f"admission control of cluster {name}",
        _on(wanted["admissionControl"]),
        _on(das.enabled and das.admissionControlEnabled),
    )


def _evc(cluster: Any, wanted: dict[str, Any]) -> Compared:  # noqa: ANN401
    yield f"EVC of cluster {cluster.name}", wanted["evc"], cluster.summary.currentEVCModeKey or "off"


def _of_host(host: Any, name: str, wanted: dict[str, Any]) -> Compared:  # noqa: ANN401
    if host is None:
        yield f"ESXi host {name}", "in vCenter", "none of that name"
        return
    if name in wanted["cpu"]:
        yield f"CPU generation of {name}", wanted["cpu"][name], host.summary.maxEVCModeKey or "unknown"
    for use in ("management", "vmotion"):
        if wanted[use]:
            yield f"VMkernel adapter of {name} for {use}", wanted[use], selected(host, use)


def selected(host: Any, use: str) -> str:  # noqa: ANN401
    """Device of the adapter that is selected for a kind of traffic (HostVirtualNicManagerNicType)."""
    config: Any = host.configManager.virtualNicManager.info
    for kind in config.netConfig or []:
        if kind.nicType == use and kind.selectedVnic:
            keys = set(kind.selectedVnic)
            return ", ".join(sorted(card.device for card in kind.candidateVnic or [] if card.key in keys))
    return "none"


def _on(value: object) -> str:
    return "on" if value else "off"
