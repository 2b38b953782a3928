"""Words that rules share."""

from policies.facts import (
    AggregateFacts,
    ClusterFacts,
    DatastoreFacts,
    FilteredFacts,
    FlavorFacts,
    GroupFacts,
    HandWritten,
    ImageFacts,
    ServerFacts,
    SwitchFacts,
)
from policies.rule import Violation

_Subject = (
    AggregateFacts
    | ClusterFacts
    | DatastoreFacts
    | FilteredFacts
    | FlavorFacts
    | GroupFacts
    | HandWritten
    | ImageFacts
    | ServerFacts
    | SwitchFacts
)

_KINDS = {
    AggregateFacts: "aggregate",
    ClusterFacts: "cluster",
    DatastoreFacts: "datastore",
    FlavorFacts: "flavor",
    GroupFacts: "server group",
    ImageFacts: "image",
    SwitchFacts: "switch",
}


def violation(about: _Subject, field: str, message: str) -> Violation:
    """A violation about one fact; ``field`` is empty where it is about all of it."""
    kind = _KINDS.get(type(about)) or getattr(about, "kind", "")
    return Violation(
        origin=about.origin,
        subject=f'{kind} "{about.name}"',
        field=(field,) if field else (),
        message=message,
    )
