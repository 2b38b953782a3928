"""The benchmark of previews compares equal things."""

from benchmarks import opentofu
from review.recording import record_estate
from tests.estates import sandbox


def test_opentofu_plans_every_resource_of_openstack() -> None:
    used = {one.type for one in record_estate(sandbox()).values() if one.type.startswith("openstack:")}
    assert len(used) > 20
    assert used <= opentofu.kinds().keys()
