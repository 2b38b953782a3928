"""Where components make images, flavors, aggregates and machines, none is written by hand."""

from collections.abc import Iterator

from policies.facts import Facts
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation


def _judge(facts: Facts) -> Iterator[Violation]:
    if facts.workloads_expected:
        for one in facts.hand_written:
            yield violation(
                one,
                "",
                f'{one.kind} "{one.name}" belongs to no component of the estate, so that documents, '
                f"proof and register know nothing of it. Declare it ({one.declared_by}).",
            )


RULE = Rule(
    name="resource-inside-component",
    severity=Severity.HIGH,
    scope=Scope.STACK,
    description="In a program that uses the estate's components, they make all images, flavors (and who "
    "may use them), aggregates and virtual machines.",
    why="What is proven is proven of the documents: an image, a flavor or an aggregate beside them can open "
    "what they close, and a virtual machine that vCenter alone knows takes the ESXi hosts' room.",
    what_to_do="Declare it in the documents. Programs without the estate's components are not meant.",
    source="docs/architecture.md (the guarantee)",
    judge=_judge,
)
