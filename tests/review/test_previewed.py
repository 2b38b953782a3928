"""Previews as the engine really told them (``recorded``, by ``record_events.py``), and reviews with them."""

import json
from collections.abc import Collection
from pathlib import Path

import pytest
from pulumi.automation import EngineEvent

from review.engine_events import Events
from review.reviewing import exit_code
from review.value import Drift, Operation, Preview, Review, Step, Verdict
from tests.review.repository import Repository

RECORDED = Path(__file__).with_name("recorded")
WORKLOADS = "sandbox/workloads.yaml"
CHANGES = (
    ("web-1: {image: linux-kvm, flavor: kvm-small", "web-1: {image: linux-kvm, flavor: kvm-medium"),
    (
        "  queue: {image: linux-kvm, flavor: kvm-small, networks: [data]}",
        "  queue: {image: linux-esxi, flavor: esxi-small, networks: [data]}\n"
        "  web-3: {image: linux-kvm, flavor: kvm-small, networks: [app]}",
    ),
    ("owner: operations", "owner: others"),
)
"""What ``changes.jsonl`` is a preview of."""


def heard(
    name: str, *changes: tuple[str, str], failure: str | None = None, secrets: Collection[str] = ()
) -> Preview:
    """The preview that a recording is, with other words in it."""
    text = (RECORDED / f"{name}.jsonl").read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    events = Events(root="/srv/estate", secrets=secrets)
    for line in text.splitlines():
        events.take(EngineEvent.from_json(json.loads(line)))
    return events.preview("sandbox", "sandbox", failure)


def steps(preview: Preview) -> dict[str, Step]:
    return {one.name: one for one in preview.steps}


def drifts(review: Review) -> dict[str, Drift]:
    return {one.subject: one for one in review.drifts}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.of(tmp_path)


def test_what_the_engine_will_do_has_names_for_ids_and_reasons() -> None:
    found = steps(heard("changes"))
    assert {name: one.operation for name, one in found.items()} == {
        "batch": Operation.UPDATE,
        "queue": Operation.REPLACE,
        "web-1": Operation.UPDATE,
        "web-3": Operation.CREATE,
        "web-3/app": Operation.CREATE,
    }
    queue = found["queue"]
    assert queue.because == ("availabilityZone", "imageId")
    assert {one.path: (one.old, one.new) for one in queue.properties} == {
        "availabilityZone": ("az-kvm", "az-esxi"),
        "flavorId": ("kvm-small", "esxi-small"),
        "imageId": ("linux-kvm", "linux-esxi"),
    }
    assert queue.component is not None
    assert queue.component.endswith("estate:index:Workload::queue")
    ports = {one.path: one.new for one in found["web-3"].properties}["networks"]
    assert ports == [{"port": "(known after apply)"}]


def test_the_order_of_events_their_times_and_what_plugins_fill_in_do_not_count() -> None:
    lines = (RECORDED / "changes.jsonl").read_text().splitlines()
    events = Events()
    for number, line in enumerate(reversed(lines)):
        event = json.loads(line) | {"sequence": number, "timestamp": 1}
        events.take(EngineEvent.from_json(event))
    assert events.preview("sandbox", "sandbox", None) == heard("changes")


def test_the_engine_does_what_the_documents_say(repository: Repository) -> None:
    repository.edit(WORKLOADS, *CHANGES)
    review = repository.review(engine=((heard("changes"),), ()))
    assert (review.drifts, review.problems) == ((), ())
    assert review.verdict is Verdict.ATTENTION
    assert exit_code(review) == 0
