"""Which resources a block of the documents stands for: their URNs, as ``pulumi --target`` takes them.

A component is ``estate:index:TYPE::NAME``, NAME being the block's. What it makes is named after the block
or what the block names (``_roots``): that name itself, ``NAME/…``, or ``NAME-`` and a gate.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from estate.model import Estate
from estate.model.graph import Node
from estate.model.images import glance_name
from estate.model.nearest import nearest
from estate.model.partition import Share, project_of
from estate.model.references import Reference, references
from estate.model.subjects import LABELS
from estate.placement.pairing import back_ends
from estate.placement.prediction import predict
from estate.placement.together import bound_together

_COMPONENTS = {
    "vcenters": ("DistributedSwitch",),
    "clusters": ("EsxiCluster",),
    "aggregates": ("KvmAggregate", "EsxiAggregate"),
    "address_scopes": ("AddressScope",),
    "subnet_pools": ("SubnetPool",),
    "networks": ("LogicalNetwork",),
    "routers": ("LogicalRouter",),
    "security_groups": ("SecurityGroup",),
    "storage": ("StorageArray",),
    "images": ("TaggedImage",),
    "flavors": ("Flavor",),
    "projects": ("Project",),
    "server_groups": ("ServerGroup",),
    "keypairs": ("Keypair",),
    "workloads": ("Workload", "ReservedPorts"),
}
"""Kind → its components."""

_WORDS = {LABELS[kind].replace(" ", "-"): kind for kind in _COMPONENTS}
"""``security-group`` → ``security_groups``."""

_GATES = (
    "as-declared",
    "default-volume-type",
    "enabled",
    "encryption",
    "isolation",
    "leaving-hosts",
    "limits",
    "open",
    "ready",
    "spread",
    "volume-types",
)


class UnknownSubjectError(ValueError):
    """Something that is no block with resources; the message says what there is."""


def parse(subject: str) -> Node:
    """``workload:ledger-db`` → the block. Whether it exists is not asked."""
    word, _, name = subject.partition(":")
    kind = _WORDS.get(word)
    if kind is None or not name:
        raise UnknownSubjectError(
            f"expected KIND:NAME such as workload:ledger-db, got {subject}.{nearest(word, _WORDS)}"
        )
    return Node(kind, name)


def globs(estate: Estate, node: Node, stack: str) -> tuple[str, ...]:
    """URNs of the block's component and of all that it makes, with ``*``: none of them need exist.

    Of a block that is not in the documents only the component.
    """
    found = []
    for token, name in _components(estate, node):
        found.append(_urn(stack, token, name))
        for root in _roots(estate, node):
            names = [root, f"{root}/**", *(f"{root}-{gate}" for gate in _GATES)]
            found += [_urn(stack, f"{token}$**", one) for one in names]
    if node.kind == "server_groups":
        found.append(_urn(stack, "**", f"{node.name}-spread"))  # its own in the stack of the DRS rules
    return tuple(found)


def makes(estate: Estate, share: Share, node: Node) -> bool:
    """Whether a stack makes a block of the documents, or something of it."""
    match node.kind:
        case "vcenters":
            return node.name in share.vcenters
        case "clusters":
            return estate.clusters[node.name].vcenter in share.vcenters
        case "workloads":
            return node.name in share.workloads or (
                share.platform
                and node.name in project_of(estate)
                and any(one.workload.addresses for one in estate.workloads[node.name].variants)
            )
        case "server_groups":
            return node.name in (*share.server_groups, *share.apart)
        case "keypairs":
            return node.name in share.keypairs
        case _:
            return share.platform


def targets(
    estate: Estate, share: Share, node: Node, stack: str, parents: Mapping[str, str | None]
) -> tuple[str, ...]:
    """What ``pulumi --target`` takes for a block in a stack; nothing if it makes nothing of it.

    With it go blocks that it needs and that are not there yet: the engine refuses a resource that depends
    on one which neither is there nor is meant. What is there stays as it is.

    :param parents: the stack's resources as they are, URN → URN of the parent. With them a block that the
        documents no longer have can be meant as well.
    """
    own = globs(estate, node, stack)
    there = [urn for urn in parents if _is_of(own, urn, parents)]
    if node.name not in getattr(estate, node.kind):
        return tuple(there)
    if not makes(estate, share, node):
        return ()
    missing = [
        glob
        for one in needed(estate, node)
        if makes(estate, share, one)
        for glob in _unless_there(globs(estate, one, stack), parents)
    ]
    if node.name in share.workloads and node.kind == "workloads":
        missing.append(_urn(stack, "pulumi-python:dynamic/estate:ShrinkingDisks", "shrinking-disks"))
    return tuple(dict.fromkeys([*own, *there, *missing]))


def _is_of(own: Iterable[str], urn: str | None, parents: Mapping[str, str | None]) -> bool:
    """Whether a resource, or one that it belongs to, is meant."""
    while urn is not None:
        if any(matches(glob, urn) for glob in own):
            return True
        urn = parents.get(urn)
    return False


def _unless_there(those: tuple[str, ...], parents: Mapping[str, str | None]) -> tuple[str, ...]:
    return () if any(matches(glob, urn) for glob in those for urn in parents) else those


def matches(glob: str, urn: str) -> bool:
    """As the engine reads globs of ``--target`` (pkg/resource/deploy/deployment.go ``getMatcher``)."""
    parts = ("[^:]*".join(re.escape(word) for word in part.split("*")) for part in glob.split("**"))
    return re.fullmatch(".*".join(parts), urn) is not None


def needed(estate: Estate, node: Node) -> tuple[Node, ...]:
    """Blocks that must be there before one of the documents, at any distance, the nearest first."""
    uses: dict[Node, list[Node]] = {}
    for use in references(estate):
        if len(use.loc) > 1:
            source = Node(str(use.loc[0]), str(use.loc[1]))
            uses.setdefault(source, []).append(_owner(estate, use))
    predictions = predict(estate)
    together = bound_together(estate, predictions)
    for workload in estate.workloads.values():
        landings = {predictions[server].aggregate for server in workload.servers}
        uses.setdefault(Node("workloads", workload.name), []).extend(
            Node("aggregates", name) for name in sorted(landings)
        )
        uses[Node("workloads", workload.name)] += [
            Node("workloads", first)
            for name in sorted(landings & together.keys())
            for first in together[name].workloads
            if not any(workload.name in one.workloads for one in together.values())
        ]
    for name in estate.networks:  # which the back end realises on the switches
        uses.setdefault(Node("networks", name), []).extend(Node("vcenters", one) for one in estate.vcenters)
    found: dict[Node, None] = {}
    pending = [node]
    while pending:
        for one in uses.get(pending.pop(0), ()):
            if one not in found and one != node:
                found[one] = None
                pending.append(one)
    return tuple(found)


def _owner(estate: Estate, use: Reference) -> Node:
    """The block with a component that a reference leads to."""
    if use.kind == "volume_types":
        return Node("storage", estate.array_of(use.name))
    if use.kind == "availability_zones":
        (aggregate,) = [name for name, one in estate.aggregates.items() if one.availability_zone == use.name]
        return Node("aggregates", aggregate)
    return Node(use.kind, use.name)


def _urn(stack: str, token: str, name: str) -> str:
    return f"urn:pulumi:{stack}::*::{token}::{name}"


def _components(estate: Estate, node: Node) -> Iterator[tuple[str, str]]:
    """Token and name of the components that may stand for a block."""
    name = node.name
    if node.kind == "vcenters" and name in estate.vcenters:
        name = f"{name}/{estate.vcenters[name].switch}"
    for token in _COMPONENTS[node.kind]:
        yield f"estate:index:{token}", name


def _roots(estate: Estate, node: Node) -> Iterator[str]:
    """What the children of a block's components are named after."""
    if node.name not in getattr(estate, node.kind):
        return
    match node.kind:
        case "workloads":
            yield from estate.workloads[node.name].servers
        case "aggregates":
            yield node.name
            yield from estate.compute_hosts(estate.aggregates[node.name])
        case "images":
            image = estate.images[node.name]
            yield from (glance_name(image.name, version) for version in image.versions)
        case "vcenters":
            yield f"{node.name}/{estate.vcenters[node.name].switch}"
        case "storage":
            yield node.name
            yield from (one.volume_backend_name for one in back_ends(estate) if one.array == node.name)
            for kind in estate.storage[node.name].volume_types.values():
                yield kind.name
                yield from kind.default_for
        case _:
            yield node.name
