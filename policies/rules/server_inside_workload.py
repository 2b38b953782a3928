"""Where workloads are declared, no server is written by hand."""

from collections.abc import Iterator

from policies.facts import Facts
from policies.rule import Rule, Scope, Severity, Violation


def _judge(facts: Facts) -> Iterator[Violation]:
    if not facts.workloads_expected:
        return
    for server in facts.servers:
        if server.workload is None:
            yield Violation(
                origin=server.origin,
                subject=f'{server.kind} "{server.name}"',
                field=(),
                message=f'server "{server.name}" belongs to no workload, so nothing says whether it must '
                "stay on ESXi. "
                "Declare it as a workload (kind workloads), which makes the server.",
            )


RULE = Rule(
    name="server-inside-workload",
    severity=Severity.HIGH,
    scope=Scope.STACK,
    description="In a program that uses the estate's components every server belongs to a workload.",
    why="A workload states the restriction, with its evidence, and the rules judge it before anything is "
    "created. A "
    "server beside it bypasses both.",
    what_to_do="Declare the server as a workload. Programs without the estate's components are not meant.",
    source="docs/architecture.md (the guarantee)",
    judge=_judge,
)
