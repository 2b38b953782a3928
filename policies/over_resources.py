"""The rules over resources of any Pulumi program: the single place that knows the policy SDK.

At preview the ids of new images and flavors are unknown, so the inputs of a server do not say what it
boots. The stack's resources do: the engine names, for each property, the resources it comes from. Rules
that need more than one resource are therefore judged over the whole stack, which happens at preview, before
anything is created. During an update that would be too late: there, what one resource tells by itself is
judged before it is created, and the rest afterwards.

No exception of the SDK for unknown values leaves this module: the SDK would turn it into an advisory
message, and a mandatory rule would silently not count (pulumi_policy/policy.py ``Analyze``).
"""

import os
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pulumi_policy
from pulumi_policy import EnforcementLevel, ReportViolation
from pulumi_policy.proxy import UnknownValueError

from policies import properties, stack
from policies.catalogue import SCHEMA, Catalogue, parsed
from policies.clock import today
from policies.exemptions import rule_fault
from policies.facts import UNKNOWN, Facts
from policies.properties import Props
from policies.rule import Rule, Scope, Violation
from policies.rules import RULES
from policies.rules.image_and_flavor_known import NAME as CATALOGUED


@dataclass
class Memory:
    """What the engine showed of single resources earlier in the same run.

    The stack's resources come with outputs, in which the provider marks more as unknown than the program
    left open (a whole map for one unknown value, a zone that Nova will choose). Inputs say what was given.
    """

    inputs: dict[str, Props] = field(default_factory=dict)
    """By URN."""
    components_seen: bool = False
    catalogue: Catalogue = field(default_factory=Catalogue)
    """From the configuration of the rule ``CATALOGUED``; empty while that rule is disabled."""
    stack: Facts | None = None
    """Of the stack that the rule ``CATALOGUED``, which is asked first, has just been shown: reading it is
    most of the work. The others are shown the same."""

    def configure(self, rule: Rule, config: Mapping[str, Any]) -> None:
        """Take what the engine configures a rule with. Raises ``ValueError`` if it does not fit."""
        if rule.name != CATALOGUED or not config:
            return
        catalogue = parsed(config)
        for one in catalogue.exemptions:
            fault = rule_fault(one.rule)
            if fault is not None:
                raise ValueError(f"the pack's configuration does not fit: exemption: {fault}")
        self.catalogue = catalogue

    def exempted(self, rule: Rule, urn: str) -> bool:
        """Whether somebody answers for a violation today."""
        return any(
            one.rule == rule.name
            and today().isoformat() <= one.expires
            and properties.is_about(one.subject, urn)
            for one in self.catalogue.exemptions
        )


def policies() -> list[pulumi_policy.Policy]:
    """The pack's policies, one per rule; first the one whose configuration the others need."""
    memory = Memory()
    return [
        _OnResource(rule, memory) if rule.scope is Scope.RESOURCE else _OnStack(rule, memory)
        for rule in sorted(RULES, key=lambda one: one.name != CATALOGUED)
    ]


def _metadata(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "description": rule.description,
        "enforcement_level": EnforcementLevel.MANDATORY,
        "severity": pulumi_policy.Severity(rule.severity.value),
        "remediation_steps": rule.what_to_do,
        "config_schema": pulumi_policy.PolicyConfigSchema(SCHEMA) if rule.name == CATALOGUED else None,
    }


class RuleError(Exception):
    """A rule cannot judge; the engine stops, and shows the message."""


@contextmanager
def _loud(rule: Rule) -> Iterator[None]:
    """A rule that crashes stops the engine, and is named: what is not judged does not pass."""
    try:
        yield
    except Exception as error:
        traceback.print_exc()
        raise RuleError(
            f"the rule {rule.name} could not judge, so nothing is let through: {type(error).__name__}: "
            f"{error}"
        ) from error


class _OnResource(pulumi_policy.ResourceValidationPolicy):
    """A rule that each resource keeps or breaks alone."""

    def __init__(self, rule: Rule, memory: Memory) -> None:
        super().__init__(**_metadata(rule))
        self._rule = rule
        self._memory = memory

    def validate(self, args: pulumi_policy.ResourceValidationArgs, report_violation: ReportViolation) -> None:
        """Called by the SDK for each resource, before it is created or updated."""
        with _loud(self._rule):
            self._memory.configure(self._rule, args.get_config())
            for violation in self._rule.judge(resource_facts(args, self._memory)):
                if not self._memory.exempted(self._rule, args.urn):
                    report_violation(violation.message, args.urn)


class _OnStack(pulumi_policy.ResourceValidationPolicy, pulumi_policy.StackValidationPolicy):
    """A rule that needs the stack; what one resource tells it is judged by the same rule, under one name.

    The SDK asks each policy what it is an instance of and calls ``validate`` with the matching arguments.
    The constructors of its two kinds do not take each other's arguments, so that of their base is called.
    """

    def __init__(self, rule: Rule, memory: Memory) -> None:
        pulumi_policy.Policy.__init__(self, **_metadata(rule))
        self._rule = rule
        self._memory = memory

    def has_validation(self) -> bool:
        """There is a ``validate``."""
        return True

    def has_remediation(self) -> bool:
        """Nothing is mended silently."""
        return False

    def validate(
        self,
        args: pulumi_policy.ResourceValidationArgs | pulumi_policy.StackValidationArgs,
        report_violation: ReportViolation,
    ) -> None:
        """Called by the SDK for each resource, and at the end for the stack."""
        with _loud(self._rule):
            self._memory.configure(self._rule, args.get_config())
            for violation in self._violations(args):
                if not self._memory.exempted(self._rule, violation.origin[0]):
                    report_violation(violation.message, violation.origin[0])

    def _violations(
        self, args: pulumi_policy.ResourceValidationArgs | pulumi_policy.StackValidationArgs
    ) -> Iterable[Violation]:
        if isinstance(args, pulumi_policy.StackValidationArgs):
            known = None if self._rule.name == CATALOGUED else self._memory.stack
            stack_of = known or stack_facts(args.resources, self._memory)
            if self._rule.name == CATALOGUED:
                self._memory.stack = stack_of
            return judge_stack(self._rule, stack_of)
        facts = resource_facts(args, self._memory)
        # At preview the stack is judged right afterwards, and has more to tell.
        return () if os.environ.get("PULUMI_DRY_RUN") == "true" else self._rule.judge(facts)


def judge_stack(rule: Rule, facts: Facts) -> Iterator[Violation]:
    """Violations, without those of servers whose workload breaks the same rule: that is said once."""
    workloads = {one.origin: one.workload for one in facts.servers if one.kind == "server"}
    violations = list(rule.judge(facts))
    broken = {
        one.workload
        for one in facts.servers
        if one.kind == "workload" and any(violation.origin == one.origin for violation in violations)
    }
    return (one for one in violations if workloads.get(one.origin) not in broken)


def resource_facts(args: pulumi_policy.ResourceValidationArgs, memory: Memory) -> Facts:
    """What one resource tells by its inputs, which are kept in ``memory``."""
    memory.components_seen |= args.resource_type.startswith(properties.COMPONENTS)
    if args.resource_type not in properties.KINDS:
        return Facts()
    props = memory.inputs[args.urn] = _plain(args.props)
    return properties.facts_of(
        args.resource_type, args.urn, args.name, props, components_seen=memory.components_seen
    )


def stack_facts(resources: Iterable[pulumi_policy.PolicyResource], memory: Memory) -> Facts:
    """What the resources of a stack tell together; by their outputs where ``memory`` has no inputs."""
    listed = list(resources)
    return stack.facts_of(
        (
            stack.Resource(
                kind=one.resource_type,
                urn=one.urn,
                name=one.name,
                props=memory.inputs[one.urn] if one.urn in memory.inputs else _plain(one.props),
                parents=tuple(_parents(one)),
                sources={
                    key: tuple(source.urn for source in sources)
                    for key, sources in one.property_dependencies.items()
                },
            )
            for one in listed
            if one.resource_type in properties.KINDS
        ),
        memory.catalogue,
        components_seen=any(one.resource_type.startswith(properties.COMPONENTS) for one in listed),
    )


def _parents(resource: pulumi_policy.PolicyResource) -> Iterator[str]:
    parent = resource.parent
    while parent is not None:
        yield parent.urn
        parent = parent.parent


def _plain(value: Any) -> Any:  # noqa: ANN401  properties are anything that JSON can say
    """The SDK's checking proxies as plain values, with ``UNKNOWN`` where they would raise."""
    if isinstance(value, Mapping):
        return {key: _read(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return tuple(_read(value, index) for index in range(len(value)))
    return value


def _read(container: Any, key: Any) -> Any:  # noqa: ANN401
    try:
        return _plain(container[key])
    except UnknownValueError:
        return UNKNOWN
