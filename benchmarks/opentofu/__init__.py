"""OpenTofu and the provider for OpenStack, for comparison only: built from Go modules into the cache."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.words import UNKNOWN, snake
from toolchain.golang import Program, build_all
from toolchain.progress import Progress

_HERE = Path(__file__).parent
_BRIDGE = _HERE.parents[1] / "toolchain" / "go" / "provider-openstack" / "main.go"
_SOURCE = "terraform-provider-openstack/openstack"
_SINGULAR = {
    "allocationPools": "allocation_pool",
    "blockDevices": "block_device",
    "externalFixedIps": "external_fixed_ip",
    "fixedIps": "fixed_ip",
    "networks": "network",
}
"""Blocks that the bridge shows as lists, by its name for them."""
_PROVIDER = "github.com/terraform-provider-openstack/terraform-provider-openstack/v3"


def binaries(progress: Progress) -> tuple[Path, Path]:
    """``tofu`` and the provider's plugin, built now unless they are current (minutes)."""
    tofu, provider = build_all(
        [
            Program(_HERE / "tofu", "tofu", package="github.com/opentofu/opentofu/cmd/tofu"),
            Program(_HERE / "provider", "terraform-provider-openstack", package=_PROVIDER),
        ],
        progress,
    )
    return tofu, provider


class Plan:
    """A plan of resources of OpenStack, in OpenTofu's JSON syntax."""

    def __init__(
        self,
        folder: Path,
        tofu: Path,
        provider: Path,
        resources: Sequence[Mapping[str, Any]],
        environment: Mapping[str, str],
    ) -> None:
        """``resources``: as ``benchmarks.preview.registered`` gives them; of OpenStack only."""
        folder.mkdir()
        self.folder = folder
        self.command = [str(tofu), "plan", "-input=false", "-no-color", "-lock=false"]
        settings = folder / "tofu.rc"
        settings.write_text(
            f'provider_installation {{\n  dev_overrides {{\n    "{_SOURCE}" = "{provider.parent}"\n  }}\n}}\n'
        )
        self.environment = {**environment, "TF_CLI_CONFIG_FILE": str(settings)}
        known = kinds()
        taken = [one for one in resources if one["type"] in known]
        addresses = {one["urn"]: f"{known[one['type']]}.{_identifier(one)}" for one in taken}
        blocks: dict[str, dict[str, Any]] = {}
        for one in taken:
            blocks.setdefault(known[one["type"]], {})[_identifier(one)] = _block(one, addresses)
        (folder / "main.tf.json").write_text(
            json.dumps(
                {
                    "terraform": {"required_providers": {"openstack": {"source": _SOURCE}}},
                    "resource": blocks,
                }
            )
        )

    @staticmethod
    def count(shown: str) -> int:
        """How many resources the plan would add."""
        found = re.search(r"Plan: (\d+) to add", shown)
        assert found is not None, shown[-2000:]
        return int(found[1])


def kinds() -> dict[str, str]:
    """Pulumi's type → the provider's name for it, read from the bridge's own table."""
    pairs = re.findall(
        r'"(openstack_\w+)":\s+"(\w+)/(\w+)"', _BRIDGE.read_text().partition("var functions")[0]
    )
    return {f"openstack:{room}/{name[0].lower()}{name[1:]}:{name}": kind for kind, room, name in pairs}


def _identifier(one: Mapping[str, Any]) -> str:
    return "r_" + re.sub(r"[^A-Za-z0-9_]", "_", one["name"])


_LISTS = {"policies"}
"""Lists of one that the bridge shows as that one."""


def _block(one: Mapping[str, Any], addresses: Mapping[str, str]) -> dict[str, Any]:
    found = {
        _SINGULAR.get(key, snake(key)): _value(
            value, [urn for urn in one["sources"].get(key, []) if urn in addresses], addresses
        )
        for key, value in _with_lists(one["inputs"]).items()
    }
    known = {urn for urns in one["sources"].values() for urn in urns}
    after = [addresses[urn] for urn in one["dependencies"] if urn in addresses and urn not in known]
    return {**found, **({"depends_on": after} if after else {})}


def _with_lists(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {key: [value] if key in _LISTS else value for key, value in inputs.items()}


def _value(value: Any, sources: list[str], addresses: Mapping[str, str]) -> Any:  # noqa: ANN401
    match value:
        case str() if value == UNKNOWN:
            if not sources:
                return "unknown"
            sources.append(sources.pop(0))
            return f"${{{addresses[sources[-1]]}.id}}"
        case list():
            return [_value(one, sources, addresses) for one in value]
        case dict():
            return {snake(key): _value(one, sources, addresses) for key, one in value.items()}
    return value
