"""A bare Pulumi program: registers resources from a file, and nothing else. ``benchmarks.preview`` runs it.

Beside it lie ``resources.json`` (what an engine was once shown, in order) and ``variant.json``.
"""

import gc
import importlib
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
VARIANT: dict[str, bool] = json.loads((HERE / "variant.json").read_text())
if VARIANT["collector"]:
    gc.set_threshold(100_000, 50, 50)  # as in the program

import pulumi  # noqa: E402 - the collector's settings come first, as in the program

if VARIANT["collector"]:
    pulumi.log.debug = lambda *_, **__: None  # as in the program

from benchmarks.words import UNKNOWN, snake  # noqa: E402

_SERVICES = {"openstack": "pulumi_openstack", "vsphere": "pulumi_vsphere"}

made: dict[str, pulumi.Resource] = {}


def register(one: dict[str, Any]) -> None:
    """One resource, of its class in the SDK; a gate as the engine sees it."""
    kind, name, inputs = one["type"], one["name"], one["inputs"]
    parent = made.get(one["parent"]) if VARIANT["components"] else None
    known = {urn for urns in one["sources"].values() for urn in urns}
    after = [made[urn] for urn in one["dependencies"] if urn in made and urn not in known]
    options = pulumi.ResourceOptions(
        parent=parent,
        depends_on=after,
        provider=made.get(one["provider"]),  # type: ignore[arg-type]
        protect=one["protect"],
    )
    if not one["custom"]:
        if VARIANT["components"]:
            component = pulumi.ComponentResource(kind, name, inputs, options)
            component.register_outputs(inputs)
            made[one["urn"]] = component
        return
    given = {key: filled(value, list(one["sources"].get(key, []))) for key, value in inputs.items()}
    if kind.startswith("pulumi-python:"):
        made[one["urn"]] = pulumi.CustomResource(kind, name, given, options)
    else:
        arguments = {snake(key): value for key, value in given.items()}
        made[one["urn"]] = class_of(kind)(name, **arguments, opts=options)


def class_of(kind: str) -> type[pulumi.Resource]:
    """``openstack:compute/instance:Instance`` → the class."""
    if kind.startswith("pulumi:providers:"):
        provider: type[pulumi.Resource] = importlib.import_module(_SERVICES[kind.rpartition(":")[2]]).Provider
        return provider
    package, module, name = kind.split(":")
    service = module.partition("/")[0]
    room = _SERVICES[package] if service == "index" else f"{_SERVICES[package]}.{service}"
    found: type[pulumi.Resource] = getattr(importlib.import_module(room), name)
    return found


def filled(value: object, sources: list[str]) -> Any:  # noqa: ANN401 - properties are anything
    """The value, with ids of the resources that it comes from for what was unknown."""
    match value:
        case str() if value == UNKNOWN and sources:
            source = made[sources[0]]
            sources.append(sources.pop(0))
            return source.id if isinstance(source, pulumi.CustomResource) else value
        case list():
            return [filled(one, sources) for one in value]
        case dict():
            return {key: filled(one, sources) for key, one in value.items()}
    return value


for registration in json.loads((HERE / "resources.json").read_text()):
    register(registration)
