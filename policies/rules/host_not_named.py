"""No server names a host."""

from collections.abc import Iterator

from policies.facts import Facts, Unknown
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation


def _judge(facts: Facts) -> Iterator[Violation]:
    for server in facts.servers:
        # The main rule says so of a server that must stay on ESXi.
        if server.restricted is False and isinstance(server.zone, str) and ":" in server.zone:
            yield violation(
                server,
                "availability_zone",
                f'availability zone "{server.zone}" names a host, which makes Nova skip its filters. '
                f"Name the "
                f'zone alone: "{server.zone.split(":")[0]}".',
            )
        if server.host is not None:
            found = "a host" if isinstance(server.host, Unknown) else f'host "{server.host}"'
            yield violation(
                server,
                "",
                f"the server names {found}; once it is moved the engine would make it anew. Remove "
                "hypervisor_hostname: image, flavor and zone place it.",
            )


RULE = Rule(
    name="host-not-named",
    severity=Severity.MEDIUM,
    scope=Scope.STACK,
    description="No server names a host, neither as zone:host nor by hypervisor_hostname.",
    why="zone:host makes Nova skip its filters; a named hypervisor makes the engine replace the server after "
    "any move.",
    what_to_do="Name the zone alone, or nothing.",
    source="nova/scheduler/host_manager.py get_filtered_hosts; nova/compute/api.py parse_availability_zone",
    judge=_judge,
)
