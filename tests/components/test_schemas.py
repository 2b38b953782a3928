"""Every property that the components send is known to the Python SDK and to the plugins of the build way."""

import pytest

from tests.components.recording import Registration, record_estate, sandbox
from toolchain.schemas import Properties, plugin_inputs, sdk_inputs


@pytest.fixture(scope="module")
def sent() -> list[Registration]:
    return [one for one in record_estate(sandbox()).values() if one.custom]


def unknown(sent: list[Registration], provider: str, known: Properties) -> list[str]:
    mine = [one for one in sent if one.type.split(":")[0] == provider]
    assert mine
    return [
        f"{one.type}: {name}" for one in mine for name in one.inputs if name not in known.get(one.type, ())
    ]


@pytest.mark.parametrize("provider", ["openstack", "vsphere"])
def test_the_sdk_knows_every_property(sent: list[Registration], provider: str) -> None:
    assert unknown(sent, provider, sdk_inputs(provider)) == []


@pytest.mark.engine
@pytest.mark.parametrize("provider", ["openstack", "vsphere"])
def test_the_plugin_of_the_build_way_knows_every_property(sent: list[Registration], provider: str) -> None:
    assert unknown(sent, provider, plugin_inputs(provider)) == []
