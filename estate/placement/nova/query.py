"""The query that Nova sends to placement: constraints, each with the rule that added it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from estate.model.words import folded
from estate.placement.nova.cloud import Aggregate, Cloud, Host


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """One condition on a resource provider."""

    rule: str

    def unmet(self, cloud: Cloud, host: Host) -> str | None:
        """Why the host's provider does not meet it, in words; ``None`` if it does."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class RequiredTrait(Constraint):
    """``required=TRAIT`` or ``root_required=TRAIT``."""

    trait: str
    asked_by: str
    """What asks for it: a flavor, an image, a request filter."""

    def unmet(self, cloud: Cloud, host: Host) -> str | None:  # noqa: ARG002
        """The provider lacks the trait."""
        if self.trait in host.traits:
            return None
        return f"the provider has no trait {self.trait}, required by {self.asked_by}"


@dataclass(frozen=True, kw_only=True)
class ForbiddenTrait(Constraint):
    """``required=!TRAIT`` or ``root_required=!TRAIT``."""

    trait: str
    asked_by: str

    def unmet(self, cloud: Cloud, host: Host) -> str | None:
        """The provider has the trait, or placement knows no such trait and answers HTTP 400."""
        if self.trait in host.traits:
            return f"the provider has the trait {self.trait}, which {self.asked_by} forbids"
        if self.trait.startswith("CUSTOM_") and self.trait not in cloud.traits:
            return (
                f"placement knows no trait {self.trait}, which {self.asked_by} forbids, and refuses the query"
            )
        return None


@dataclass(frozen=True, kw_only=True)
class MemberOf(Constraint):
    """``member_of=in:…``: at least one of these aggregates."""

    aggregates: frozenset[str]
    wanted: str

    def unmet(self, cloud: Cloud, host: Host) -> str | None:
        """The provider is in none of them."""
        if any(one.name in self.aggregates and one.mirrored for one in cloud.aggregates_of[host.name]):
            return None
        return f"the provider is in no aggregate {self.wanted}"


@dataclass(frozen=True, kw_only=True)
class NotMemberOf(Constraint):
    """``member_of=!in:…``: none of these aggregates."""

    aggregates: frozenset[str]
    why: str

    def unmet(self, cloud: Cloud, host: Host) -> str | None:
        """The provider is in one of them."""
        for one in cloud.aggregates_of[host.name]:
            if one.name in self.aggregates and one.mirrored:
                takes = f"which takes only requests with {self._keys(one)}"
                return f'the provider is in aggregate "{one.name}", {takes}'
        return None

    def _keys(self, aggregate: Aggregate) -> str:
        wanted = sorted(
            key.removeprefix("trait:")
            for key, value in aggregate.metadata.items()
            if is_isolating(key, value)
        )
        return f"{' and '.join(wanted)}; {self.why}"


@dataclass(frozen=True, kw_only=True)
class Resource(Constraint):
    """``resources=CLASS:AMOUNT``."""

    resource_class: str
    amount: int

    def unmet(self, cloud: Cloud, host: Host) -> str | None:  # noqa: ARG002
        """The provider's inventory cannot take it."""
        inventory = host.inventories.get(self.resource_class)
        if inventory is None:
            return f"the provider has no {self.resource_class}"
        if inventory.takes(self.amount):
            return None
        if self.amount > inventory.max_unit:
            most = f"one server may have at most {inventory.max_unit} (max_unit)"
            return f"{self.resource_class} {self.amount} does not fit: {most}"
        return f"{self.resource_class} {self.amount} does not fit into the provider's inventory"


@dataclass(frozen=True, kw_only=True)
class PinnedCpus(Constraint):
    """``resources=PCPU:n`` with the traits of a thread policy, or in a second query ``resources=VCPU:n``
    (nova/scheduler/manager.py select_destinations): the answers to both are taken together.
    """

    pcpus: int
    vcpus: int
    required: frozenset[str]
    forbidden: frozenset[str]

    def unmet(self, cloud: Cloud, host: Host) -> str | None:
        """Neither query has the provider."""
        first = Resource(rule=self.rule, resource_class="PCPU", amount=self.pcpus).unmet(cloud, host)
        if first is None and self.required <= host.traits and not self.forbidden & host.traits:
            return None
        return Resource(rule=self.rule, resource_class="VCPU", amount=self.vcpus).unmet(cloud, host)


@dataclass(frozen=True, kw_only=True)
class Impossible(Constraint):
    """A query that placement refuses, or that no single provider can meet."""

    why: str

    def unmet(self, cloud: Cloud, host: Host) -> str | None:  # noqa: ARG002
        """Always."""
        return self.why


@dataclass(kw_only=True)
class Query:
    """Constraints as they gather, and what Nova's log says meanwhile."""

    constraints: list[Constraint] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    refused: str | None = None
    """Set where a request filter ends the request (``RequestFilterFailed``)."""

    def unmet(self, cloud: Cloud, host: Host) -> Iterator[tuple[str, str]]:
        """Rule and words of every constraint that the host does not meet."""
        for one in self.constraints:
            words = one.unmet(cloud, host)
            if words is not None:
                yield one.rule, words


def same(one: str, other: str) -> bool:
    """Equal as Nova's database compares."""
    return folded(one) == folded(other)


def is_isolating(key: str, value: str) -> bool:
    """Whether an aggregate's metadata isolates it: ``trait:X = required``."""
    return key.casefold().startswith("trait:") and same(value, "required")
