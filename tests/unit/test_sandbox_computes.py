"""When a nova-compute gets another identity: for another cluster than it spoke for. Run in rebuilt, act 3."""

from pathlib import Path

import pytest

from sandbox.computes import _Job, _served, _speaks_for_another
from sandbox.process import Program
from sandbox.vcenters import Connection


@pytest.fixture
def job(tmp_path: Path) -> _Job:
    """It has never run."""
    return _Job(
        cluster="esx-a",
        vcenter="vc1",
        compute_host="nova-esx-a",
        connection=Connection("127.0.0.1", 1, "u", "p", "ca.pem"),
        program=Program("nova-compute-nova-esx-a", ("nova-compute",)),
        identity=tmp_path / "compute_id",
    )


def test_one_that_has_never_run_keeps_an_identity_that_it_was_given(job: _Job) -> None:
    job.identity.write_text("given")
    assert not _speaks_for_another(job, "domain-c1")


def test_the_same_cluster_needs_no_other_identity(job: _Job) -> None:
    job.identity.write_text("its own")
    _served(job).write_text("domain-c1")
    assert not _speaks_for_another(job, "domain-c1")


def test_a_cluster_made_anew_does(job: _Job) -> None:
    job.identity.write_text("its own")
    _served(job).write_text("domain-c1")
    assert _speaks_for_another(job, "domain-c2")


def test_one_that_could_not_start_yet_is_still_to_get_one(job: _Job) -> None:
    """Nova refuses a new identity while the old service is there: the records are archived again then."""
    _served(job).write_text("domain-c2")
    assert _speaks_for_another(job, "domain-c2")
