"""Which questions are asked: from one seed per cloud, so many that every rule decides often enough."""

# ruff: noqa: S311 - chance for tests, not for secrets

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from estate.placement.nova import RULES, Cloud, Decision, Operation, Request, decide
from estate.placement.nova.cloud import Inventory
from estate.placement.nova.image_props import InvalidPropertyError
from estate.placement.nova.resource_request import features
from tests.fidelity import random_clouds

HOSTS = 5
CLOUDS = 36
PER_CLOUD = 20
LANDING = 6
"""Of these, requests that are only asked because some host takes them."""
CANDIDATES = 250
"""Requests of chance from which those of a cloud are chosen, at most."""


_AIMING = {"parse_availability_zone", "requested_destination", "cross_az_attach", "moves"}
"""Rules that also decide by leading a request to a host or a zone; all others only by what they reject."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One request on one cloud; seed and number find it again."""

    seed: int
    number: int
    cloud: Cloud
    request: Request

    @cached_property
    def decision(self) -> Decision:
        """What the engine says."""
        return decide(self.cloud, self.request)

    def without(self, rule: str) -> Decision | None:
        """What it would say without a rule; ``None`` where it then stumbles over what the rule keeps out."""
        try:
            return decide(self.cloud, self.request, without=frozenset({rule}))
        except InvalidPropertyError:
            return None

    @cached_property
    def deciding(self) -> frozenset[str]:
        """Rules without which the engine would say something else."""
        named = {one.rule for found in self.decision.verdicts.values() for one in found} | _AIMING
        return frozenset(rule for rule in named & set(RULES) if not same(self.decision, self.without(rule)))

    @cached_property
    def translated(self) -> frozenset[str]:
        """Traits and resource classes that Nova makes of what flavor and image say in other words, and that
        decide: were they everywhere, the engine would say something else.
        """
        if self.decision.refusal is not None:
            return frozenset()
        made = features(self.request)
        traits = {*made.required, *made.filtered} | (made.pinned.required if made.pinned else frozenset())
        classes = {*made.resources} | ({"PCPU"} if made.pinned else set())
        everywhere = {
            **{one: self._everywhere(trait=one) for one in traits},
            **{one: self._everywhere(resource=one) for one in classes},
        }
        return frozenset(name for name, one in everywhere.items() if not same(self.decision, one))

    def _everywhere(self, trait: str | None = None, resource: str | None = None) -> Decision:
        plenty = Inventory(total=1000, max_unit=1000)
        hosts = tuple(
            replace(
                one,
                traits=one.traits | ({trait} if trait else set()),
                inventories={**one.inventories, **({resource: plenty} if resource else {})},
            )
            for one in self.cloud.hosts
        )
        return decide(replace(self.cloud, hosts=hosts), self.request)

    @property
    def refused(self) -> bool:
        """Whether no host takes it."""
        return not self.decision.accepted

    def __str__(self) -> str:
        return f"seed {self.seed}, request {self.number}: {self.request}"


def same(one: Decision, other: Decision | None) -> bool:
    """Whether two decisions let a request land on the same hosts, or refuse it in the same words."""
    return (
        other is not None
        and one.accepted == other.accepted
        and (one.refusal.words if one.refusal else None) == (other.refusal.words if other.refusal else None)
    )


def questions() -> Iterator[Question]:
    """Of every cloud requests by which rules decide that did so least often before, and some that land."""
    decided = Counter[str]()
    for seed in range(CLOUDS):
        left = list(_of(seed))
        for _ in range(PER_CLOUD - LANDING):
            rarest = max(left, key=lambda one: _rarity(one, decided))
            left.remove(rarest)
            decided.update(rarest.deciding | rarest.translated)
            yield rarest
        yield from [one for one in left if not one.refused][:LANDING]


def _rarity(question: Question, decided: Counter[str]) -> float:
    """The higher the less often its rules have decided; what Nova makes of other words counts for less."""
    rules = sum((1 + decided[rule]) ** -3 for rule in question.deciding)
    return rules + sum((1 + 3 * decided[name]) ** -3 for name in question.translated)


_VARIED = (10, 42, 6, 21, 26, 36, 14, 15)
"""Seeds of clouds that together let every rule decide soon: to arrange a cloud takes longest."""


def few() -> Iterator[Question]:
    """Some that together let every rule decide, and all that Nova makes of extra specs and properties, and
    ask for every operation, at least once.
    """
    left = {*RULES, *Operation, *random_clouds.MADE_TRAITS, *random_clouds.MADE_CLASSES}
    for seed in itertools.chain(_VARIED, itertools.count()):
        for question in _of(seed):
            if new := left & {*question.deciding, *question.translated, question.request.operation}:
                left -= new
                yield question
        if not left:
            return


def _of(seed: int) -> Iterator[Question]:
    """All requests on one cloud, in their order."""
    cloud = random_clouds.cloud(seed, HOSTS)
    chance, more = random.Random(seed), random.Random(f"features {seed}")
    for number in range(CANDIDATES):
        request = random_clouds.featured(more, random_clouds.request(chance, cloud))
        yield Question(seed=seed, number=number, cloud=cloud, request=request)
