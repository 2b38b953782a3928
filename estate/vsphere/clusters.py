"""Is a vSphere cluster as the documents say? Read only, property by property."""

from collections.abc import Iterator
from typing import Any

from pyVmomi import vim

from estate.model import Cluster
from estate.model.clusters import DrsAutomation

_BEHAVIOUR = {
    DrsAutomation.FULLY_AUTOMATED: "fullyAutomated",
    DrsAutomation.PARTIALLY_AUTOMATED: "partiallyAutomated",
    DrsAutomation.MANUAL: "manual",
}


def declared(cluster: Cluster) -> dict[str, Any]:
    """What is compared, as plain values: hosts, DRS, HA, admission control, EVC, vMotion."""
    return {
        "hosts": sorted(cluster.hosts),
        "drs": _BEHAVIOUR[cluster.drs.automation],
        "ha": cluster.ha.enabled,
        "admissionControl": cluster.ha.enabled and cluster.ha.admission_control is not None,
        "evc": cluster.evc or "",
        "vmotion": cluster.vmkernel.vmotion or "",
    }


def differences(service: vim.ServiceInstance, name: str, wanted: dict[str, Any]) -> list[str]:
    """A sentence for each way in which the cluster is not as ``declared`` says; one if there is none."""
    content: Any = service.RetrieveContent()
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.ClusterComputeResource], True)
    try:
        found: Any = next((one for one in view.view if one.name == name), None)
    finally:
        view.DestroyView()
    if found is None:
        return [f"there is no cluster {name}; make it in vCenter, or say mode: managed"]
    return [
        f"{what} of cluster {name}: expected {wanted_here}, found {found_here}"
        for what, wanted_here, found_here in _compared(found, wanted)
        if wanted_here != found_here
    ]


def _compared(cluster: Any, wanted: dict[str, Any]) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401
    config: Any = cluster.configurationEx
    hosts = sorted(host.name for host in cluster.host)
    yield "hosts", ", ".join(wanted["hosts"]), ", ".join(hosts)
    # An unset default is fully automated (ClusterDrsConfigInfo.defaultVmBehavior).
    behaviour = config.drsConfig.defaultVmBehavior or "fullyAutomated"
    yield "DRS", wanted["drs"], str(behaviour) if config.drsConfig.enabled else "off"
    das = config.dasConfig
    yield "HA", _on(wanted["ha"]), _on(das.enabled)
    yield (
        "admission control",
        _on(wanted["admissionControl"]),
        _on(das.enabled and das.admissionControlEnabled),
    )
    if wanted["evc"]:
        yield "EVC", wanted["evc"], cluster.summary.currentEVCModeKey or "off"
    if wanted["vmotion"]:
        for host in cluster.host:
            yield f"vMotion adapter of {host.name}", wanted["vmotion"], _vmotion(host)


def _vmotion(host: Any) -> str:  # noqa: ANN401 - pyVmomi's objects
    """Device of the adapter that is selected for vMotion."""
    config: Any = host.configManager.virtualNicManager.info
    for kind in config.netConfig or []:
        if kind.nicType == "vmotion" and kind.selectedVnic:
            keys = set(kind.selectedVnic)
            return ", ".join(sorted(card.device for card in kind.candidateVnic or [] if card.key in keys))
    return "none"


def _on(value: object) -> str:
    return "on" if value else "off"
