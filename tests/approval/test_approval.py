"""What was approved, and what is otherwise than approved: without an engine."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from operations import approval
from operations.approval import Digests, Proposal, differences, read
from operations.errors import OperationError
from review.value import Operation
from tests.approval.made import contents, preview, proposed, step
from tests.estates import ROOT

APPROVED = proposed()


def written(tmp_path: Path, one: Proposal) -> Path:
    file = tmp_path / "approved.json"
    file.write_text(approval.text(one))
    return file


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read(str(written(tmp_path, APPROVED))) == APPROVED


def test_digests_alone_are_read() -> None:
    assert read(str(APPROVED.digests)) == APPROVED.digests


def test_the_committed_schema_is_current_and_a_proposal_fits_it() -> None:
    committed = json.loads((ROOT / "docs" / "schema" / "approval.schema.json").read_text())
    assert committed == approval.schema(), "run: make language"
    jsonschema.validate(json.loads(approval.text(APPROVED)), committed)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no file that `estate preview --proposal` wrote"),
        ("[]", "is no file that `estate preview --proposal` wrote"),
        (approval.text(replace(APPROVED, schema_version=2)), "expected schemaVersion 1, found 2"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "approved.json"
    file.write_text(content)
    with pytest.raises(OperationError, match=said):
        read(str(file))


@pytest.mark.parametrize("said", ["/nowhere/approved.json", "c0ffee", "a" * 64])
def test_what_is_neither_file_nor_digests_is_refused(said: str) -> None:
    with pytest.raises(OperationError, match="expected a file that was approved, or both digests"):
        read(said)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"esxi-large"', '"esxi-small"'),
        ('"networks/app": "n"', '"networks/app": "m"'),
        ('"environment": "prod"', '"environment": "dev"'),
        ('"engine": "3.259.0"', '"engine": "3.260.0"'),
        (APPROVED.digests.preview, "0" * 64),
    ],
)
def test_a_file_that_was_changed_is_refused(tmp_path: Path, old: str, new: str) -> None:
    file = written(tmp_path, APPROVED)
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    with pytest.raises(OperationError, match="was changed after it was written"):
        read(str(file))


def test_the_same_later_is_as_approved() -> None:
    later = replace(proposed(made="2026-12-01T00:00:00Z"), by="bob", commit=None)
    assert differences(APPROVED, later) == ()
    assert differences(APPROVED.digests, later) == ()


def said(now: Proposal, approved: Proposal = APPROVED) -> list[str]:
    """In words, by the file; and each digest that differs is named by the digests alone."""
    bare = differences(approved.digests, now)
    assert any("digest of the documents" in one for one in bare) == (
        approved.digests.documents != now.digests.documents
    )
    assert any("digest of the preview" in one for one in bare) == (
        approved.digests.preview != now.digests.preview
    )
    return list(differences(approved, now))


def test_documents_are_named() -> None:
    now = contents(blocks={"workloads/ledger-db": "v", "networks/app": None, "images/linux": "i"})
    assert said(proposed(of=now)) == [
        'image "linux": it was not there when this was approved',
        'network "app": it was approved, and is gone',
        'workload "ledger-db": not as it was approved',
    ]


def test_user_data_is_named_by_its_server() -> None:
    now = contents(user_data={"ledger-db": "v"})
    assert said(proposed(of=now)) == ['user data of server "ledger-db": not as it was approved']


def test_a_policy_is_named() -> None:
    now = contents(policies={"policies/rules/cluster_ha.py": "d", "policies/stack.py": "t"})
    assert said(proposed(of=now)) == [
        "policy cluster-ha (policies/rules/cluster_ha.py): not as it was approved",
        "policy pack (policies/stack.py): not as it was approved",
    ]


def test_an_exemption_is_named() -> None:
    now = contents(exemptions={"scratch": None})
    assert said(proposed(of=now)) == ['exemption "scratch": it was approved, and is gone']


def test_tools_are_named() -> None:
    now = contents(tools={"pulumi-openstack": "5.6.0"})
    assert said(proposed(of=now)) == ["tool pulumi-openstack: 5.4.1 was approved, 5.6.0 is here"]
    assert said(proposed(engine="3.260.0")) == [
        'tool pulumi (engine): "3.259.0" was approved, this is "3.260.0"'
    ]


def test_another_environment_and_another_cloud_are_named() -> None:
    assert said(proposed(environment="staging"))[0] == 'environment: "prod" was approved, this is "staging"'
    assert said(proposed(cloud="sandbox")) == ['cloud: "prod-cloud" was approved, this is "sandbox"']


SERVER = 'stack prod: server "ledger-db"'


def test_resource_changes_are_named() -> None:
    approved = proposed(preview(step(flavorId="esxi-large"), step("web-1", Operation.DELETE)))

    def due(*steps: object) -> list[str]:
        return said(proposed(preview(*steps)), approved)  # type: ignore[arg-type]

    web = step("web-1", Operation.DELETE)
    large = step(flavorId="esxi-large")
    assert due(large) == ['stack prod: server "web-1": delete was approved, nothing is due']
    assert due(large, web, step("web-2", Operation.CREATE, flavorId="f")) == [
        'stack prod: server "web-2": nothing was approved, due is create'
    ]
    assert due(step(operation=Operation.REPLACE, imageId="i"), web) == [
        f"{SERVER}: update (flavorId) was approved, due is replace (imageId)"
    ]
    assert due(step(flavorId="esxi-small"), web) == [
        f'{SERVER}: flavorId: - → "esxi-large" was approved, due is flavorId: - → "esxi-small"'
    ]
    assert due(replace(large, protected=True), web) == [
        f"{SERVER}: update (flavorId) was approved with other protection or other causes"
    ]


def test_stacks_of_parts_are_named() -> None:
    platform, team = preview(step(flavorId="f")), preview(stack="prod.payments")
    both = proposed(platform, team)
    assert said(proposed(platform), both) == ["stack prod.payments: it was approved, and is not in this run"]
    assert said(both, proposed(platform)) == [
        "stack prod.payments: it was not previewed when this was approved"
    ]


def test_bare_digests_name_the_digest() -> None:
    now = proposed(of=contents(tools={"pulumi": "3.260.0"}))
    (sentence,) = differences(APPROVED.digests, now)
    assert now.digests.documents in sentence
    assert differences(Digests(documents="0" * 64, preview="0" * 64), now)[1].startswith(
        f"the digest of the preview is {now.digests.preview}"
    )
