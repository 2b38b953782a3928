"""Volume types and datastores, gathered in arrays."""

from collections.abc import Iterable

from estate.adoption.found import Found, Thing
from estate.adoption.taking import Block, Taking, name_of
from estate.model import Hypervisor
from estate.model.images import Adapter
from estate.model.storage import FrontEndLimit

_PROVISIONING = {"thin": None, "thick": "thick", "eagerZeroedThick": "eager-zeroed-thick"}
_DEFAULT = "__DEFAULT__"
"""Cinder's own type."""
_PLACEHOLDER = 1024
"""GiB of an array whose back end does not say how much it has."""


def storage(found: Found, taking: Taking, vcenters: Iterable[str]) -> None:
    """An array for each back end, with its volume types; datastores lie in that of their vCenter."""
    arrays: dict[str, Block] = {}
    known = sorted(vcenters)
    for name, thing in taking.named("volume type", _of_operators(found, taking)):
        specs = dict(thing["extra_specs"] or {})
        back_end = specs.get("volume_backend_name") or _only_back_end(found)
        if back_end is None:
            taking.leave("volume type", name, "it names no back end, and there are several")
            continue
        on_esxi = _is_vmware(found, back_end, specs)
        vcenter = _vcenter(back_end, known) if on_esxi else None
        if on_esxi and vcenter is None:
            taking.leave("volume type", name, f"nothing tells which vCenter back end {back_end} speaks to")
            continue
        array = name_of(back_end.removesuffix(f"-{vcenter or Hypervisor.KVM.value}"), "array")
        kept = arrays.setdefault(array, {"capacity": 0, "volume_types": {}, "datastores": {}})
        if not on_esxi:
            kept["capacity"] = max(kept["capacity"], _capacity(found, back_end))
        kept["volume_types"][name] = _volume_type(found, taking, thing, vcenter)
        taking.names.setdefault("volume_types", {})[name] = name
        if limits := found.type_limits.get(str(thing["id"])):
            taking.ids.setdefault("openstack:blockstorage/qosV3:QosV3", {})[f"{name}-limits"] = limits["id"]
    _datastores(found, taking, arrays)
    for name, kept in arrays.items():
        kvm = [key for key, one in kept["volume_types"].items() if one["serves"] == Hypervisor.KVM]
        if kvm and not kept["capacity"]:
            taking.note(
                "storage",
                name,
                "capacity",
                f"its back end does not say it; {_PLACEHOLDER} GiB for KVM stands there: replace it",
            )
            kept["capacity"] = _PLACEHOLDER
        asked = sum(one["size"] for one in found.volumes if one["volume_type"] in kvm)
        presented = sum(one["capacity"] for one in kept["datastores"].values())
        kept["capacity"] = f"{max(kept['capacity'], asked) + presented} GiB"
        for one in kept["datastores"].values():
            one["capacity"] = f"{one['capacity']} GiB"
        taking.take("storage", name, kept)


def _of_operators(found: Found, taking: Taking) -> list[Thing]:
    for one in found.volume_types:
        if one["name"] == _DEFAULT:
            taking.leave("volume type", _DEFAULT, "it is Cinder's own")
    return [one for one in found.volume_types if one["name"] != _DEFAULT]


def _only_back_end(found: Found) -> str | None:
    names = {one["capabilities"].get("volume_backend_name") for one in found.pools}
    return names.pop() if len(names) == 1 else None


def _is_vmware(found: Found, back_end: str, specs: Thing) -> bool:
    return any(key.startswith("vmware:") for key in specs) or any(
        one["capabilities"].get("vendor_name") == "VMware"
        for one in found.pools
        if one["capabilities"].get("volume_backend_name") == back_end
    )


def _vcenter(back_end: str, vcenters: list[str]) -> str | None:
    if len(vcenters) == 1:
        return vcenters[0]
    return next((one for one in vcenters if back_end.endswith(f"-{one}")), None)


def _capacity(found: Found, back_end: str) -> int:
    """GiB of the largest pool; 0 if none says it (Cinder's ``infinite`` and ``unknown``)."""
    totals = [
        one["capabilities"].get("total_capacity_gb")
        for one in found.pools
        if one["capabilities"].get("volume_backend_name") == back_end
    ]
    return int(max((one for one in totals if isinstance(one, int | float)), default=0))


def _volume_type(found: Found, taking: Taking, thing: Thing, vcenter: str | None) -> Block:
    specs = thing["extra_specs"] or {}
    identity = str(thing["id"])
    access = [taking.known("projects", one) for one in found.type_access.get(identity, ())]
    defaults = [
        taking.known("projects", one) for one, kind in found.default_types.items() if kind == identity
    ]
    adapter = specs.get("vmware:adapter_type")
    block: Block = {
        "serves": (Hypervisor.ESXI if vcenter else Hypervisor.KVM).value,
        "vcenter": vcenter,
        "provisioning": _PROVISIONING.get(specs.get("vmware:vmdk_type", "")),
        "storage_policy": specs.get("vmware:storage_profile"),
        "adapter": adapter if adapter in set(Adapter) else None,
        "qos": _qos(found.type_limits.get(identity)),
        "encryption": _encryption(found.type_encryption.get(identity)),
        "projects": sorted(one for one in access if one),
        "default_for": sorted(one for one in defaults if one),
        "description": thing["description"],
    }
    return {key: value for key, value in block.items() if value not in (None, "", [])}


def _qos(limits: Thing | None) -> Block | None:
    if limits is None:
        return None
    words = set(FrontEndLimit)
    front = {key: int(value) for key, value in limits["specs"].items() if key in words}
    back = {key: value for key, value in limits["specs"].items() if key not in words}
    return {key: value for key, value in (("front_end", front), ("back_end", back)) if value}


def _encryption(thing: Thing | None) -> Block | None:
    if thing is None:
        return None
    defaults = {
        "provider": "luks",
        "cipher": "aes-xts-plain64",
        "key_size": 256,
        "control_location": "front-end",
    }
    return {key: thing[key] for key, default in defaults.items() if thing[key] != default}


def _datastores(found: Found, taking: Taking, arrays: dict[str, Block]) -> None:
    """Those that whole clusters mount; in the array of their vCenter's volume types, as nobody says it."""
    hosts = {
        name: {host.name for host in one.hosts}
        for one in found.clusters
        if (name := one.name) in taking.blocks.get("clusters", {})
    }
    vcenter_of = {one.name: one.vcenter for one in found.clusters}
    listed = [{"name": one.name, "id": one.name, "store": one} for one in found.datastores]
    for name, thing in taking.named("datastore", listed):
        store = thing["store"]
        mounting = sorted(
            cluster
            for cluster, members in hosts.items()
            if members <= store.hosts and vcenter_of[cluster] == store.vcenter
        )
        if not mounting:
            taking.leave("datastore", name, "no cluster that is taken mounts it on all of its hosts")
            continue
        array = next(
            (
                key
                for key, one in arrays.items()
                if any(kind.get("vcenter") == store.vcenter for kind in one["volume_types"].values())
            ),
            f"datastores-{store.vcenter}",
        )
        kept = arrays.setdefault(array, {"capacity": 0, "volume_types": {}, "datastores": {}})
        kept["datastores"][name] = {"capacity": store.capacity, "clusters": mounting}
