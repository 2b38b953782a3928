"""A change from an earlier revision: the documents of then, a sandbox for both, and what became of it."""

import subprocess
from pathlib import Path

import pytest

from estate.model import Estate
from operations.earlier import Change, change, documents_at
from operations.errors import OperationError
from sandbox.from_estate import shape
from sandbox.shape import Shape, both, configured
from tests.estates import changed, sandbox
from tests.renaming import renamed


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One environment that extends another folder, committed, then changed."""
    for name in ("base", "small"):
        (tmp_path / "stacks" / name).mkdir(parents=True)
        (tmp_path / "stacks" / name / "estate.yaml").write_text("then")
    for command in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "then"),
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    (tmp_path / "stacks" / "small" / "estate.yaml").write_text("now")
    return tmp_path


def test_documents_of_then_come_with_what_they_extend(repository: Path) -> None:
    with documents_at(repository / "stacks" / "small", "HEAD") as folder:
        assert (folder / "estate.yaml").read_text() == "then"
        assert (folder.parent / "base" / "estate.yaml").read_text() == "then"
    assert not folder.exists()


def test_a_revision_that_is_none_is_said(repository: Path) -> None:
    with (
        pytest.raises(OperationError, match='no revision "no-such"'),
        documents_at(repository / "stacks", "no-such"),
    ):
        pass


def test_a_folder_that_was_not_there_is_said(repository: Path) -> None:
    (repository / "stacks" / "new").mkdir()
    found = documents_at(repository / "stacks" / "new", "HEAD")
    with pytest.raises(OperationError, match="stacks/new does not exist at HEAD"), found:
        pass


def test_a_sandbox_for_both_has_the_hosts_of_both_and_the_sizes_of_now() -> None:
    hosts = "aggregates/general/host_classes/standard"
    now = shape(sandbox(), "trial")
    before = shape(changed((f"{hosts}/hosts", "old[01-02].example"), (f"{hosts}/vcpus", 8)), "trial")
    made = both(before, now)
    names = [one.name for one in made.kvm_hosts]
    assert {"old01.example", "old02.example"} < set(names)
    assert names[: len(now.kvm_hosts)] == [one.name for one in now.kvm_hosts]
    assert both(now, now) == now


def test_what_waits_for_clusters_is_configured_for_the_earlier_ones_first() -> None:
    """Else the first ``up`` would wait for a cluster that only the second makes."""
    now = shape(sandbox(), "trial")
    earlier = Estate.model_validate(renamed(sandbox()))
    first = both(shape(earlier, "trial"), now)

    def names(made: Shape) -> tuple[set[str], set[str]]:
        served = {cluster for one in made.backends for cluster in one.clusters}
        return {one.name for one in made.clusters}, served

    assert names(first) == ({"esx-a-renamed", "esx-b-renamed"},) * 2
    assert names(configured(first, now)) == ({"esx-a", "esx-b"},) * 2
    assert first.digest("backends") != configured(first, now).digest("backends")
    (vcenter,) = first.vcenters
    assert (vcenter.name, vcenter.logins) == ("vc1", ("vc1-renamed",))
    assert set(vcenter.awaited_switches) == {"dvs-data", "dvs-data-renamed"}


def test_what_has_another_id_was_replaced() -> None:
    found = change(
        {"Instance a": "1", "Instance b": "2", "Port c": "3", "Instance e": "5"},
        {"Instance a": "1", "Instance b": "9", "Port d": "4", "Instance f": "5"},
        {"a": "kvm1", "b": "kvm1", "e": "kvm1"},
        {"a": "kvm1", "b": "kvm2", "d": "kvm1", "f": "kvm3"},
    )
    assert found == Change(
        replaced=("Instance b",),
        added=("Port d",),
        removed=("Port c",),
        renamed={"Instance e": "Instance f"},
        moved={"b": ("kvm1", "kvm2"), "f": ("kvm1", "kvm3")},
    )
