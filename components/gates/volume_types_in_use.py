"""The gate before volume types change."""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from components.gates.gate import Gate, Props
from estate.openstack import volume_types
from estate.openstack.sdk import Connection


class VolumeTypesInUseProvider(Gate):
    """Says at preview what Cinder refuses while volumes have a type, instead of in the middle of an ``up``.

    Its extra specs cannot change then (cinder/api/contrib/types_extra_specs.py ``_allow_update``), and it
    cannot be deleted.
    """

    def refusal(self, cloud: Connection, olds: Props | None, props: Props) -> str | None:
        """Types with volumes whose extra specs shall change."""
        said = []
        for name, before, after in _both(olds, props):
            if after is None or before["extraSpecs"] == after["extraSpecs"]:
                continue
            if volumes := volume_types.volumes_of(cloud, _names(name, before)):
                changed = sorted(
                    key
                    for key in before["extraSpecs"].keys() | after["extraSpecs"].keys()
                    if before["extraSpecs"].get(key) != after["extraSpecs"].get(key)
                )
                said.append(
                    f"volume type {name} cannot change {', '.join(changed)}: volumes have it "
                    f"({volumes}), and Cinder refuses it then. Declare another type and move the volumes to "
                    "it; this one can be removed afterwards"
                )
        return "; ".join(said) or None

    def settle(self, cloud: Connection, olds: Props | None, props: Props) -> None:
        """Nothing to do: the types are resources of their own."""

    def hazard(self, cloud: Connection, olds: Props, props: Props) -> str | None:
        """Types with volumes that shall go: the same ``up`` may remove those volumes, or retype them."""
        said = [
            f"volume type {name} is removed while volumes have it ({volumes}): Cinder refuses that, unless "
            "this very change removes them or gives them another type"
            for name, before, after in _both(olds, props)
            if after is None and (volumes := volume_types.volumes_of(cloud, _names(name, before)))
        ]
        return "; ".join(said) or None


class VolumeTypesInUse(Resource, module="estate", name="VolumeTypesInUse"):
    """Named ``ARRAY-volume-types``."""

    def __init__(
        self,
        array: str,
        *,
        extra_specs: Mapping[str, Mapping[str, str]],
        was: Mapping[str, str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """``extra_specs``: by type; ``was``: earlier names of renamed types."""
        super().__init__(
            VolumeTypesInUseProvider(),
            f"{array}-volume-types",
            {
                "types": {
                    name: {"extraSpecs": dict(specs), "was": was.get(name, "")}
                    for name, specs in extra_specs.items()
                }
            },
            opts,
        )


def _both(olds: Props | None, props: Props) -> Iterator[tuple[str, dict[str, Any], dict[str, Any] | None]]:
    """Each type that there was: its name then, what it was and what it shall be (``None``: gone)."""
    after: dict[str, Any] = {one["was"]: one for one in props["types"].values()} | props["types"]
    for name, before in (olds or {"types": {}})["types"].items():
        yield name, before, after.get(name)


def _names(name: str, block: Mapping[str, Any]) -> set[str]:
    """What Cinder may call it: a renamed type keeps its name there."""
    return {name, block["was"]} - {""}
