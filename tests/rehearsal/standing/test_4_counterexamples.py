"""Act 4: a setting that is taken away opens the way that the proof names; given back it is closed again."""

import pytest

from estate.openstack.calls import Calls
from estate.placement.proof import prove, settings, situation_of
from operations import rehearsal
from operations.reproduction import Reproducer
from operations.withdrawal import Withdrawal
from sandbox import lifecycle
from tests.rehearsal.stage import Stage
from toolchain.progress import Progress

pytestmark = pytest.mark.usefixtures("applied")


@pytest.mark.parametrize(
    "name",
    ['aggregate "vendor": trait:CUSTOM_HV_VMWARE', 'flavor "kvm-small": extra spec trait:CUSTOM_HV_KVM'],
)
def test_nova_does_what_the_proof_says(stage: Stage, name: str) -> None:
    running = lifecycle.running(rehearsal.key(stage.documents))
    calls = Calls(stage.cloud)
    (setting,) = [one for one in settings(situation_of(stage.estate)) if one.name == name]
    found = prove(setting.without).counterexamples[0]
    withdrawal = Withdrawal(calls, running, stage.estate, Progress())

    with Reproducer(calls, stage.estate, Progress()) as reproducer:
        with withdrawal.without(setting):
            opened = reproducer.run(found, setting.without)
        closed = reproducer.run(found, setting.without)

    assert opened.as_proven, opened.calls
    assert closed.host is None, closed.calls  # that all is as before the acts after this find
