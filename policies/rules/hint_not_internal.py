"""No server has a scheduler hint that Nova keeps for itself."""

from collections.abc import Iterator

from policies.facts import Facts, Unknown
from policies.properties import INTERNAL_HINT
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation


def _judge(facts: Facts) -> Iterator[Violation]:
    for server in facts.servers:
        if isinstance(server.internal_hint, Unknown):
            yield violation(
                server,
                "scheduler_hints",
                "its scheduler hints cannot be known here. Give their names as plain values.",
            )
        elif server.internal_hint is not None:
            yield violation(
                server,
                "scheduler_hints",
                f'the scheduler hint "{server.internal_hint}" is Nova\'s own: with it a new server can pass '
                "for one that is rebuilt where it runs, about which nearly nothing is asked "
                "(CVE-2026-46448). Remove it.",
            )


RULE = Rule(
    name="hint-not-internal",
    severity=Severity.CRITICAL,
    scope=Scope.STACK,
    description=f"No server has a scheduler hint whose name begins with {INTERNAL_HINT}.",
    why="Nova marks a rebuild by the hint _nova_check_type. Before 31.3.1, 32.2.1 and 33.0.2 it takes it "
    "from everybody (CVE-2026-46448): request filters, placement and most filters are skipped, and with them "
    "all that keeps a server on its side.",
    what_to_do="Remove the hint, and bring Nova up to a release that strips it.",
    source="nova/compute/api.py create; nova/scheduler/utils.py request_is_rebuild; Launchpad bug 2151252",
    judge=_judge,
)
