"""The engine and nova-scheduler's own code agree about clouds and requests of chance."""

import random
from collections.abc import Iterator

import pytest

from estate.placement.nova import decide
from sandbox import lifecycle
from tests.fidelity import random_clouds
from tests.fidelity.scheduler import Scheduler
from tests.sandbox.shapes import shape
from toolchain.progress import Progress

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(1800)]

KEY = "test-fidelity"
HOSTS = 5
CLOUDS = 6
REQUESTS = 20
AFTER = frozenset({"check_compatible_with_source_hypervisor", "validate_image_traits_for_rebuild"})
"""The conductor's rules: the scheduler does not know them."""


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    """Of a sandbox of its own, because its compute nodes change their kind."""
    lifecycle.stop(KEY)
    running = lifecycle.start(KEY, shape("fidelity"), Progress())
    log = tmp_path_factory.mktemp("scheduler") / "log"
    with Scheduler(running.run / "nova" / "control", log) as asked:
        yield asked
    lifecycle.stop(KEY)


@pytest.mark.parametrize("seed", range(CLOUDS))
def test_the_scheduler_accepts_what_the_engine_says(scheduler: Scheduler, seed: int) -> None:
    cloud = random_clouds.cloud(seed, HOSTS)
    scheduler.arrange(cloud)
    chance = random.Random(seed)  # noqa: S311 - chance for tests
    asked = 0
    for _ in range(REQUESTS):
        request = random_clouds.request(chance, cloud)
        found = scheduler.accepted(cloud, request)
        if found is not None:
            asked += 1
            assert decide(cloud, request, without=AFTER).accepted == found, request
    assert asked > REQUESTS / 2
