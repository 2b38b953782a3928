"""``up`` killed at every kind of resource; each time the next one goes on. Short sibling: rebuilt, act 2."""

import json
import re
import time
from pathlib import Path

from operations import recovery
from tests.rehearsal.rebuilt.test_2_killed import assert_whole
from tests.rehearsal.stage import Stage
from toolchain.progress import Progress

CREATING = re.compile(r"^ *\+ +(\S+) \S+ creating", re.MULTILINE)
OURS = ("estate:", "pulumi:")
"""Components and providers: nothing is made outside for them."""


def up_until_a_new_kind(stage: Stage, killed: set[str], log: Path) -> str | None:
    """Run ``up``; SIGKILL for the engine as soon as it creates a kind that it was not killed at yet."""
    with stage.running("up", log) as run:
        try:
            while run.poll() is None:
                kinds: list[str] = [
                    one for one in CREATING.findall(log.read_text()) if not one.startswith(OURS)
                ]
                if new := [one for one in kinds if one not in killed]:
                    return new[0]
                time.sleep(0.02)
        finally:
            run.kill()
    assert run.returncode == 0, log.read_text()
    return None


def test_an_up_killed_at_every_kind_converges(stage: Stage, tmp_path: Path) -> None:
    killed: set[str] = set()
    while kind := up_until_a_new_kind(stage, killed, tmp_path / "up.log"):
        print(f"killed at {kind}")
        killed.add(kind)
        recovery.recover(stage.stack, Progress())

    resources = json.loads(stage.pulumi("stack", "export"))["deployment"]["resources"]
    kinds = {one["type"] for one in resources if one.get("custom")} - {"pulumi:pulumi:Stack"}
    made = {one for one in kinds if not one.startswith("pulumi:providers:")}
    # The engine shows openstack:compute/instance:Instance as openstack:compute:Instance.
    assert killed == {shown(one) for one in made}

    assert_whole(stage)


def shown(kind: str) -> str:
    """A type as the engine shows it: ``openstack:compute/instance:Instance`` without the doubled name."""
    package, module, name = kind.split(":")
    return f"{package}:{module.removesuffix(f'/{name[0].lower()}{name[1:]}')}:{name}"
