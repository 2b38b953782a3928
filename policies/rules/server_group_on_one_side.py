"""Servers that must share a host are of one side."""

from collections.abc import Iterator

from policies.facts import Facts, GroupFacts, Unknown, server_side
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation


def _judge(facts: Facts) -> Iterator[Violation]:
    for group in facts.groups:
        fault = _fault(group)
        if fault is not None:
            yield violation(group, "policy", fault)


def _fault(group: GroupFacts) -> str | None:
    sides = {server_side(one) for one in group.members} - {None}
    if len(sides) < 2 or not (isinstance(group.policy, Unknown) or group.policy == "affinity"):
        return None
    names = ", ".join(sorted(one.name for one in group.members))
    policy = "a policy that cannot be known here" if isinstance(group.policy, Unknown) else "affinity"
    return (
        f"its members {names} are of both sides, and {policy} wants all of them on one host. Use "
        "soft-affinity, or a group for each side."
    )


RULE = Rule(
    name="server-group-on-one-side",
    severity=Severity.MEDIUM,
    scope=Scope.STACK,
    description="The members of a server group with policy affinity run on one hypervisor.",
    why="Affinity pulls every member to the host of the first: those of the other side find no host.",
    what_to_do="Use soft-affinity, or a group for each side.",
    source="nova/scheduler/filters/affinity_filter.py ServerGroupAffinityFilter",
    judge=_judge,
    in_documents="server-group",
)
