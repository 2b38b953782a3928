"""No other service makes servers that nobody here sees."""

from collections.abc import Iterator

from policies.facts import Facts
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation


def _judge(facts: Facts) -> Iterator[Violation]:
    for one in facts.hiding:
        yield violation(
            one,
            "",
            f'{one.kind} "{one.name}" makes servers that are no resources of a stack, so that nothing says '
            "which image, flavor and zone they get, nor whether they must stay on ESXi. Write the servers "
            "themselves.",
        )


RULE = Rule(
    name="server-not-hidden",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    description="No Heat stack, Magnum cluster or Trove instance makes servers that the pack does not see.",
    why="These services ask Nova for servers of their own. What cannot be judged is refused.",
    what_to_do="Write the servers as resources, or in this project's documents. If such servers are general "
    "ones all, switch this rule to advisory.",
    source="heat/engine/resources/openstack/nova/server.py; magnum/drivers/heat/driver.py; "
    "trove/taskmanager/models.py _create_server",
    judge=_judge,
)
