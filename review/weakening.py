"""What a change takes away from the guards of an environment: nothing of it moves a server, all of it is read
first by who has to answer for the guarantee.
"""

from collections.abc import Iterator

from estate.model import Estate
from review.side import Side
from review.things import count, some
from review.value import Reading


def weakened(before: Side, after: Side) -> Iterator[str]:
    """A sentence each. Empty where a side cannot be read, and of an environment that is new."""
    old, new = before.estate, after.estate
    if old is None:
        return
    if after.reading is Reading.ABSENT:
        restricted = _restricted(old)
        yield (
            f"the environment is removed: no document describes its {count(len(_servers(old)), 'server')} "
            f"({len(restricted)} restricted to ESXi) any more. They stay, and nobody looks after them"
        )
        return
    if new is None:
        return
    if lifted := sorted((_restricted(old) & _servers(new)) - _restricted(new)):
        yield f"no longer restricted to ESXi: {some(lifted)}"
    yield from _settings(old, new)
    yield from _exemptions(old, new)
    if bare := list(_unprotected(before, after)):
        yield f"no longer protected: {some(bare)}"
    yield from _code(before, after)


def _servers(estate: Estate) -> set[str]:
    return set(estate.servers())


def _restricted(estate: Estate) -> set[str]:
    """Servers that must stay on ESXi; of members that differ each by itself."""
    return {server for server, one in estate.servers().items() if one.restriction is not None}


def _settings(old: Estate, new: Estate) -> Iterator[str]:
    was, now = old.estate, new.estate
    limit, more = was.restriction_budget, now.restriction_budget
    if limit is not None and (more is None or more > limit):
        yield f"more servers may be restricted to ESXi: {limit} → {'no limit' if more is None else more}"
    if was.approval == "required" != now.approval:
        yield "approval is no longer required"
    if was.destroy == "forbidden" != now.destroy:
        yield "the environment may be torn down"


def _exemptions(old: Estate, new: Estate) -> Iterator[str]:
    for name, one in new.exemptions.items():
        before = old.exemptions.get(name)
        if before is None or (before.rule, before.subject) != (one.rule, one.subject):
            yield f"{one.subject} is exempt from {one.rule} until {one.expires}"
        elif one.expires > before.expires:
            yield f"{one.subject} is exempt from {one.rule} longer: {before.expires} → {one.expires}"


def _unprotected(before: Side, after: Side) -> Iterator[str]:
    """Blocks that say ``protect: false`` now."""
    for kind, blocks in after.data.items():
        for name, block in blocks.items() if isinstance(blocks, dict) else ():
            old = before.data.get(kind, {}).get(name)
            known = isinstance(block, dict) and isinstance(old, dict)
            if known and block.get("protect") is False and old.get("protect") is not False:
                yield f"{kind}/{name}"


def _code(before: Side, after: Side) -> Iterator[str]:
    """What judges the documents, and what makes resources of them."""
    policies, program = before.sources.differing(after.sources)
    if policies:
        yield f"the policy pack is another one: {some(policies)}"
    if program:
        yield (
            f"the program is another one: {some(program)}. Without the engine both sides are judged by one "
            "program, so that what this does to resources only a preview can tell"
        )
