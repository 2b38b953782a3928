"""What an import makes of the program's registrations, recorded."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.adopted import Left, adopt
from components.gates.gate import IMPORTING
from components.landscape import build
from review.recording import record_estate
from review.registration import Registration
from tests.estates import sandbox

LEFT = {
    "openstack:compute/flavor:Flavor::kvm-small": ['extraSpecs["trait:CUSTOM_HV_KVM"]'],
    "pulumi-python:dynamic/estate:AggregateIsolation::general-isolation": ["*"],
}


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Callable[[Left], dict[str, Registration]]:
    """What the estate of ``sandbox`` registers with these fields left."""

    def of(left: Left) -> dict[str, Registration]:
        def adopted(*arguments: Any, **named: Any) -> Any:
            adopt(left)
            return build(*arguments, **named)

        monkeypatch.setattr("review.recording.build", adopted)
        return record_estate(sandbox())

    return of


def test_what_is_left_is_left_and_nothing_else(
    recorded: Callable[[Left], dict[str, Registration]],
) -> None:
    without, found = recorded({}), recorded(LEFT)
    assert found["Flavor::kvm-small"].ignore_changes == (
        *without["Flavor::kvm-small"].ignore_changes,
        'extraSpecs["trait:CUSTOM_HV_KVM"]',
    )
    assert found["AggregateIsolation::general-isolation"].inputs["left"] is True
    changed = {
        key
        for key, one in found.items()
        if (one.ignore_changes, "left" in one.inputs)
        != (without[key].ignore_changes, "left" in without[key].inputs)
    }
    assert changed == {"Flavor::kvm-small", "AggregateIsolation::general-isolation"}


def test_in_an_import_nothing_is_compared(
    recorded: Callable[[Left], dict[str, Registration]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = tmp_path / "ids.json"
    port = "openstack:networking/port:Port::web-1/app"
    told = {"ids": {"openstack:compute/flavor:Flavor::kvm-small": "42", port: "7"}, "unnamed": [port]}
    ids.write_text(json.dumps(told))
    monkeypatch.setenv(IMPORTING, str(ids))
    found = recorded({})
    assert found["Flavor::kvm-small"].import_id == "42"
    assert found["Flavor::kvm-medium"].import_id == ""
    assert found["Port::web-1/app"].inputs["name"] == ""
    assert "name" not in found["Port::web-1/app"].ignore_changes
    assert {
        key
        for key, one in found.items()
        if one.custom and "*" not in one.ignore_changes and not _is_gate(one)
    } == {"vsphere::vc1", "Port::web-1/app"}


def _is_gate(one: Registration) -> bool:
    return one.type.startswith("pulumi-python:")
