"""The rules over resources of any Pulumi program, as the engine shows them: each alone, then all together.

At preview the ids of new images and flavors are unknown, so the inputs of a server do not say what it
boots. The stack's resources do: the engine names, for each property, the resources it comes from. Rules
that need more than one resource are therefore judged over the whole stack, which happens at preview, before
anything is created. During an update that would be too late: there, what one resource tells by itself is
judged before it is created, and the rest afterwards.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from policies import properties, stack
from policies.catalogue import Catalogue, Exempted, parsed
from policies.clock import today
from policies.exemptions import rule_fault
from policies.facts import Facts, ServerFacts
from policies.rule import Rule, Violation

Judged = tuple[Rule, Violation]
"""A violation, and the rule that it breaks."""


class RuleError(Exception):
    """A rule cannot judge; the engine stops, and shows the message."""


class Judge:
    """Judges one run of the engine, and remembers what it was shown of single resources.

    The stack's resources come with outputs, in which the provider marks more as unknown than the program
    left open (a whole map for one unknown value, a zone that Nova will choose). Inputs say what was given.
    """

    def __init__(self) -> None:
        self.inputs: dict[str, properties.Props] = {}
        """What resources were given, by URN, as far as they were shown alone."""
        self._workloads: dict[str, ServerFacts] = {}
        self._components_seen = False
        self._used: set[Exempted] = set()
        """Exemptions that have excused something."""
        self._catalogue = Catalogue()

    def configure(self, config: Mapping[str, Any]) -> None:
        """Take the catalogue. Raises ``ValueError`` if it does not fit."""
        catalogue = parsed(config)
        for one in catalogue.exemptions:
            fault = rule_fault(one.rule)
            if fault is not None:
                raise ValueError(f"exemption: {fault}")
        self._catalogue = catalogue

    def resource(self, rules: Iterable[Rule], one: stack.Resource) -> Iterator[Judged]:
        """What one resource breaks by its inputs, which are remembered."""
        self._components_seen |= one.kind.startswith(properties.COMPONENTS)
        if not _is_judged(one):
            return
        self.inputs[one.urn] = one.props
        if one.kind == properties.SERVER:
            facts = stack.alone(
                one, self._workloads.values(), self._catalogue, components_seen=self._components_seen
            )
        else:
            facts = properties.facts_of(
                one.kind, one.urn, one.name, one.props, components_seen=self._components_seen
            )
        if one.kind == properties.WORKLOAD:
            self._workloads[one.urn] = facts.servers[0]
        yield from self._judged(rules, facts)

    def unused(self, rules: Iterable[Rule], resources: Iterable[stack.Resource]) -> Iterator[Judged]:
        """Exemptions of these resources that excuse nothing, once all of them are judged.

        Of a program with our components only those from rules that its documents cannot break: of the others
        ``estate check`` tells.
        """
        known = {rule.name: rule for rule in rules}
        judged = [one for one in resources if _is_judged(one)]
        for exempted in self._catalogue.exemptions:
            rule = known.get(exempted.rule)
            if rule is None or exempted in self._used or not _holds(exempted):
                continue
            about = next((one for one in judged if properties.is_about(exempted.subject, one.urn)), None)
            if about is not None and (rule.by_components or not self._components_seen):
                yield (
                    rule,
                    Violation(
                        origin=(about.urn,),
                        subject=exempted.subject,
                        field=(),
                        message=f"{exempted.subject} does not break {rule.name}; the exemption can be "
                        "removed.",
                    ),
                )

    def stack(self, rules: Iterable[Rule], resources: Iterable[stack.Resource]) -> Iterator[Judged]:
        """What resources break together."""
        listed = list(resources)
        facts = stack.facts_of(
            (one for one in listed if _is_judged(one)),
            self._catalogue,
            components_seen=any(one.kind.startswith(properties.COMPONENTS) for one in listed),
        )
        yield from self._judged(rules, facts)

    def _judged(self, rules: Iterable[Rule], facts: Facts) -> Iterator[Judged]:
        for rule in rules:
            for violation in _loud(rule, facts):
                if not self._exempted(rule, violation.origin[0]):
                    yield rule, violation

    def _exempted(self, rule: Rule, urn: str) -> bool:
        """Whether somebody answers for a violation today."""
        covering = [
            one
            for one in self._catalogue.exemptions
            if one.rule == rule.name and _holds(one) and properties.is_about(one.subject, urn)
        ]
        self._used.update(covering)
        return bool(covering)


def _holds(one: Exempted) -> bool:
    return today().isoformat() <= one.expires


def _is_judged(one: stack.Resource) -> bool:
    """Not what a run with ``--target`` leaves out and is not there yet.

    The engine shows that without any property (pkg/resource/deploy/step_generator.go: unchecked, its inputs
    are the old ones, and it has none). What is made has some: no resource of these kinds can do without.
    """
    return one.kind in properties.KINDS and (bool(one.props) or one.kind.startswith(properties.COMPONENTS))


def _loud(rule: Rule, facts: Facts) -> list[Violation]:
    """A rule that crashes stops the engine, and is named: what is not judged does not pass."""
    try:
        return _said_once(rule, facts)
    except Exception as error:
        raise RuleError(
            f"the rule {rule.name} could not judge, so nothing is let through: {type(error).__name__}: "
            f"{error}"
        ) from error


def _said_once(rule: Rule, facts: Facts) -> list[Violation]:
    """Violations, without those of servers whose workload breaks the same rule."""
    workloads = {one.origin: one.workload for one in facts.servers if one.kind == "server"}
    violations = list(rule.judge(facts))
    broken = {
        one.workload
        for one in facts.servers
        if one.kind == "workload" and any(violation.origin == one.origin for violation in violations)
    }
    return [one for one in violations if workloads.get(one.origin) not in broken]
