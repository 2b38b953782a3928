"""What restricts a server, its metadata or its name in the register, is spelt as it is read."""

from collections.abc import Iterator

from policies.facts import Facts
from policies.properties import RESTRICTION_KEY
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation


def _judge(facts: Facts) -> Iterator[Violation]:
    for server in facts.servers:
        if server.misspelt_key is not None:
            yield violation(
                server,
                "metadata",
                f"nothing reads the metadata {server.misspelt_key!r}, so that the server may run anywhere. "
                f"Did you mean {RESTRICTION_KEY}?",
            )
        if server.registered_as is not None:
            yield violation(
                server,
                "name",
                f'the register restricts "{server.registered_as}" and not {server.name!r}, so that the '
                f"server may run anywhere, though Nova gives both one host name. Did you mean "
                f'"{server.registered_as}"? Else give it a name of its own.',
            )


RULE = Rule(
    name="restriction-key-read",
    severity=Severity.CRITICAL,
    scope=Scope.STACK,
    description=f"Metadata of a server that is meant to restrict it to ESXi is spelt {RESTRICTION_KEY}, and "
    "a name as the register has it.",
    why="Nova takes any key and any name. With another one neither the rules nor `estate landing` know that "
    "the server must stay on ESXi.",
    what_to_do=f"Set {RESTRICTION_KEY} to the reason, spelt exactly so; name the server as the register "
    "does.",
    source="nova/api/validation/parameter_types.py metadata (any key); nova/utils.py sanitize_hostname",
    judge=_judge,
    in_documents="unknown-key",
)
