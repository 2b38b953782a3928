"""Renamed flavors and volume types are asked for by the names that they keep in the cloud."""

from typing import TYPE_CHECKING, Any, cast

from estate.model import Estate, Hypervisor
from estate.placement.proof import settings, situation_of
from operations.reproduction import Reproducer
from operations.withdrawal import Withdrawal
from tests.estates import sandbox
from tests.renaming import NEW, renamed
from toolchain.progress import Progress

if TYPE_CHECKING:
    from estate.openstack.calls import Calls

ESTATE = Estate.model_validate(renamed(sandbox()))


class FakeNova:
    """Flavors as they were before the rename; whatever else is called is noted."""

    def __init__(self) -> None:
        self.called: list[tuple[str, str]] = []

    def nova(self, verb: str, path: str, _body: object = None) -> Any:
        self.called.append((verb, path))
        return {
            "flavors": [{"name": name, "id": f"id-of-{name}"} for name in sandbox().flavors],
            "trait:CUSTOM_HV_KVM": "required",
        }


def test_a_flavor_keeps_its_name() -> None:
    nova = FakeNova()
    flavor = situation_of(ESTATE).offer[NEW.format("kvm-small")].flavor
    assert Reproducer(cast("Calls", nova), ESTATE, Progress()).flavor(flavor) == "id-of-kvm-small"
    assert [verb for verb, _ in nova.called] == ["get"]


def test_a_volume_type_keeps_its_name() -> None:
    reproducer = Reproducer(cast("Calls", FakeNova()), ESTATE, Progress())
    assert {reproducer.volume_type(side)[0] for side in Hypervisor} <= {
        kind for array in sandbox().storage.values() for kind in array.volume_types
    }


def test_a_setting_of_a_renamed_flavor_is_taken_from_it() -> None:
    nova = FakeNova()
    name = f'flavor "{NEW.format("kvm-small")}": extra spec trait:CUSTOM_HV_KVM'
    (setting,) = [one for one in settings(situation_of(ESTATE)) if one.name == name]
    withdrawal = Withdrawal(cast("Calls", nova), cast("Any", None), ESTATE, Progress())
    with withdrawal.without(setting):
        pass
    path = "/flavors/id-of-kvm-small/os-extra_specs"
    assert ("delete", f"{path}/trait:CUSTOM_HV_KVM") in nova.called
