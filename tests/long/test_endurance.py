"""One sandbox, built up, changed and taken down again and again. Short siblings: tests/rehearsal."""

from collections import Counter
from dataclasses import dataclass

from operations import rehearsal
from sandbox import lifecycle
from tests.rehearsal.rebuilt.test_4_destroyed import left
from tests.rehearsal.stage import Stage

ROUNDS = 5
GROWTH = 1.2
"""What may become of the memory and disk after the second round, which has loaded all there is to load."""


@dataclass(frozen=True)
class Footprint:
    """What the sandbox takes after a ``destroy``."""

    processes: Counter[str]
    memory: int
    disk: int
    allocations: int
    """Of resource providers, in all: each stands for a server that placement still counts."""


def footprint(stage: Stage) -> Footprint:
    status = lifecycle.status(rehearsal.key(stage.documents))
    assert status.state == "running"
    cloud = stage.cloud
    providers = cloud.placement.get("/resource_providers", microversion="1.36").json()["resource_providers"]
    run = lifecycle.folder(rehearsal.key(stage.documents))
    return Footprint(
        processes=Counter(part.name for part in status.parts if part.running),
        memory=status.memory,
        disk=sum(path.lstat().st_size for path in run.rglob("*") if path.is_file() and path.suffix != ".log"),
        allocations=sum(
            len(
                cloud.placement.get(
                    f"/resource_providers/{one['uuid']}/allocations", microversion="1.36"
                ).json()["allocations"]
            )
            for one in providers
        ),
    )


def test_up_change_and_destroy_again_and_again(stage: Stage) -> None:
    prints = []
    for number in range(ROUNDS):
        stage.up()
        assert {row.server: row.differences for row in stage.landings().values() if not row.equal} == {}

        block = {"image": "linux-kvm", "flavor": "kvm-small", "networks": ["app"]}
        stage.edit("workloads.yaml", "workloads", "web-3", value=block)
        stage.edit("compute.yaml", "clusters", "esx-a", "drs", "migration_threshold", value=2 + number % 3)
        stage.up()
        assert stage.landings()["web-3"].equal
        stage.pulumi("preview", "--refresh", "--expect-no-changes")
        stage.edit("workloads.yaml", "workloads", "web-3", value=None)

        stage.pulumi("destroy", "--yes", "--skip-preview")
        assert left(stage) == {}
        prints.append(footprint(stage))
        print(f"round {number + 1}: {prints[-1]}")

    assert {one.allocations for one in prints} == {0}
    # The cluster computes are gone with their clusters.
    assert [one.processes for one in prints[1:]] == [prints[0].processes] * (ROUNDS - 1)
    assert prints[-1].memory < prints[1].memory * GROWTH
    assert prints[-1].disk < prints[1].disk * GROWTH
