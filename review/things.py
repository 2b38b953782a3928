"""What resources are called in words of the domain: ``server "web-1"``, ``2 servers``."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from estate.model.words import ranges
from estate.placement.proof import Claim
from review.value import (
    Drift,
    Environment,
    Hazard,
    HazardKind,
    Landing,
    Operation,
    Preview,
    Proof,
    PropertyChange,
    Reading,
    Review,
    Step,
)

_THINGS = {
    "AddressScope": "address scope",
    "AggregateV2": "aggregate",
    "ComputeCluster": "cluster",
    "DistributedPortGroup": "port group",
    "DistributedVirtualSwitch": "distributed switch",
    "Flavor": "flavor",
    "FlavorAccess": "access to a flavor",
    "Image": "image",
    "Instance": "server",
    "Keypair": "key pair",
    "Network": "network",
    "Port": "port",
    "Project": "project",
    "QosAssociationV3": "use of a QoS",
    "QosV3": "QoS of volumes",
    "QuotaSetV2": "quota of servers",
    "QuotaV2": "quota of networks",
    "QuoteSetV3": "quota of volumes",
    "RbacPolicyV2": "share of a network",
    "Router": "router",
    "RouterInterface": "router interface",
    "RouterRoute": "route",
    "SecGroup": "security group",
    "SecGroupRule": "security group rule",
    "ServerGroup": "server group",
    "Subnet": "subnet",
    "SubnetPool": "subnet pool",
    "Volume": "volume",
    "VolumeAttach": "volume attachment",
    "VolumeTypeAccessV3": "access to a volume type",
    "VolumeTypeV3": "volume type",
}
"""Last word of the type token → what it is, in the singular."""
_KINDS = {
    "AddressScope": "address_scopes",
    "DistributedSwitch": "vcenters",
    "EsxiAggregate": "aggregates",
    "EsxiCluster": "clusters",
    "Flavor": "flavors",
    "Keypair": "keypairs",
    "KvmAggregate": "aggregates",
    "LogicalNetwork": "networks",
    "LogicalRouter": "routers",
    "Project": "projects",
    "SecurityGroup": "security_groups",
    "ServerGroup": "server_groups",
    "StorageArray": "storage",
    "SubnetPool": "subnet_pools",
    "TaggedImage": "images",
    "Workload": "workloads",
}
"""Component → kind of the block that it is made of."""
_PLURALS = {
    "access to a flavor": "accesses to flavors",
    "access to a volume type": "accesses to volume types",
    "QoS of volumes": "QoS of volumes",
    "quota of networks": "quotas of networks",
    "quota of servers": "quotas of servers",
    "quota of volumes": "quotas of volumes",
    "share of a network": "shares of networks",
    "use of a QoS": "uses of a QoS",
}
DONE = {
    Operation.CREATE: "created",
    Operation.UPDATE: "updated",
    Operation.REPLACE: "made anew",
    Operation.DELETE: "deleted",
    Operation.RENAME: "renamed",
    Operation.IMPORT: "imported",
    Operation.FORGET: "left where they are",
}
"""What becomes of a resource."""


def comparable(part: Environment) -> bool:
    """Whether what only one side has came or went; of a side that cannot be read nobody knows."""
    return Reading.UNREADABLE not in (part.base, part.head)


def isolated(proof: Proof) -> bool:
    """Whether ESXi and KVM stay apart: all that is broken, if anything, is that declared workloads find their
    place, as one does not that names no zone where there are two.
    """
    return all(one.claim == Claim.LANDS for one in proof.counterexamples)


def labels(landings: Iterable[Landing]) -> dict[tuple[str, str], str]:
    """(Environment, workload) → what to call it: a group of members that differ by the servers in it."""
    listed = list(landings)
    groups = Counter((one.environment, workload_of(one.workload)) for one in listed)
    return {
        (one.environment, one.workload): (
            ", ".join(ranges(one.servers))
            if groups[one.environment, workload_of(one.workload)] > 1
            else one.workload
        )
        for one in listed
    }


def count(number: int, what: str) -> str:
    """``1 server``, ``2,000 servers``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def some(names: Sequence[str], most: int = 6) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def workload_of(group: str) -> str:
    """The workload of a group of members that differ (``estate.model.members.flat``)."""
    return group.partition("/")[0]


def hits(hazards: Iterable[Hazard]) -> tuple[list[str], list[str]]:
    """Servers that hazards hit, and what else they do, each once."""
    listed = list(hazards)
    servers = dict.fromkeys(name for one in listed for name in hit_by(one) if name in one.servers)
    others = dict.fromkeys(one.subject for one in listed if one.subject in hit_by(one))
    return list(servers), list(others)


def hit_by(hazard: Hazard) -> tuple[str, ...]:
    """What a hazard hits: its servers, or the thing itself. Who is on hosts that leave, nobody knows yet."""
    return hazard.servers if hazard.servers and hazard.kind is not HazardKind.DRAIN else (hazard.subject,)


def thing(type_: str, name: str) -> str:
    """One resource; the steps of this project (gates) are called so."""
    return f'{_noun(type_)} "{name}"'


def named(urn: str | None) -> str:
    """A resource by its URN; the engine itself without one."""
    if urn is None:
        return "engine"
    type_, name = urn.split("::", 3)[2:]
    return thing(type_.rpartition("$")[2], name)


def _noun(type_: str) -> str:
    if type_.startswith("pulumi-python:dynamic"):
        return "step"
    word = type_.rpartition(":")[2]
    return _THINGS.get(word, word)


def block(component: str | None) -> tuple[str, str]:
    """Kind and name of the block that a component stands for, by its URN; of none the settings."""
    type_, name = component.split("::", 3)[2:] if component else ("", "")
    return _KINDS.get(type_.rpartition("$")[2].rpartition(":")[2], "estate"), name


def counts(steps: Iterable[Step]) -> dict[Operation, str]:
    """What the engine will do, in the order of operations: ``2 servers, 1 port``."""
    found: dict[Operation, Counter[str]] = {}
    for one in steps:
        found.setdefault(one.operation, Counter())[_noun(one.type)] += 1
    return {
        operation: ", ".join(_number(noun, number) for noun, number in found[operation].most_common())
        for operation in Operation
        if operation in found
    }


def summary(preview: Preview) -> str:
    """One line: ``1 server made anew; 2 ports, 1 image updated``."""
    found = "; ".join(f"{what} {DONE[operation]}" for operation, what in counts(preview.steps).items())
    return found or "nothing to do"


def lost(preview: Preview) -> list[tuple[Step, str]]:
    """What is replaced or deleted, with the reason."""
    return [
        (one, _reason(one)) for one in preview.steps if one.operation in (Operation.REPLACE, Operation.DELETE)
    ]


def _reason(step: Step) -> str:
    if step.operation is Operation.DELETE:
        return "the program no longer has it"
    if step.because:
        return f"{', '.join(step.because)} cannot change in place"
    return "what it needs is made anew"


def asked(review: Review) -> str:
    """Whom the review has asked, a sentence."""
    if not review.previews:
        return "No cloud was asked: hazards are those of a cloud that is as the base says."
    return "The engine was asked: hazards are those of a cloud that is as the base says; drift is where not."


def drifted(drift: Drift) -> str:
    """A sentence: ``server "web-1": updated; by the documents: nothing; why``."""
    engine, documents = ("nothing" if one is None else DONE[one] for one in (drift.engine, drift.documents))
    return f"{drift.subject}: {engine}; by the documents: {documents}; {drift.message}"


def told(change: PropertyChange) -> str:
    """``metadata.owner: "a" → "b"``."""
    old, new = (
        "-" if one is None else json.dumps(one, ensure_ascii=False) for one in (change.old, change.new)
    )
    return f"{change.path}: {old} → {new}"


def _number(noun: str, number: int) -> str:
    return f"{number} {noun if number == 1 else _PLURALS.get(noun, f'{noun}s')}"
