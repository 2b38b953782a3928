"""Every property that the components send is known to the Python SDK and to the plugins of the build way."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import pytest

from review.recording import record_estate
from review.registration import Registration
from tests.components.plugin import checking
from tests.estates import sandbox
from toolchain.schemas import Properties, build_way, plugin_inputs, sdk_inputs


@pytest.fixture(scope="module")
def sent() -> list[Registration]:
    return [one for one in record_estate(sandbox()).values() if one.custom]


def paths(values: Any, known: Collection[str], above: str = "") -> Iterator[str]:
    """Properties in what was sent, those of objects inside with a dot; keys of maps are none.

    Inside are only those that ``known`` says something about: a plugin's schema has names at the top only.
    """
    if isinstance(values, list):
        for value in values:
            yield from paths(value, known, above)
    elif isinstance(values, dict) and (not above or any(one.startswith(above) for one in known)):
        for name, value in values.items():
            yield f"{above}{name}"
            yield from paths(value, known, f"{above}{name}.")


def unknown(sent: list[Registration], provider: str, known: Properties) -> list[str]:
    mine = [one for one in sent if one.type.split(":")[0] == provider]
    assert mine
    return [
        f"{one.type}: {path}"
        for one in mine
        for path in paths(one.inputs, known.get(one.type, ()))
        if path not in known.get(one.type, ())
    ]


@pytest.mark.parametrize("provider", ["openstack", "vsphere"])
def test_the_sdk_knows_every_property(sent: list[Registration], provider: str) -> None:
    assert unknown(sent, provider, sdk_inputs(provider)) == []


@pytest.mark.engine
@pytest.mark.parametrize("provider", ["openstack", "vsphere"])
def test_the_plugin_of_the_build_way_knows_every_property(sent: list[Registration], provider: str) -> None:
    assert unknown(sent, provider, plugin_inputs(provider)) == []


@pytest.mark.engine
@pytest.mark.parametrize("provider", ["openstack", "vsphere"])
def test_the_plugin_of_the_build_way_takes_every_value(sent: list[Registration], provider: str) -> None:
    """Its own check of each resource looks inside, and at types; a program's preview begins with the same."""
    with checking(build_way(provider)) as check:
        said = [check(one) for one in sent if one.type.split(":")[0] == provider]
    assert said
    assert [one for one in said if one] == []


@pytest.fixture
def wrong(sent: list[Registration]) -> Registration:
    """A server with a property inside that nobody knows; keys of its metadata are no properties."""
    server = next(one for one in sent if one.name == "ledger-db" and "networks" in one.inputs)
    assert server.inputs["metadata"]
    return replace(
        server, inputs=server.inputs | {"networks": [*server.inputs["networks"], {"colour": "red"}]}
    )


def test_a_property_inside_that_the_sdk_does_not_know_is_noticed(wrong: Registration) -> None:
    assert unknown([wrong], "openstack", sdk_inputs("openstack")) == [f"{wrong.type}: networks.colour"]


@pytest.mark.engine
def test_a_property_inside_that_the_plugin_does_not_know_is_noticed(wrong: Registration) -> None:
    with checking(build_way("openstack")) as check:
        (said,) = check(wrong)
    assert "colour" in said
