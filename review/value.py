"""What a review says: frozen values, the same for the comment, the page and the machine formats.

``review.document`` writes them as JSON (keys in camelCase), and ``docs/schema/review.schema.json``.
Lists name their environment, so that they can be read without knowing how many environments there are.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, JsonValue, PlainSerializer, TypeAdapter
from pydantic.alias_generators import to_camel

from estate.model.words import ranges


class Value:
    """Keys in JSON are camelCase; the words below the fields become descriptions in the schema."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        alias_generator=to_camel, use_attribute_docstrings=True
    )


def schema_of(adapter: TypeAdapter[Any]) -> dict[str, Any]:
    """The JSON schema of what an adapter of such values writes."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **adapter.json_schema(mode="serialization", by_alias=True),
    }


@lru_cache(maxsize=256)
def _as_ranges(names: tuple[str, ...]) -> list[str]:
    """Many workloads may land on the same hundreds of hosts."""
    return ranges(names)


class Verdict(StrEnum):
    """What a reviewer should know first; the worst of all environments counts."""

    UNCHANGED = "unchanged"
    """The documents describe the same estate."""
    CLEAR = "clear"
    """Something changes; nothing speaks against it."""
    ATTENTION = "attention"
    """Nothing forbids it as such; what is named should be looked at, and some of it be prepared first."""
    BLOCKED = "blocked"
    """The program will refuse it, or the guarantee does not hold."""
    INCOMPLETE = "incomplete"
    """A side could not be read, so that this review does not say everything."""


class Reading(StrEnum):
    """How a side of the comparison could be read."""

    READ = "read"
    ABSENT = "absent"
    """The environment does not exist there: it is new, or it is removed."""
    FAULTY = "faulty"
    """Its documents have errors; what is sound in itself was compared."""
    UNREADABLE = "unreadable"


class Action(StrEnum):
    """What becomes of a block or a field."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    RENAMED = "renamed"


class Status(StrEnum):
    """Whether a finding comes with the change."""

    NEW = "new"
    FIXED = "fixed"
    UNCHANGED = "unchanged"


class HazardKind(StrEnum):
    """What applying the change does to what runs."""

    REFUSED = "refused"
    """As things stand the engine or a service will refuse it; the message says what to do first."""
    DATA_LOSS = "data-loss"
    REPLACE = "replace"
    """Made anew: another id, from nothing."""
    DRAIN = "drain"
    """Servers must leave first."""
    DOWNTIME = "downtime"
    REBOOT = "reboot"
    RETYPE = "retype"
    """Data of volumes moves to another type."""
    NO_EFFECT = "no-effect"
    """What exists stays as it is; only what is made from then on follows."""


class Operation(StrEnum):
    """What the engine does to a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    RENAME = "rename"
    IMPORT = "import"
    """What exists comes into the stack."""
    FORGET = "forget"
    """It leaves the stack and stays where it is."""


class DriftKind(StrEnum):
    """How the engine differs from the documents."""

    UNEXPECTED = "unexpected"
    """It will do something to a resource that the documents do not change."""
    DIFFERENT = "different"
    """It will do something else, or more."""
    MISSING = "missing"
    """It has nothing to do where the documents change something."""
    LEFT = "left"
    """Somebody changed it past the engine, and the engine leaves it so."""


@dataclass(frozen=True, kw_only=True)
class Place(Value):
    """A place in a document."""

    file: str
    """Relative to the root of the repository."""
    line: int
    """Counted from 1."""
    column: int
    """Counted from 1."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, kw_only=True)
class Change(Value):
    """One block that is added or removed, or one field of a block that changes."""

    environment: str
    kind: str
    """Kind of the block, as documents have it: `workloads`."""
    name: str
    """Name of the block; of the settings `estate` that of the environment."""
    subject: str
    """The innermost block that it is about, in words: `workload "ledger-db"`."""
    action: Action
    field: str | None
    """The field as documents write it, e.g. `volumes.data.size`; null: the whole block."""
    old: str | None
    """Value before, with its unit; null: nothing was said and there is no default."""
    new: str | None
    """Value after."""
    place: Place | None
    """Where the head says it; null if it says nothing there."""
    old_place: Place | None
    """Where the base says it."""


@dataclass(frozen=True, kw_only=True)
class Spot(Value):
    """Where servers of a workload land."""

    aggregate: str | None
    """Null: no aggregate takes it, or several do."""
    hypervisor: str | None
    """`kvm` or `esxi`."""
    zone: str | None
    hosts: Annotated[tuple[str, ...], PlainSerializer(_as_ranges, return_type=list[str])]
    """nova-compute hosts that may take them; in JSON as ranges, `kvm[01-12].example`."""
    decided_by: str
    """The rule of Nova that keeps them off the other hypervisor."""
    why: str
    """That rule's words."""


@dataclass(frozen=True, kw_only=True)
class Landing(Value):
    """A workload (of members that differ: each group of equal ones) and where it lands, before and after."""

    environment: str
    workload: str
    was: str | None
    """Its name before the change; null: the same, or it did not exist."""
    servers: tuple[str, ...]
    """After the change; of one that no longer exists those before it."""
    servers_before: tuple[str, ...]
    restricted: bool
    """Whether it must stay on ESXi, after the change if it is there."""
    before: Spot | None
    """Null: it did not exist, or the base could not be read."""
    after: Spot | None
    """Null: it no longer exists, or the head cannot be read."""
    moved: bool
    """Whether it exists on both sides and its aggregate is another one."""
    place: Place | None


@dataclass(frozen=True, kw_only=True)
class Finding(Value):
    """Something that is wrong with the documents, on either side."""

    environment: str
    status: Status
    rule: str
    severity: str
    """`error` or `warning`."""
    subject: str
    message: str
    place: Place
    """In the head; of a fixed finding in the base."""


@dataclass(frozen=True, kw_only=True)
class Hazard(Value):
    """What applying the change does to something that runs."""

    environment: str
    kind: HazardKind
    subject: str
    """The block whose change does it, in words."""
    servers: tuple[str, ...]
    """Servers that it hits."""
    message: str
    source: str
    """Why it is so: the provider's property, a file of Nova or Cinder, a property of vSphere."""
    place: Place | None


@dataclass(frozen=True, kw_only=True)
class ResourceChange(Value):
    """What the engine will do to one resource, if the state is as the base's documents say."""

    environment: str
    operation: Operation
    type: str
    """Pulumi's type token."""
    name: str
    properties: tuple[str, ...]
    """Inputs that change."""
    because: tuple[str, ...]
    """Of them those that force a replacement."""
    protected: bool
    """Whether the engine refuses to delete or replace it."""


@dataclass(frozen=True, kw_only=True)
class PropertyChange(Value):
    """One property of a resource that the engine will set, change or remove."""

    path: str
    """As the engine writes it: `metadata.owner`, `rules[0].port`."""
    old: JsonValue
    """Null: it was not set. Secrets are hidden, ids of resources are told by name."""
    new: JsonValue
    """Null: it will not be set."""
    replaces: bool
    """Whether it forces a replacement."""


@dataclass(frozen=True, kw_only=True)
class Step(Value):
    """What the engine will do to one resource of a stack."""

    urn: str
    type: str
    """Pulumi's type token."""
    name: str
    component: str | None
    """URN of the component that stands for the block which it is made of."""
    operation: Operation
    properties: tuple[PropertyChange, ...]
    """By path; of a resource that is created all of its inputs, of one that is deleted none."""
    because: tuple[str, ...]
    """Properties that force a replacement."""
    protected: bool
    """Whether the engine refuses to delete or replace it."""


@dataclass(frozen=True, kw_only=True)
class Outside(Value):
    """A resource that is no longer as the stack's state says: somebody changed it past the engine."""

    urn: str
    type: str
    name: str
    component: str | None
    """URN of the component that stands for the block which it is made of."""
    gone: bool
    """It does not exist any more."""
    properties: tuple[PropertyChange, ...]
    """From the state to what was found."""


@dataclass(frozen=True, kw_only=True)
class Diagnostic(Value):
    """What the engine, a plugin or the program said; of information only what a resource said."""

    severity: str
    """`info`, `warning` or `error`."""
    urn: str | None
    message: str


@dataclass(frozen=True, kw_only=True)
class PolicyResult(Value):
    """A violation that the policy pack found among the resources."""

    policy: str
    level: str
    """`mandatory` (the engine refuses to apply it) or `advisory`."""
    urn: str | None
    component: str | None
    """URN of the component that stands for the block which the resource is made of."""
    message: str
    place: Place | None
    """Where that block is."""


@dataclass(frozen=True, kw_only=True)
class Preview(Value):
    """The engine's own preview of one stack, without anything that differs from run to run."""

    environment: str
    stack: str
    applied: bool
    """Whether the stack has any resource yet."""
    steps: tuple[Step, ...]
    """What the engine will do, by URN; nothing that stays, no components and no providers."""
    outside: tuple[Outside, ...]
    """By URN."""
    policies: tuple[PolicyResult, ...]
    diagnostics: tuple[Diagnostic, ...]
    failure: str | None
    """Why it did not come to its end, one sentence: what it says may not be all. Null: it did."""


@dataclass(frozen=True, kw_only=True)
class Drift(Value):
    """Where the engine will do something else than the documents say."""

    environment: str
    kind: DriftKind
    subject: str
    """The resource, in words: `server "web-1"`."""
    type: str
    name: str
    documents: Operation | None
    """What follows from the documents, if the base is what is applied."""
    engine: Operation | None
    """What the engine will do."""
    properties: tuple[PropertyChange, ...]
    """What only the engine changes."""
    outside: bool
    """Whether somebody changed or removed the resource past the engine."""
    message: str
    """Why, as far as it can be said."""
    place: Place | None
    """Where the block is that it is made of."""


@dataclass(frozen=True, kw_only=True)
class Counterexample(Value):
    """A way to break the guarantee."""

    claim: str
    project: str
    admin: bool
    workload: str | None
    steps: tuple[str, ...]
    """Calls, one after the other."""
    lands: tuple[str, ...]
    why: str


@dataclass(frozen=True, kw_only=True)
class ProofRow(Value):
    """Part of the matrix: requests that look alike, and the sides that take any of them."""

    claim: str
    who: str
    flavor: str
    boot: str
    requests: int
    kvm: bool
    esxi: bool
    holds: bool


@dataclass(frozen=True, kw_only=True)
class Proof(Value):
    """The guarantee, over every request there is."""

    holds: bool
    requests: int
    counterexamples: tuple[Counterexample, ...]
    matrix: tuple[ProofRow, ...]


@dataclass(frozen=True, kw_only=True)
class ProofChange(Value):
    """The proof, before and after."""

    before: Proof | None
    after: Proof | None


@dataclass(frozen=True, kw_only=True)
class Amount(Value):
    """VCPUs, and memory in MiB."""

    vcpus: int
    memory: int


@dataclass(frozen=True, kw_only=True)
class Room(Value):
    """An aggregate after the loss of its largest host."""

    lost: str | None
    capacity: Amount
    demand: Amount
    does_not_fit: tuple[str, ...]
    """Servers for which there is no room."""


@dataclass(frozen=True, kw_only=True)
class Headroom(Value):
    """An aggregate by one view (`kvm`; of ESXi `nova` and `hosts`), before and after."""

    aggregate: str
    view: str
    before: Room | None
    after: Room | None


@dataclass(frozen=True, kw_only=True)
class Budget(Value):
    """Servers that must stay on ESXi, and how many may."""

    restricted: int
    limit: int | None


@dataclass(frozen=True, kw_only=True)
class BudgetChange(Value):
    """The budget of restrictions, before and after."""

    before: Budget | None
    after: Budget | None


@dataclass(frozen=True, kw_only=True)
class ClusterFigures(Value):
    """Declared hosts and physical cores of one vSphere cluster."""

    cluster: str
    vcenter: str
    hosts: int
    cores: int


@dataclass(frozen=True, kw_only=True)
class EsxiFigures(Value):
    """What vSphere is licensed by, from declared figures only."""

    hosts: int
    cores: int
    """Physical cores of all ESXi hosts."""
    clusters: tuple[ClusterFigures, ...]


@dataclass(frozen=True, kw_only=True)
class EsxiChange(Value):
    """ESXi hosts and licence cores, before and after."""

    before: EsxiFigures | None
    after: EsxiFigures | None


@dataclass(frozen=True, kw_only=True)
class MissingFeature(Value):
    """Something that the side which a workload comes to does not have."""

    environment: str
    workload: str
    came_from: str | None
    """Hypervisor before; null: the workload is new."""
    to: str
    feature: str
    needed: bool
    """Whether the workload or its flavor asks for it."""
    source: str
    """Line of Nova that says so."""


@dataclass(frozen=True, kw_only=True)
class Transfer(Value):
    """An image whose content must be copied, at most so much."""

    environment: str
    image: str
    """Name in Glance."""
    hypervisor: str
    disk_format: str
    size: int
    """Virtual size, GiB: the most that a copy takes."""
    to: tuple[str, ...]
    """Where copies may come to lie: Glance, then image caches of compute hosts, datastores, volumes."""
    copies: int
    """How many of them, at most: no more caches than servers that boot from it for the first time."""
    total: int
    """GiB, at most."""


@dataclass(frozen=True, kw_only=True)
class AggregateShape(Value):
    """A host aggregate."""

    name: str
    hypervisor: str
    zone: str
    hosts: tuple[str, ...]
    """KVM hosts."""
    clusters: tuple[str, ...]
    """vSphere clusters."""


@dataclass(frozen=True, kw_only=True)
class ClusterShape(Value):
    """A vSphere cluster, its nova-compute and its ESXi hosts."""

    name: str
    vcenter: str
    compute_host: str
    mode: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NetworkShape(Value):
    """A logical network."""

    name: str
    cidrs: tuple[str, ...]
    vlan: int | None
    external: bool


@dataclass(frozen=True, kw_only=True)
class RouterShape(Value):
    """A logical router."""

    name: str
    networks: tuple[str, ...]
    external_network: str | None


@dataclass(frozen=True, kw_only=True)
class DatastoreShape(Value):
    """A datastore; ``capacity`` in GiB."""

    name: str
    capacity: int
    clusters: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class VolumeTypeShape(Value):
    """A volume type and the side that it serves."""

    name: str
    serves: str


@dataclass(frozen=True, kw_only=True)
class ArrayShape(Value):
    """A shared array; ``capacity`` in GiB."""

    name: str
    capacity: int
    datastores: tuple[DatastoreShape, ...]
    volume_types: tuple[VolumeTypeShape, ...]


@dataclass(frozen=True, kw_only=True)
class RegisterEntry(Value):
    """One workload that must stay on ESXi, and why."""

    workload: str
    servers: tuple[str, ...]
    reason: str
    evidence: str
    owner: str
    review: str
    """ISO date."""
    overdue: bool


@dataclass(frozen=True, kw_only=True)
class Shape(Value):
    """What there is: for pictures."""

    aggregates: tuple[AggregateShape, ...]
    clusters: tuple[ClusterShape, ...]
    networks: tuple[NetworkShape, ...]
    routers: tuple[RouterShape, ...]
    storage: tuple[ArrayShape, ...]
    register: tuple[RegisterEntry, ...]
    servers: int


@dataclass(frozen=True, kw_only=True)
class ShapeChange(Value):
    """What there is, before and after."""

    before: Shape | None
    after: Shape | None


@dataclass(frozen=True, kw_only=True)
class Digest(Value):
    """SHA-256 of everything that decides what the documents become: equal digests, equal resources."""

    documents: str
    """Of all parts below together."""
    model: str
    """The resolved model, with files that it attaches, without positions."""
    policies: str
    """Sources of the policy pack."""
    exemptions: str
    tools: str
    """Versions of the program, the engine and its plugins."""


@dataclass(frozen=True, kw_only=True)
class Environment(Value):
    """What holds for one environment."""

    name: str
    verdict: Verdict
    reasons: tuple[str, ...]
    """Why the verdict is no better, one sentence each."""
    base: Reading
    head: Reading
    digest: Digest | None
    """Of the head; null if it cannot be read."""
    base_digest: Digest | None
    proof: ProofChange
    headroom: tuple[Headroom, ...]
    budget: BudgetChange
    esxi: EsxiChange
    shape: ShapeChange


@dataclass(frozen=True, kw_only=True)
class Problem(Value):
    """What this review could not do; nothing that it hides counts as passed."""

    environment: str | None
    side: str | None
    """`base` or `head`."""
    message: str


@dataclass(frozen=True, kw_only=True)
class Review(Value):
    """A whole review."""

    schema_version: int
    """Raised when a key is renamed, removed or given another meaning."""
    verdict: Verdict
    summary: str
    """One sentence."""
    base: str
    """The revision as it was asked for."""
    base_commit: str | None
    head: str
    """The revision, or `working tree`."""
    head_commit: str | None
    """Null: a working tree with changes that are in no commit."""
    environments: tuple[Environment, ...]
    changes: tuple[Change, ...]
    landings: tuple[Landing, ...]
    findings: tuple[Finding, ...]
    hazards: tuple[Hazard, ...]
    resources: tuple[ResourceChange, ...]
    previews: tuple[Preview, ...]
    """Of each stack that the engine was asked about; empty: no engine was asked."""
    drifts: tuple[Drift, ...]
    missing_features: tuple[MissingFeature, ...]
    transfers: tuple[Transfer, ...]
    problems: tuple[Problem, ...]
    digest: str
    """SHA-256 of the digests of all environments; of what cannot be read nothing goes in."""
    tools: dict[str, str]
    """Versions of the program, the engine and its plugins."""
