"""Only what a change can reach is recorded; what is said of resources is the same as if all of it were."""

from pathlib import Path
from shutil import copytree

import pytest

from review.resources import Wanted, compared, recorded, wanted
from review.side import side
from tests.review.repository import ROOT

CHANGES = {
    "a flavor": ("catalogue.yaml", "memory: 8 GiB", "memory: 9 GiB"),
    "limits of volumes": ("storage.yaml", "total_iops_sec: 2000", "total_iops_sec: 3000"),
    "a subnet": ("network.yaml", "cidr: 10.20.0.0/24", "cidr: 10.20.0.0/23"),
    "a rule": ("network.yaml", 'ports: "443"', 'ports: "444"'),
    "a server group's policy": ("workloads.yaml", "policy: soft-anti-affinity", "policy: anti-affinity"),
    "a zone": ("compute.yaml", "availability_zone: az-kvm", "availability_zone: az-other"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_left_out_would_not_change(tmp_path: Path, what: str) -> None:
    file, old, new = CHANGES[what]
    for name in ("before", "after"):
        copytree(ROOT / "stacks" / "sandbox", tmp_path / name / "sandbox")
    changed = tmp_path / "after" / "sandbox" / file
    text = changed.read_text()
    assert old in text
    changed.write_text(text.replace(old, new, 1))
    before, after = (side(tmp_path / name / "sandbox", tmp_path / name) for name in ("before", "after"))
    assert before.estate is not None
    assert after.estate is not None, after.found
    needed = wanted(before, after)
    assert isinstance(needed, Wanted)
    few = compared("sandbox", needed, recorded(needed.old, needed.new))
    every = compared("sandbox", needed, recorded(before.estate, after.estate))
    assert set(few.changes) == set(every.changes)
    assert every.changes
