"""The environment ``sandbox`` as a model, and variants of it."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from estate.documents import load
from estate.model import Estate
from estate.model.words import AS_WRITTEN

ROOT = Path(__file__).parents[1]


@cache
def sandbox() -> Estate:
    """As its documents stand."""
    loaded = load(ROOT / "stacks" / "sandbox")
    assert loaded.estate is not None, loaded.problems
    return loaded.estate


def changed(*changes: tuple[str, Any]) -> Estate:
    """With values put at places such as ``workloads/ledger-db/image``; ``None`` removes."""
    data = sandbox().model_dump(mode="json", context=AS_WRITTEN, exclude_defaults=True)
    for place, value in changes:
        *above, last = place.split("/")
        block = data
        for key in above:
            block = block.setdefault(key, {})
        if value is None:
            del block[last]
        else:
            block[last] = deepcopy(value)  # a later place may lie within it
    return Estate.model_validate(data)
