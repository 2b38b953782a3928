"""OpenStack's own code reads every rendered file: no option is unknown, no value is read otherwise."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from estate.rendering import Fragment, render
from sandbox.parts import openstack
from tests.estates import sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]

READER = Path(__file__).with_name("read_fragments.py")
PROTECTIONS = "glance-api/etc/glance/property-protections.conf"


def kinds() -> list[Fragment]:
    """One fragment of each kind: those of two KVM hosts differ by the name only."""
    found: dict[tuple[str, str, str], Fragment] = {}
    for one in render(sandbox()):
        side = "esx" if one.host is not None and "esx" in one.host else "kvm"
        found.setdefault((one.service, one.path, side), one)
    return list(found.values())


KINDS = kinds()


def read(service: str, texts: dict[str, str], folder: Path) -> dict[str, Any]:
    """Path below ``folder`` → what ``service`` makes of the text there."""
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    result = subprocess.run(
        [openstack.program("python"), str(READER), service, *(str(folder / name) for name in texts)],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout.splitlines()[-1])
    return {name: found[str(folder / name)] for name in texts}


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Name of a fragment → what its service reads."""
    openstack.ensure()
    found: dict[str, Any] = {}
    for service in ("nova", "cinder", "glance", "neutron"):
        texts = {one.name: one.text for one in KINDS if one.service.startswith(service)}
        found |= read(service, texts, tmp_path_factory.mktemp(service))
    return found


def spelt(value: object) -> str:
    """An effective value as a fragment would spell it."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("fragment", [one for one in KINDS if one.settings], ids=lambda one: one.name)
def test_every_setting_is_known_and_read_as_written(fragment: Fragment, readings: dict[str, Any]) -> None:
    effective = readings[fragment.name]
    assert set(effective) == {f"{section}/{key}" for section, key in fragment.settings}
    assert [key for key, value in effective.items() if value is None] == []
    for (section, key), written in fragment.settings.items():
        value = effective[f"{section}/{key}"]
        if isinstance(value, float):
            assert value == float(written), key
        else:
            assert spelt(value) == written.replace("\n", ","), key


@pytest.mark.parametrize(
    "fragment", [one for one in KINDS if "provider_config" in one.path], ids=lambda one: one.name
)
def test_nova_takes_the_trait(fragment: Fragment, readings: dict[str, Any]) -> None:
    trait = "CUSTOM_HV_VMWARE" if "esx" in fragment.name else "CUSTOM_HV_KVM"
    assert readings[fragment.name] == {"$COMPUTE_NODE": [trait]}


def test_glance_lets_operators_alone_decide_on_landing(readings: dict[str, Any]) -> None:
    rules = readings[PROTECTIONS]
    everybody = ["admin", "member", "reader"]
    for name in ("hypervisor_type", "img_hv_type", "trait:CUSTOM_HV_VMWARE"):
        assert rules[name] == {
            "create": ["admin"],
            "read": everybody,
            "update": ["admin"],
            "delete": ["admin"],
        }
    assert rules["vmware_disktype"]["create"] == ["admin", "member"]
    assert rules["vmware_disktype"]["update"] == ["admin"]
    assert rules["os_version"] == dict.fromkeys(("create", "read", "update", "delete"), everybody)


def test_cinder_knows_the_rules_that_operators_alone_pass(readings: dict[str, Any]) -> None:
    assert readings["cinder-api/etc/cinder/policy.d/50-estate.yaml"] == {
        "volume_extension:volume_image_metadata:set": "rule:admin_api",
        "volume_extension:volume_image_metadata:remove": "rule:admin_api",
    }


def test_nova_knows_the_rule_that_nobody_passes(readings: dict[str, Any]) -> None:
    assert readings["nova-control/etc/nova/policy.d/50-estate.yaml"] == {
        "os_compute_api:servers:rebuild": "!"
    }


def test_an_unknown_option_is_noticed(tmp_path: Path) -> None:
    openstack.ensure()
    (fragment,) = [one for one in KINDS if one.service == "nova-control" and one.settings]
    key = "enable_isolated_aggregate_filtering"
    texts = {"nova.conf": fragment.text.replace(key, f"{key}s")}
    assert read("nova", texts, tmp_path)["nova.conf"][f"scheduler/{key}s"] is None
