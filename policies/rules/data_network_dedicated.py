"""Two virtual switches share no network card."""

from collections.abc import Iterator

from policies.facts import Facts, SwitchFacts
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation


def _judge(facts: Facts) -> Iterator[Violation]:
    owners: dict[tuple[str, str, str], SwitchFacts] = {}
    for switch in facts.switches:
        for host, card in switch.cards:
            first = owners.setdefault((switch.vcenter, host, card), switch)
            if first is not switch:
                yield violation(
                    switch,
                    "hosts",
                    f'network card {card} of host {host} belongs to switch "{first.name}" already. Give the '
                    "servers' data network cards of its own.",
                )


RULE = Rule(
    name="data-network-dedicated",
    severity=Severity.MEDIUM,
    scope=Scope.STACK,
    description="The switch of the servers' data network has network cards of its own.",
    why="A card belongs to one switch: taken by a second one, the first loses its uplink, and with it "
    "storage or management of the host.",
    what_to_do="Name other network cards.",
    source="vSphere HostNetworkConfig (pnic in one switch only)",
    judge=_judge,
    in_documents="dedicated-nic",
)
