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
from estate.model.members import flat
from estate.placement.landing import Lander
from review.changes import SETTINGS
from review.recording import Registration, record_estate
from review.side import Side
from review.value import Operation, Reading, ResourceChange

_GATE = "pulumi-python:dynamic"
_PROVIDER = "pulumi:providers:"


@dataclass(frozen=True, kw_only=True)
class ResourceDiff:
    """Changes of resources, and the registrations behind them by the resource's ``TYPE NAME``."""

    changes: tuple[ResourceChange, ...] = ()
    before: Mapping[tuple[str, str], Registration] | None = None
    after: Mapping[tuple[str, str], Registration] | None = None
    problems: tuple[str, ...] = ()


def compared(environment: str, before: Side, after: Side) -> ResourceDiff:
    """What the engine will do to an environment that exists on both sides.

    Only the workloads that the change can reach are registered, beside all that they stand on: what has
    equal documents in equal surroundings has equal resources.
    """
    old, new = before.estate, after.estate
    if old is None or new is None:
        if Reading.ABSENT in (before.reading, after.reading):
            return ResourceDiff()
        return ResourceDiff(problems=("what becomes of resources cannot be said of faulty documents.",))
    placed = _placed(old), _placed(new)
    names = _reached(_changed_blocks(before, after), old, new) | {
        name for name in {**placed[0], **placed[1]} if placed[0].get(name) != placed[1].get(name)
    }
    names |= _mates(names, old, new)
    homeless = sorted(name for name in names if name in old.workloads and name not in placed[0])
    recorded = [
        _by_name(record_estate(_only(estate, names & where.keys())))
        for estate, where in ((old, placed[0]), (new, placed[1]))
    ]
    return ResourceDiff(
        changes=tuple(differences(environment, *recorded)),
        before=recorded[0],
        after=recorded[1],
        problems=tuple(
            f'workload "{name}" has no place in the base, so what becomes of it cannot be said.'
            for name in homeless
        ),
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


def _reached(changed: set[Node], *estates: Estate) -> set[str]:
    """Workloads that refer to what changes, over any number of blocks."""
    names = set()
    for estate in estates:
        sources = Graph.of(estate).sources
        pending, seen = list(changed), set(changed)
        while pending:
            for node in sources.get(pending.pop(), ()):
                if node not in seen:
                    seen.add(node)
                    pending.append(node)
        names |= {node.name for node in seen if node.kind == "workloads"}
    return names


def _mates(names: set[str], *estates: Estate) -> set[str]:
    """Workloads that share a server group with one of these: its DRS rule lists all of them."""
    workloads = [
        (name, one) for estate in estates for name, one in estate.workloads.items() if one.server_group
    ]
    groups = {one.server_group for name, one in workloads if name in names}
    return {name for name, one in workloads if one.server_group in groups}


def _only(estate: Estate, names: Iterable[str]) -> Estate:
    kept = set(names)
    return estate.model_copy(
        update={"workloads": {name: one for name, one in estate.workloads.items() if name in kept}}
    )


def _by_name(recorded: Mapping[str, Registration]) -> dict[tuple[str, str], Registration]:
    return {(one.type, one.name): one for one in recorded.values()}


_Recorded = Mapping[tuple[str, str], Registration]


def differences(environment: str, old: _Recorded, new: _Recorded) -> Iterable[ResourceChange]:
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
