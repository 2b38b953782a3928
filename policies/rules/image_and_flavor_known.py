"""Image and flavor of every server are known."""

from collections.abc import Iterator

from policies.facts import Facts
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation

NAME = "image-and-flavor-known"
_EXAMPLE = {
    "image": '"images": {{"{}": {{"diskFormat": "…", "properties": {{…}}}}}}',
    "flavor": '"flavors": {{"{}": {{"extraSpecs": {{…}}}}}}',
}


def _judge(facts: Facts) -> Iterator[Violation]:
    for server in facts.servers:
        for one in server.missing:
            if one.named is None:
                message = (
                    f"its {one.kind} cannot be known here. Use one {one.kind} resource of this stack, "
                    f"or its id "
                    "or name as a plain value and an entry in the catalogue (`estate policies config`)."
                )
            else:
                message = (
                    f'{one.kind} "{one.named}" is neither in this stack nor in the catalogue. Add to '
                    f'"{NAME}" in the file of --policy-pack-config: {_EXAMPLE[one.kind].format(one.named)} '
                    "(`estate policies config ENV` writes it)."
                )
            yield violation(server, one.kind, message)


RULE = Rule(
    name=NAME,
    severity=Severity.HIGH,
    scope=Scope.STACK,
    description="The image and the flavor of a server are resources of its stack, or in the catalogue.",
    why="Where they lead cannot be judged otherwise; what cannot be judged is refused.",
    what_to_do="Make them resources of the same stack, or give the pack the catalogue that `estate policies "
    "config ENV` writes.",
    source="docs/policies.md (the catalogue)",
    judge=_judge,
    in_documents="unknown-reference",
)
