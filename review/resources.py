"""What the engine will do: the program is run on a recording monitor for both sides, and the registrations
compared as the engine and the providers compare them.

Which inputs force a replacement is the providers' own knowledge: ``replacing.json`` holds their answers
(``tests/review/replacing.py`` asks the plugins and a test compares). Gates never replace
(``components.gates.gate.Gate.diff``). A resource whose input names one that is made anew changes with it,
since its value is unknown until then.
"""

import json
from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from estate.model import Estate
from estate.model.graph import Graph, Node
from estate.model.images import glance_name
from estate.model.members import flat
from estate.placement.landing import Lander
from review.changes import SETTINGS
from review.registration import Registration
from review.side import Side
from review.value import Operation, Reading, ResourceChange

_GATE = "pulumi-python:dynamic"
_SILENT = "pulumi-python:dynamic/estate:ShrinkingDisks"
"""It has every workload in its inputs, and is never told to differ: here hazards say what it says."""
_PROVIDER = "pulumi:providers:"


@dataclass(frozen=True, kw_only=True)
class ResourceDiff:
    """Changes of resources, and the registrations behind them by the resource's ``TYPE NAME``."""

    changes: tuple[ResourceChange, ...] = ()
    before: Mapping[tuple[str, str], Registration] | None = None
    after: Mapping[tuple[str, str], Registration] | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What must be recorded of an environment before it can be compared."""

    old: Estate
    new: Estate
    problems: tuple[str, ...] = ()


def wanted(before: Side, after: Side) -> Wanted | ResourceDiff:
    """What to record of an environment that exists on both sides; else all that can be said of it.

    Only blocks that the change can reach are registered, and what they need: what has equal documents in
    equal surroundings has equal resources.
    """
    old, new = before.estate, after.estate
    if old is None or new is None:
        if Reading.ABSENT in (before.reading, after.reading):
            return ResourceDiff()
        return ResourceDiff(
            problems=("what becomes of resources cannot be said unless both sides can be read.",)
        )
    was, now = _placed(old), _placed(new)
    changed = _changed_blocks(before, after)
    changed |= {Node("workloads", name) for name in {**was, **now} if was.get(name) != now.get(name)}
    kept = _reached(changed, old, new)
    homeless = sorted(
        node.name
        for node in kept
        if node.kind == "workloads" and node.name in old.workloads and node.name not in was
    )
    # What has no place any more is refused before anything is applied: nothing becomes of it.
    stay = {name: spots for name, spots in was.items() if name in now or name not in new.workloads}
    return Wanted(
        old=_only(old, kept, stay),
        new=_only(new, kept, now),
        problems=tuple(
            f'workload "{name}" has no place in the base, so what becomes of it cannot be said.'
            for name in homeless
        ),
    )


def recorded(old: Estate, new: Estate) -> tuple["Recorded", "Recorded"]:
    """Run the program for both."""
    from review.recording import record_estate  # noqa: PLC0415 - the SDK takes a second

    first, second = (
        {
            (one.type, one.name): one
            for one in record_estate(estate, contents=contents).values()
            if one.type != _SILENT
        }
        for estate, contents in zip((old, new), _contents(old, new), strict=True)
    )
    return first, second


def _contents(*estates: Estate) -> list[dict[str, str]]:
    """Checksums of images' files, by the image's name in Glance, where both estates give one of a kind:
    that one gives none, and another does, says nothing of the file.
    """
    sources = [
        {
            glance_name(name, version): image.source(version)
            for name, image in estate.images.items()
            for version in image.versions
            if image.source(version).file is not None
        }
        for estate in estates
    ]
    found: list[dict[str, str]] = [{} for _ in estates]
    for name in set[str].intersection(*map(set, sources)):
        for kind in ("sha256", "sha512"):
            sums = [getattr(one[name], kind) for one in sources]
            if all(sums):
                for one, checksum in zip(found, sums, strict=True):
                    one[name] = f"{checksum}-"
                break
    return found


def compared(environment: str, wanted: Wanted, found: tuple["Recorded", "Recorded"]) -> ResourceDiff:
    """What the engine will do."""
    old, new = found
    return ResourceDiff(
        changes=tuple(differences(environment, old, new)), before=old, after=new, problems=wanted.problems
    )


def _placed(estate: Estate) -> dict[str, tuple[str, ...]]:
    """Workloads that have a place, with the aggregate and zone of each group of their members."""
    whole = flat(estate)
    lander = Lander(whole)
    found: dict[str, tuple[str, ...]] = {}
    homeless = set()
    for name, workload in whole.workloads.items():
        own = name.partition("/")[0]
        landing = lander.landing(workload)
        if landing.aggregate is None:
            homeless.add(own)
        found[own] = (*found.get(own, ()), landing.aggregate or "", landing.zone or "")
    return {name: spots for name, spots in found.items() if name not in homeless}


def _changed_blocks(before: Side, after: Side) -> set[Node]:
    return {
        Node(kind, name)
        for kind in Estate.model_fields
        if kind != SETTINGS
        for name in {**before.data[kind], **after.data[kind]}
        if before.data[kind].get(name) != after.data[kind].get(name)
    }


def _reached(changed: set[Node], *estates: Estate) -> set[Node]:
    """What refers to what changes, over any number of blocks; and all that these need, on either side."""
    kept = set(changed)
    for estate in estates:
        kept |= _along(_ways(estate)[0], kept)
    for estate in estates:  # a DRS rule lists all servers of its group
        groups = {
            one.server_group
            for name, one in estate.workloads.items()
            if one.server_group and Node("workloads", name) in kept
        }
        kept |= {
            Node("workloads", name) for name, one in estate.workloads.items() if one.server_group in groups
        }
    for estate in estates:
        kept |= {Node("storage", name) for name in estate.storage}  # how large a cluster's disk is
        kept |= _along(_ways(estate)[1], kept)
    return kept


def _ways(estate: Estate) -> tuple[dict[Node, list[Node]], dict[Node, list[Node]]]:
    """What refers to each block and what it refers to; a block and its inner blocks stand for each other."""
    graph = Graph.of(estate)
    sources, targets = dict(graph.sources), dict(graph.targets)
    inner = [
        (Node(kind, name), Node(part, one))
        for kind, parts in (("networks", ("subnets",)), ("storage", ("volume_types", "datastores")))
        for name, block in getattr(estate, kind).items()
        for part in parts
        for one in getattr(block, part)
    ]
    for outer, one in inner:
        sources[one] = [*sources.get(one, ()), outer]
        targets[outer] = [*targets.get(outer, ()), one]
    return sources, targets


def _along(ways: Mapping[Node, Iterable[Node]], starts: Iterable[Node]) -> set[Node]:
    seen = set(starts)
    pending = list(seen)
    while pending:
        for node in ways.get(pending.pop(), ()):
            if node not in seen:
                seen.add(node)
                pending.append(node)
    return seen


_ALWAYS = frozenset({SETTINGS, "aggregates", "clusters", "vcenters", "exemptions"})
"""Kinds that nothing refers to by name although servers stand on them."""


def _only(estate: Estate, kept: set[Node], placed: Mapping[str, object]) -> Estate:
    """The estate with these blocks; without workloads that have no place."""
    update = {
        kind: {
            name: block
            for name, block in getattr(estate, kind).items()
            if Node(kind, name) in kept and (kind != "workloads" or name in placed)
        }
        for kind in Estate.model_fields
        if kind not in _ALWAYS
    }
    return estate.model_copy(update=update)


Recorded = Mapping[tuple[str, str], Registration]


def differences(environment: str, old: Recorded, new: Recorded) -> Iterable[ResourceChange]:
    """Resource by resource, in the order of registration; what is deleted last."""
    by_urn = {one.urn: one for one in old.values()}
    earlier: dict[str, Registration] = {}
    for one in new.values():  # parents are registered before their children
        found = by_urn.get(one.urn) or next(
            (by_urn[urn] for urn in _aliases(one, earlier) if urn in by_urn), None
        )
        if found is not None:
            earlier[one.urn] = found
    replaced: set[str] = set()
    renamed = {
        _label(one): _as_before(was, one)
        for one in new.values()
        if (was := earlier.get(one.urn)) is not None and was.name != one.name
    }
    for one in new.values():
        if not one.custom or one.type.startswith(_PROVIDER):
            continue
        before = earlier.get(one.urn)
        if before is None:
            yield _change(environment, Operation.CREATE, one)
            continue
        properties, because = _changed(before, one, replaced, renamed)
        if because:
            replaced.add(_label(one))
            yield _change(environment, Operation.REPLACE, one, properties, because)
        elif properties:
            yield _change(environment, Operation.UPDATE, one, properties)
        elif before.name != one.name:
            yield _change(environment, Operation.RENAME, one)
    kept = {one.urn for one in earlier.values()}
    for one in old.values():
        if one.custom and one.urn not in kept and not one.type.startswith(_PROVIDER):
            yield _change(environment, Operation.DELETE, one)


def _change(
    environment: str,
    operation: Operation,
    one: Registration,
    properties: Iterable[str] = (),
    because: Iterable[str] = (),
) -> ResourceChange:
    return ResourceChange(
        environment=environment,
        operation=operation,
        type=one.type,
        name=one.name,
        properties=tuple(properties),
        because=tuple(because),
        protected=one.protect,
    )


def _label(one: Registration) -> str:
    """As dependencies name it."""
    return f"{one.type.rpartition(':')[2]}::{one.name}"


def _changed(
    old: Registration, new: Registration, replaced: set[str], renamed: Mapping[str, Mapping[str, str]]
) -> tuple[list[str], list[str]]:
    """Inputs that change, and those that force a replacement. What is renamed keeps its id."""
    inputs = {
        name: _with_ids(value, dict(ChainMap(*(dict(renamed[key]) for key in needed if key in renamed))))
        if (needed := new.property_dependencies.get(name))
        else value
        for name, value in new.inputs.items()
    }
    ignored = {one.partition("[")[0].partition(".")[0] for one in new.ignore_changes}
    forcing = {*_forcing().get(new.type, ()), *new.replace_on_changes}
    properties = [
        name
        for name in dict.fromkeys([*new.inputs, *old.inputs])
        if name not in ignored
        and (
            old.inputs.get(name) != inputs.get(name)
            or new.property_dependencies.get(name, frozenset()) & replaced
        )
    ]
    if new.type.startswith(_GATE):
        return properties, []
    return properties, [name for name in properties if name in forcing]


def _as_before(was: Registration, now: Registration) -> dict[str, str]:
    """What others get of a renamed resource → what they got before: its id, and the name that it keeps."""
    found = {f"id-{now.name}": f"id-{was.name}"}
    if "name" in now.ignore_changes:
        found[str(now.inputs["name"])] = str(was.inputs["name"])
    return found


def _with_ids(value: object, ids: Mapping[str, str]) -> object:
    """A value with other ids in it."""
    match value:
        case str():
            return ids.get(value, value)
        case list():
            return [_with_ids(one, ids) for one in value]
        case dict():
            return {key: _with_ids(one, ids) for key, one in value.items()}
    return value


@cache
def _forcing() -> dict[str, list[str]]:
    """Type → inputs that cannot change without a replacement."""
    known: dict[str, list[str]] = json.loads(Path(__file__).with_name("replacing.json").read_text())
    return known


def _aliases(one: Registration, earlier: Mapping[str, Registration]) -> Iterable[str]:
    """URNs that it may have had: its own aliases, and its parent's (pulumi/resource.py
    ``inherited_child_alias``: a child named after its parent follows the parent's name).
    """
    for name, above in [
        (one.name, one.parent),
        *((name or one.name, up or one.parent) for name, up in one.aliases),
    ]:
        yield _urn(above, one, name)
        was, now = earlier.get(above), above.rpartition("::")[2]
        if was is not None and was.urn != above:
            yield _urn(was.urn, one, name)
            if name.startswith(now):
                yield _urn(was.urn, one, was.name + name.removeprefix(now))


def _urn(parent: str, one: Registration, name: str) -> str:
    """As the recorder makes them: ``urn:pulumi:STACK::PROJECT::TYPE OF PARENTS$TYPE::NAME``."""
    stack, project = one.urn.split("::")[:2]
    chain = parent.split("::")[2] if parent else ""
    above = f"{chain}$" if chain and chain != "pulumi:pulumi:Stack" else ""
    return f"{stack}::{project}::{above}{one.type}::{name}"
