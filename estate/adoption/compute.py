"""Hosts, clusters and aggregates; flavors, keypairs and server groups."""

import re
from collections.abc import Iterable, Mapping
from math import ceil

from estate.adoption.found import Found, FoundCluster, FoundHost, Thing
from estate.adoption.taking import Block, Taking, size
from estate.model import Hypervisor
from estate.model.words import ranges
from estate.placement.triple import IMAGE_TYPE, TRAIT, trait_key

_UNKNOWN_CARDS = {"storage": ["unknown-storage"], "data": ["unknown-data"]}
"""Stands where network cards must be said and nobody can be asked: to be replaced by a person."""
_AUTOMATION = {
    "fullyAutomated": None,  # the default
    "partiallyAutomated": "partially-automated",
    "manual": "manual",
}
_WITH_SCOPE = re.compile(r"^[a-z0-9_]+(:[A-Za-z0-9_.-]+)+$")
_RATIOS = {
    "cpu_allocation_ratio": ("VCPU", 4.0),
    "ram_allocation_ratio": ("MEMORY_MB", 1.0),
    "disk_allocation_ratio": ("DISK_GB", 1.0),
}
"""Key of the language → resource class in placement, and the default of the language."""


def sides(found: Found) -> dict[str, Hypervisor]:
    """nova-compute host → its hypervisor, as far as it is one of the two."""
    kinds = {"QEMU": Hypervisor.KVM, "KVM": Hypervisor.KVM, "VMware vCenter Server": Hypervisor.ESXI}
    return {one.host: kinds[one.hypervisor] for one in found.hosts if one.hypervisor in kinds}


def clusters(found: Found, taking: Taking) -> None:
    """vSphere clusters that a nova-compute speaks for."""
    computes = {one.node: one for one in found.hosts}
    listed = [{"name": one.name, "id": one.node, "cluster": one} for one in found.clusters]
    for name, thing in taking.named("cluster", listed):
        cluster: FoundCluster = thing["cluster"]
        compute = computes.get(cluster.node)
        if compute is None:
            taking.leave(
                "cluster",
                name,
                f"no nova-compute speaks for it ({cluster.node}); start one and import again",
            )
            continue
        adapters = _common(one.adapters for one in cluster.hosts)
        if cluster.drs not in _AUTOMATION:
            taking.leave("cluster", name, "DRS is off, which the language does not know; left as found")
        taking.note(
            "clusters",
            name,
            "nics and vmkernel",
            "which cards carry storage is not to be seen in vCenter: replace unknown-storage",
        )
        drs = {
            "automation": _AUTOMATION.get(cluster.drs),
            # As the provider has it: the rate itself (resource_vsphere_compute_cluster.go).
            "migration_threshold": cluster.migration_rate if cluster.migration_rate != 3 else None,
        }
        block: Block = {
            "vcenter": cluster.vcenter,
            "compute_host": compute.host,
            "host_classes": _esxi_classes(cluster),
            "drs": {key: value for key, value in drs.items() if value is not None},
            "ha": _ha(cluster),
            "evc": cluster.evc,
            "vmkernel": adapters,
            "traits": _traits(compute),
        }
        taking.take("clusters", name, block, compute.host)


def _ha(cluster: FoundCluster) -> Block:
    if not cluster.ha:
        return {"enabled": False, "admission_control": None}
    if cluster.host_failures is None:
        return {"admission_control": None}
    return (
        {} if cluster.host_failures == 1 else {"admission_control": {"host_failures": cluster.host_failures}}
    )


def _esxi_classes(cluster: FoundCluster) -> dict[str, Block]:
    classes: dict[str, tuple[list[str], Block]] = {}
    for host in sorted(cluster.hosts, key=lambda one: one.name):
        data = [card for cards in host.uplinks.values() for card in cards]
        block: Block = {
            "cores": host.cores,
            "threads": host.threads,
            "memory": size(host.memory),
            "nics": _UNKNOWN_CARDS | ({"data": data} if data else {}),
        }
        if host.cpu:
            block["cpu"] = host.cpu
        classes.setdefault(repr(block), ([], block))[0].append(host.name)
    return _classes(classes.values())


def aggregates(found: Found, taking: Taking) -> None:
    """Aggregates of one hypervisor that are an availability zone."""
    side = sides(found)
    by_host = {one.host: one for one in found.hosts}
    for name, thing in taking.named("aggregate", found.aggregates):
        hosts: list[str] = list(thing["hosts"] or [])
        zone = thing["availability_zone"]
        kinds = {side.get(host) for host in hosts}
        why = None
        if not zone:
            why = "it is no availability zone, and an aggregate of the language is one"
        elif not hosts:
            why = "it has no hosts, so that nothing tells its hypervisor"
        elif None in kinds:
            strange = sorted(host for host in hosts if side.get(host) is None)
            why = f"{', '.join(strange)} has no compute node of KVM or ESXi"
        elif len(kinds) > 1:
            why = "it has KVM and ESXi hosts, and an aggregate of the language has one hypervisor"
        if why:
            taking.leave("aggregate", name, why)
            continue
        hypervisor = side[hosts[0]]
        block: Block = {"hypervisor": hypervisor.value, "availability_zone": zone}
        if hypervisor is Hypervisor.KVM:
            block["host_classes"] = _kvm_classes([by_host[host] for host in hosts])
            taking.note(
                "aggregates",
                name,
                "nics",
                "OpenStack does not know the network cards of KVM hosts: replace unknown-storage and "
                "unknown-data",
            )
        else:
            block["clusters"] = sorted(filter(None, (taking.known("clusters", host) for host in hosts)))
            if len(block["clusters"]) < len(hosts):
                taking.leave("aggregate", name, "not all of its hosts are clusters that are taken")
                continue
        block |= _ratios([by_host[host] for host in hosts])
        ours = {"availability_zone", trait_key(hypervisor), "img_hv_type"}
        block["metadata"] = {
            key: value
            for key, value in (thing["metadata"] or {}).items()
            if key not in ours or (key == "img_hv_type" and value != IMAGE_TYPE[hypervisor])
        }
        taking.take("aggregates", name, block, str(thing["id"]))
    taken = {host for one in found.aggregates for host in one["hosts"] or []}
    for host in sorted(by_host.keys() - taken):
        taking.leave("host", host, "it is in no aggregate, and hosts of the language are in one")


def _kvm_classes(hosts: Iterable[FoundHost]) -> dict[str, Block]:
    classes: dict[str, tuple[list[str], Block]] = {}
    for host in sorted(hosts, key=lambda one: one.host):
        total = {key: one["total"] for key, one in host.inventories.items()}
        block: Block = {
            "vcpus": total.get("VCPU"),
            "memory": size(total.get("MEMORY_MB", 0)),
            "disk": size(total.get("DISK_GB", 0) * 1024),
            "nics": dict(_UNKNOWN_CARDS),
        }
        if traits := _traits(host):
            block["traits"] = traits
        classes.setdefault(repr(block), ([], block))[0].append(host.host)
    return _classes(classes.values())


def _classes(classes: Iterable[tuple[list[str], Block]]) -> dict[str, Block]:
    """``class-1``, … with the hosts of each first."""
    return {
        f"class-{number}": {"hosts": ranges(hosts), **block}
        for number, (hosts, block) in enumerate(classes, start=1)
    }


def _traits(host: FoundHost) -> list[str]:
    return sorted(one for one in host.traits if one.startswith("CUSTOM_") and one not in TRAIT.values())


def _ratios(hosts: list[FoundHost]) -> Block:
    """Those that differ from the language's defaults, as the first host has them."""
    found = {
        key: float(hosts[0].inventories.get(resource, {}).get("allocation_ratio", default))
        for key, (resource, default) in _RATIOS.items()
    }
    return {key: ratio for key, ratio in found.items() if ratio != _RATIOS[key][1]}


def _common(mappings: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What all of them say alike."""
    listed = list(mappings)
    return {
        key: value
        for key, value in (listed[0] if listed else {}).items()
        if all(one.get(key) == value for one in listed)
    }


def flavors(found: Found, taking: Taking) -> None:
    """Flavors, each for the hypervisor that it requires, or that its servers are on."""
    side = sides(found)
    used: dict[str, set[Hypervisor]] = {}
    for server in found.servers:
        if (host := side.get(server["compute_host"] or "")) is not None:
            used.setdefault((server["flavor"] or {}).get("original_name") or "", set()).add(host)
    alone = set(side.values())
    for name, thing in taking.named("flavor", found.flavors):
        specs: dict[str, str] = dict(thing["extra_specs"] or {})
        said = {one for one in Hypervisor if specs.get(trait_key(one)) == "required"}
        candidates = said or used.get(name, set()) or (alone if len(alone) == 1 else {Hypervisor.KVM})
        if len(candidates) > 1:
            taking.leave(
                "flavor", name, "servers of both hypervisors have it, and a flavor is for one of them"
            )
            continue
        if thing["swap"] or thing["ephemeral"]:
            taking.leave("flavor", name, "it has swap or an ephemeral disk, which the language does not know")
            continue
        (hypervisor,) = candidates
        if not said and not used.get(name) and len(alone) > 1:
            taking.note(
                "flavors",
                name,
                "hypervisor",
                "nothing tells which one it is for: taken for KVM",
            )
        traits = [
            key.removeprefix("trait:")
            for key, value in specs.items()
            if key.startswith("trait:") and value == "required" and key not in map(trait_key, Hypervisor)
        ]
        further = {
            key: value
            for key, value in specs.items()
            if _WITH_SCOPE.match(key) and not key.startswith(("trait:", "aggregate_instance_extra_specs:"))
        }
        for key in specs.keys() - further.keys():
            if key.removeprefix("trait:") not in {*traits, *TRAIT.values()}:
                taking.note(
                    "flavors",
                    name,
                    f"extra spec {key}",
                    "the language has no word for it; left as found",
                )
        access = [taking.known("projects", one) for one in found.flavor_access.get(str(thing["id"]), ())]
        block: Block = {
            "hypervisor": hypervisor.value,
            "vcpus": thing["vcpus"],
            "memory": size(thing["ram"]),
            "disk": size(thing["disk"] * 1024),
            "projects": sorted(one for one in access if one),
            "traits": sorted(traits),
            "extra_specs": further,
            "description": thing["description"],
        }
        taking.take("flavors", name, block, str(thing["id"]))


def keypairs(found: Found, taking: Taking) -> None:
    """Keys of the login's user."""
    for name, thing in taking.named("keypair", found.keypairs):
        taking.take("keypairs", name, {"public_key": (thing["public_key"] or "").strip()}, name)


def server_groups(found: Found, taking: Taking) -> None:
    """Server groups."""
    for name, thing in taking.named("server group", found.server_groups):
        policies = [thing["policy"], *(thing["policies"] or [])]
        taking.take("server_groups", name, {"policy": next(filter(None, policies), None)}, thing["id"])
        for member in thing["member_ids"] or []:
            taking.names.setdefault("group of server", {})[member] = name


def projects(found: Found, taking: Taking) -> None:
    """Projects, but the login's own and that of the services, which are the operators'."""
    for name, thing in taking.named("project", found.projects):
        if thing["id"] == found.project or name == "service":
            taking.leave("project", name, "it is the operators' own")
        else:
            taking.take("projects", name, {"description": thing["description"]}, thing["id"])
            taking.note("projects", name, "quota", "not taken: what the documents do not say stays")


def gibibytes(count: float) -> int:
    """Whole GiB that hold so many bytes."""
    return ceil(count / 2**30)


def image_of(server: Thing) -> str | None:
    """Id of the image that a server was booted from; ``None`` if from a volume."""
    return (server["image"] or {}).get("id")
