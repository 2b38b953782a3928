"""Which inputs force a replacement, asked of the plugins themselves: ``review/replacing.json``.

``.venv/bin/python -m tests.review.replacing`` writes the file. A plugin's ``Diff`` names the inputs that
never change without a replacement (``stables``); for those that it does not name there, each input that any
environment here sets is changed in turn.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2

from estate.documents import load
from review.recording import record_estate
from review.registration import Registration
from tests.components.plugin import serving, struct
from toolchain.schemas import build_way

ROOT = Path(__file__).parents[2]
FILE = ROOT / "review" / "replacing.json"
PLUGINS = ("openstack", "vsphere")
ENVIRONMENTS = ("sandbox", "prod")


def asked() -> dict[str, list[str]]:
    """Type → inputs that force a replacement, sorted."""
    samples = _samples()
    found: dict[str, list[str]] = {}
    for plugin in PLUGINS:
        with serving(build_way(plugin)) as provider:
            for type_, ones in samples.items():
                if type_.startswith(f"{plugin}:"):
                    found[type_] = sorted(set(_forcing(provider, ones)))
    return dict(sorted(found.items()))


def _samples() -> dict[str, list[tuple[Registration, set[str]]]]:
    """Registrations of every type with their inputs, each input once."""
    found: dict[str, list[tuple[Registration, set[str]]]] = {}
    known: dict[str, set[str]] = {}
    for environment in ENVIRONMENTS:
        estate = load(ROOT / "stacks" / environment).estate
        assert estate is not None
        for one in record_estate(estate).values():
            new = set(one.inputs) - known.setdefault(one.type, set())
            if new or one.type not in found:
                found.setdefault(one.type, []).append((one, new))
                known[one.type] |= new
    return found


def _forcing(provider: Any, samples: list[tuple[Registration, set[str]]]) -> Iterator[str]:
    for one, names in samples:
        checked = provider.Check(
            provider_pb2.CheckRequest(
                urn=one.urn, name=one.name, type=one.type, news=struct(one.inputs), randomSeed=bytes(32)
            )
        ).inputs
        for name in sorted(names):
            for other in _others(one.inputs[name]):
                news = Struct()
                news.CopyFrom(checked)
                news.update({name: other})
                answer = provider.Diff(
                    provider_pb2.DiffRequest(
                        id="id",
                        urn=one.urn,
                        name=one.name,
                        type=one.type,
                        olds=checked,
                        old_inputs=checked,
                        news=news,
                    )
                )
                yield from answer.stables
                yield from (
                    name for path in answer.replaces if path.partition("[")[0].partition(".")[0] == name
                )


def _others(value: Any) -> Iterator[Any]:
    """Values that differ: itself, and in each of its parts."""
    match value:
        case bool():
            yield not value
        case int() | float():
            yield value + 1
        case str():
            yield f"{value}x"
        case list():
            yield value[1:]
            yield from ([other, *value[1:]] for other in (_others(value[0]) if value else ()))
        case dict():
            yield {**value, "another": "x"}
            for key, inner in value.items():
                yield from ({**value, key: other} for other in _others(inner))


def text() -> str:
    """The file."""
    return json.dumps(asked(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
