"""Previews as the engine really told them (``recorded``, by ``record_events.py``), and reviews with them."""

import json
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from pulumi.automation import EngineEvent
from typer.testing import CliRunner

from cli import app
from review import comment, document, junit, page, sarif, text
from review.engine_events import Events
from review.reviewing import exit_code
from review.things import thing
from review.together import together
from review.value import Drift, DriftKind, Operation, Preview, Review, Step, Verdict
from tests.review.repository import ROOT, Repository

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


def test_what_a_plugin_never_reads_is_seen_and_said_to_stay(repository: Repository) -> None:
    """A key that somebody gave a server in Nova: the engine has nothing to do."""
    review = repository.review(engine=((heard("metadata"),), ()))
    (drift,) = review.drifts
    assert (drift.kind, drift.subject, drift.engine) == (DriftKind.LEFT, 'server "web-1"', None)
    assert [(one.path, one.old, one.new) for one in drift.properties] == [
        ("allMetadata.by_hand", None, "yes")
    ]
    assert str(drift.place) == "stacks/sandbox/workloads.yaml:6"
    assert (review.verdict, exit_code(review)) == (Verdict.ATTENTION, 1)


def test_what_is_gone_is_said_with_what_follows_from_it(repository: Repository) -> None:
    """A port and a default volume type were removed by hand; the documents are as they were."""
    review = repository.review(engine=((heard("gone"),), ()))
    assert {subject: (one.kind, one.engine) for subject, one in drifts(review).items()} == {
        'port "batch/backup"': (DriftKind.UNEXPECTED, Operation.CREATE),
        'server "batch"': (DriftKind.UNEXPECTED, Operation.REPLACE),
        'step "payments-default-volume-type"': (DriftKind.UNEXPECTED, Operation.UPDATE),
    }
    assert {subject: one.message for subject, one in drifts(review).items()} == {
        'port "batch/backup"': "somebody removed it past the engine",
        'server "batch"': 'it needs port "batch/backup", which will be created',
        'step "payments-default-volume-type"': "the cloud is no longer as it was settled",
    }
    assert review.environments[0].reasons == ("drift: the engine and the documents differ on 3 resources",)


def test_documents_that_say_more_less_or_something_else_than_the_engine(repository: Repository) -> None:
    repository.edit(
        WORKLOADS,
        ("web-2: {image: linux-kvm, flavor: kvm-small", "web-2: {image: linux-kvm, flavor: kvm-medium"),
        ("queue: {image: linux-kvm, flavor: kvm-small", "queue: {image: linux-kvm, flavor: kvm-medium"),
        ("owner: operations", "owner: others"),
    )
    found = drifts(repository.review(engine=((heard("changes"),), ())))
    assert found['server "web-2"'].kind is DriftKind.MISSING
    assert found['server "web-1"'].kind is DriftKind.UNEXPECTED
    assert found['server "web-1"'].message == "what is applied is not what the base says"
    queue = found['server "queue"']
    assert (queue.kind, queue.documents, queue.engine) == (
        DriftKind.DIFFERENT,
        Operation.UPDATE,
        Operation.REPLACE,
    )
    assert [one.path for one in queue.properties] == ["availabilityZone", "imageId"]
    assert 'server "batch"' not in found


def test_of_an_empty_stack_and_of_a_new_environment_nothing_is_compared(repository: Repository) -> None:
    empty = replace(heard("violation"), policies=())
    assert not empty.applied
    review = repository.review(engine=((empty,), ()))
    assert (review.drifts, review.environments[0].reasons) == ((), ("nothing is applied yet of sandbox",))
    repository.git("mv", "stacks/sandbox", "stacks/other")
    repository.commit("another name")
    review = repository.review("other", base="HEAD~1", engine=((heard("changes"),), ()))
    assert (review.drifts, review.problems) == ((), ())


def test_a_preview_that_fails_half_way_is_told_as_far_as_it_came(repository: Repository) -> None:
    preview = heard("violation", failure="error: preview failed")
    assert preview.failure == "the policy pack refuses it: 1 mandatory violation"
    review = repository.review(engine=((preview,), ()))
    assert (review.verdict, exit_code(review), review.drifts) == (Verdict.INCOMPLETE, 2, ())
    said = "sandbox: the preview did not come to its end: the policy pack refuses it: 1 mandatory violation."
    assert [one.message for one in review.problems] == [said]
    violation = 'server "wrong-image"'
    run = sarif.log(review)["runs"][0]
    assert not run["invocations"][0]["executionSuccessful"]
    assert [one["ruleId"] for one in run["results"]] == ["esxi-restricted-on-esxi"]
    assert violation in run["results"][0]["message"]["text"]
    for written in (text.text(review), comment.comment(review), page.text(review), junit.text(review)):
        plain = written.replace("&#34;", '"').replace("&quot;", '"')
        assert "did not come to its end" in plain or "Not to its end" in plain or "not to its end" in plain
        assert violation in plain or '<span class="kind">server</span> wrong-image' in plain
        assert "runs on KVM only" in plain


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"OS_CLOUD": "nowhere", "ESTATE_TOOLCHAIN": "path"}, "the engine could not be asked: "),
        ({}, "has neither a running sandbox"),
    ],
    ids=["no engine", "no cloud"],
)
def test_without_an_engine_or_a_cloud_the_review_says_what_documents_say(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    repository.edit(WORKLOADS, *CHANGES)
    monkeypatch.chdir(repository.top)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(app, ["review", "--base", "HEAD", "--env", "sandbox", "--preview"])
    assert done.exit_code == 2, done.output
    assert done.stdout.startswith("INCOMPLETE: ")
    assert said in done.stdout
    assert 'workload "queue": image: linux-kvm → linux-esxi' in done.stdout


def test_documents_with_errors_are_not_shown_to_the_engine(repository: Repository) -> None:
    repository.edit(WORKLOADS, ("flavor: kvm-small", "flavor: no-such"))
    review = repository.review(engine=((heard("changes"),), ()))
    assert review.previews == ()
    assert "the engine was not asked, because the documents have errors." in [
        one.message for one in review.problems
    ]


def test_the_engine_works_on_the_working_tree_only(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.top)
    arguments = ["review", "--base", "HEAD", "--head", "HEAD", "--env", "sandbox", "--preview"]
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "check --head out" in done.stderr


def test_no_secret_in_any_format(repository: Repository) -> None:
    """Known ones wherever they stand, others by the key or the words that they stand with."""
    metadata = heard(
        "metadata", ('"by_hand": "yes"', '"db_password": "planted-1", "note": "token=planted-2"')
    )
    violation = heard(
        "violation",
        ("can land only", "planted-known can land only"),
        ("licence", "at https://reader:planted-3@wiki.example"),
        ('"name": "wrong-image"', '"name": "x planted-known", "userData": "password: planted-4\\nrun"'),
        failure="error: planted-known",
        secrets=["planted-known"],
    )
    review = repository.review(engine=((metadata, violation), ()))
    shown = [
        writer(review)
        for writer in (text.text, comment.comment, page.text, document.text, sarif.text, junit.text)
    ]
    for written in shown:
        assert "planted" not in written
        assert "(hidden)" in written or "&#40;hidden" in written
    assert "allMetadata.db_password" in shown[3]


def test_it_fits_the_committed_schema(repository: Repository) -> None:
    review = repository.review(engine=((heard("gone"), heard("violation", failure="")), ()))
    committed = json.loads((ROOT / "docs" / "schema" / "review.schema.json").read_text())
    jsonschema.validate(document.document(review), committed)


def test_every_resource_of_ours_has_a_word_of_the_domain() -> None:
    known = json.loads((ROOT / "review" / "replacing.json").read_text())
    for token in known:
        assert thing(token, "x").removesuffix(' "x"') != token.rpartition(":")[2]
    assert thing("pulumi-python:dynamic/estate:HostRoutes", "x") == 'step "x"'


def test_previews_of_single_environments_come_into_one_review(tmp_path: Path) -> None:
    repository = Repository.of(tmp_path, "base", "dev", "sandbox")
    repository.edit("sandbox/workloads.yaml", ("web-1: {image: linux-kvm, flavor: kvm-small", SMALL))
    offline = repository.review("dev", "sandbox")
    asked = repository.review("sandbox", engine=((heard("gone"),), ()))
    whole = together(document.read(document.text(offline)), [document.read(document.text(asked))])
    assert [one.name for one in whole.environments] == ["dev", "sandbox"]
    assert whole.environments[1].reasons == asked.environments[0].reasons
    assert (whole.previews, whole.drifts) == (asked.previews, asked.drifts)
    assert whole.changes == offline.changes
    assert "sandbox: " in whole.summary
    # It was asked before the last push.
    repository.edit("sandbox/workloads.yaml", (SMALL, "web-1: {image: linux-kvm, flavor: kvm-small"))
    later = together(repository.review("dev", "sandbox"), [asked])
    assert (later.verdict, later.previews) == (Verdict.INCOMPLETE, ())
    assert "other documents" in later.problems[0].message


SMALL = "web-1: {image: linux-kvm, flavor: kvm-medium"
