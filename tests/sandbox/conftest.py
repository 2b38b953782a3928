"""One sandbox for all tests of this folder, shaped by a literal shape."""

from collections.abc import Iterator

import pytest

from sandbox import lifecycle
from sandbox.lifecycle import Running
from tests.sandbox.cloud import Cloud
from tests.sandbox.shapes import shape
from toolchain.progress import Progress

KEY = "test-lifecycle"


@pytest.fixture(scope="package")
def running() -> Iterator[Running]:
    """A sandbox with five KVM hosts and five standalone ESXi hosts, no cluster yet."""
    lifecycle.stop(KEY)
    yield lifecycle.start(KEY, shape("test"), Progress())
    lifecycle.stop(KEY)


@pytest.fixture(scope="package")
def cloud(running: Running) -> Cloud:
    """That sandbox, with both clusters made and their computes there."""
    cloud = Cloud(running)
    cloud.make_cluster("esx-a", [f"esxi-a{number}.test.example" for number in (1, 2, 3)])
    cloud.make_cluster("esx-b", [f"esxi-b{number}.test.example" for number in (1, 2)])
    return cloud
