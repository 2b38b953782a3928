"""An estate with every block renamed: references follow, and each says what it was."""

from typing import Any

from estate.model import Estate
from estate.model.block import ResourceBlock
from estate.model.references import references
from estate.model.words import AS_WRITTEN

NEW = "{}-renamed"
_INNER = {"storage": "volume_types", "networks": "subnets", "workloads": "volumes"}
"""Kind → key under which its blocks have further blocks that may say ``was``."""


def renamed(estate: Estate) -> dict[str, Any]:
    """Its documents, by kind, with every block that may say ``was`` renamed."""
    data = estate.model_dump(mode="json", context=AS_WRITTEN, exclude_defaults=True)
    kinds = {
        kind
        for kind in Estate.model_fields
        if isinstance(blocks := getattr(estate, kind), dict)
        and any(isinstance(one, ResourceBlock) for one in blocks.values())
    } | {"volume_types"}
    for use in references(estate):
        if use.kind in kinds:
            _refer(data, use.loc, use.name)
    for kind, inner in _INNER.items():
        for block in data[kind].values():
            if inner in block:
                block[inner] = _with_was(block[inner])
    for vcenter in data["vcenters"].values():
        if "managed_switch" in vcenter:
            switch = vcenter["managed_switch"]
            switch["was"], vcenter["switch"] = vcenter["switch"], NEW.format(vcenter["switch"])
            switch["port_groups"] = _with_was(switch["port_groups"])
    return {kind: _with_was(blocks) if kind in kinds else blocks for kind, blocks in data.items()}


def _with_was(blocks: dict[str, Any]) -> dict[str, Any]:
    return {NEW.format(name): {**block, "was": name} for name, block in blocks.items()}


def _refer(data: Any, loc: tuple[str | int, ...], name: str) -> None:
    *above, last = loc
    for part in above:
        data = data[part]
    if isinstance(data, list):
        data[data.index(name)] = NEW.format(name)
    elif isinstance(data[last], str):
        data[last] = NEW.format(name)
    else:
        data[NEW.format(name)] = data.pop(name)
