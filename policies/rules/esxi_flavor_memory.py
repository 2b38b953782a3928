"""vSphere takes memory in steps of 4 MiB."""

from collections.abc import Iterator

from estate.model import Hypervisor
from policies.facts import Facts, Unknown, flavor_side
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation


def _judge(facts: Facts) -> Iterator[Violation]:
    for flavor in facts.flavors:
        if flavor_side(flavor) is not Hypervisor.ESXI:
            continue
        if isinstance(flavor.memory, Unknown):
            yield violation(
                flavor, "memory", "the flavor's memory cannot be known here. Give it as a plain value."
            )
        elif flavor.memory is not None and flavor.memory % 4:
            yield violation(
                flavor,
                "memory",
                f"expected a multiple of 4 MiB, found {flavor.memory} MiB. Use "
                f"{flavor.memory // 4 * 4 + 4} MiB.",
            )


RULE = Rule(
    name="esxi-flavor-memory",
    severity=Severity.MEDIUM,
    scope=Scope.RESOURCE,
    description="The memory of a flavor for ESXi is a multiple of 4 MiB.",
    why="Nova's VMware driver refuses other sizes when the server is built.",
    what_to_do="Use the next multiple of 4 MiB.",
    source="nova/virt/vmwareapi/vmops.py prepare_for_spawn",
    judge=_judge,
    in_documents="wrong-value",
)
