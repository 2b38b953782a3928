"""A review without the engine, and those in which it was asked, one environment each: one review."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from review.reviewing import summarised
from review.value import Problem, Review

_LISTS = (
    "changes",
    "landings",
    "findings",
    "hazards",
    "resources",
    "previews",
    "drifts",
    "missing_features",
    "transfers",
    "problems",
)
"""Of a review, by environment."""


def together(review: Review, asked: Sequence[Review]) -> Review:
    """The review, with everything of an environment as the engine's review says it.

    A preview of other documents, such as those of an earlier push, says nothing of these and is left out.
    """
    for one in asked:
        for part in one.environments:
            here = next((own for own in review.environments if own.name == part.name), None)
            if here is None or here.digest != part.digest:
                review = replace(review, problems=(*review.problems, _stale(part.name)))
                continue
            review = _replaced(review, one, part.name)
    return summarised(review)


def _replaced(review: Review, asked: Review, name: str) -> Review:
    def merged(attribute: str) -> tuple[Any, ...]:
        others = [one for one in getattr(review, attribute) if one.environment != name]
        return (*others, *(one for one in getattr(asked, attribute) if one.environment == name))

    said = next(one for one in asked.environments if one.name == name)
    lists: dict[str, Any] = {attribute: merged(attribute) for attribute in _LISTS}
    environments = tuple(said if one.name == name else one for one in review.environments)
    return replace(review, environments=environments, **lists)


def _stale(name: str) -> Problem:
    return Problem(
        environment=name, side=None, message="the engine was asked about other documents; run its job again."
    )
