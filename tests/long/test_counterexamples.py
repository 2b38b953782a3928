"""Every setting that the guarantee needs, really taken away in a sandbox: Nova then does what the proof says.

Short sibling: tests/rehearsal/standing/test_4_counterexamples.py, two settings that Nova's API can take away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from shutil import copytree

import pytest

from estate.openstack.calls import Calls
from estate.placement.proof import Situation, prove, settings, situation_of
from operations import rehearsal
from operations.reproduction import Reproducer, Reproduction
from operations.stack import PROGRAM
from operations.withdrawal import Withdrawal
from sandbox import lifecycle
from tests.estates import sandbox
from tests.rehearsal.stage import Stage
from tests.unit.test_placement_proof import BASE, ISOLATION, NEEDED, REBUILD, VOLUMES, of_a_blank_volume
from toolchain.progress import Progress


@dataclass(frozen=True)
class Ground:
    """A sandbox with all of an environment but its servers."""

    calls: Calls
    withdrawal: Withdrawal
    reproducer: Reproducer

    def without(self, name: str, base: Situation) -> Reproduction:
        """Take a setting away and take the steps of the counterexample; then give it back."""
        (setting,) = [one for one in settings(base) if one.name == name]
        found = prove(setting.without).counterexamples[0]
        with self.withdrawal.without(setting):
            return self.reproducer.run(found, setting.without)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    documents = copytree(
        PROGRAM / "stacks" / "sandbox", tmp_path_factory.mktemp("environment") / "without-setting"
    )
    (documents / "workloads.yaml").write_text("workloads: {}\n")
    try:
        stage = Stage(documents)
        stage.up()
        running = lifecycle.running(rehearsal.key(documents))
        calls = Calls(stage.cloud)
        withdrawal = Withdrawal(calls, running, sandbox(), Progress())
        with Reproducer(calls, sandbox(), Progress()) as reproducer:
            yield Ground(calls, withdrawal, reproducer)
    finally:
        lifecycle.stop(rehearsal.key(documents))


@pytest.mark.parametrize("name", NEEDED)
def test_nova_does_what_the_proof_says(ground: Ground, name: str) -> None:
    found = ground.without(name, BASE)
    assert found.as_proven, found.calls


def test_a_server_with_a_root_volume_is_rebuilt_onto_kvm_in_the_same_way(ground: Ground) -> None:
    found = ground.without(REBUILD, VOLUMES)
    assert found.as_proven, found.calls


@pytest.mark.parametrize("name", [ISOLATION, REBUILD])
def test_given_back_the_proof_holds_again(ground: Ground, name: str) -> None:
    """The counterexample does not lead where it did once all settings are back."""
    (setting,) = [one for one in settings(BASE) if one.name == name]
    found = prove(setting.without).counterexamples[0]
    done = ground.reproducer.run(found, setting.without)
    assert done.host in {None, *BASE.esxi} - set(found.lands), done.calls


def test_what_the_proof_takes_for_granted_is_so(ground: Ground) -> None:
    """A server that somebody made of an ESXi flavor and a blank volume is held by its flavor alone."""
    found = of_a_blank_volume()
    assert found.lands
    done = ground.reproducer.run(found, situation_of(sandbox()))
    assert done.as_proven, done.calls
