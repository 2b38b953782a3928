"""Security groups are enforced on every port."""

from collections.abc import Iterator

from policies.facts import Facts
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation


def _judge(facts: Facts) -> Iterator[Violation]:
    for one in facts.filtered:
        if one.enforced not in (None, True):
            found = "off" if one.enforced is False else "a value that cannot be known here"
            yield violation(
                one,
                "port_security",
                f"expected port security on, found {found}: no security group is enforced on this "
                f"{one.kind}. "
                "Remove port_security_enabled; allow by rules of a security group what must get in.",
            )


RULE = Rule(
    name="ports-filtered",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    description="Security groups are enforced on every port and network.",
    why="Without port security a server answers to everybody and may take any address, on both hypervisors.",
    what_to_do="Leave port_security_enabled on, and give the port security groups.",
    source="neutron/db/securitygroups_rpc_base.py; neutron-lib port_security",
    judge=_judge,
)
