"""A flavor that opens the ESXi aggregate is not for everybody."""

from collections.abc import Iterator

from estate.model import Hypervisor
from estate.placement.triple import trait_key
from policies.facts import Facts, FlavorFacts, Unknown
from policies.rule import Rule, Scope, Severity, Violation


def _judge(facts: Facts) -> Iterator[Violation]:
    for flavor in facts.flavors:
        if not flavor.public:
            continue
        if isinstance(flavor.extra_specs, Unknown):
            yield _violation(
                flavor,
                "extra_specs",
                "the flavor's extra specs cannot be known here, so nobody can tell whether it opens ESXi, "
                "and it is "
                "not private. Give them as plain values, or make it private.",
            )
        elif trait_key(Hypervisor.ESXI) in flavor.extra_specs:
            found = "may be public" if isinstance(flavor.public, Unknown) else "is public"
            yield _violation(
                flavor,
                "projects",
                f'flavor "{flavor.name}" requires {trait_key(Hypervisor.ESXI)} and {found}, so every '
                "project can put "
                "servers on ESXi. Make it private (is_public false) and name the projects that may use it.",
            )


def _violation(flavor: FlavorFacts, field: str, message: str) -> Violation:
    return Violation(origin=flavor.origin, subject=f'flavor "{flavor.name}"', field=(field,), message=message)


RULE = Rule(
    name="esxi-flavor-private",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    description="A flavor for ESXi is private.",
    why="The flavor's trait is the key to the ESXi aggregate. Whoever may use the flavor may land there.",
    what_to_do="Set is_public to false and give access to the projects that need it.",
    source="nova/policies/flavor_access.py; doc/source/admin/flavors.rst",
    judge=_judge,
    by_components=True,
)
