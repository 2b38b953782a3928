"""A change that moves nothing and takes a guard away is never called clear."""

from pathlib import Path
from shutil import rmtree

import pytest

from operations.reviews import reviewed
from review.comment import comment
from review.reviewing import exit_code
from review.value import Review, Verdict
from tests.review.repository import Repository

WORKLOADS, ESTATE = "sandbox/workloads.yaml", "sandbox/estate.yaml"
EXEMPTION = """\
exemptions:
  scratch:
    {rule: ports-filtered, subject: networks/app, owner: it, reason: why, ticket: T-1, expires: %s}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.of(tmp_path)


def reasons(review: Review) -> str:
    (part,) = review.environments
    assert part.verdict is review.verdict is Verdict.ATTENTION
    assert exit_code(review) in (0, 1)
    return "; ".join(part.reasons)


def settings(repository: Repository, before: str, after: str) -> Review:
    """A review of other settings of the environment."""
    repository.edit(ESTATE, ("  destroy: allowed\n", f"  {before}\n"))
    repository.commit("before")
    repository.edit(ESTATE, (f"  {before}\n", f"  {after}\n"))
    return repository.review()


def test_a_restriction_that_is_lifted(repository: Repository) -> None:
    text = repository.file(WORKLOADS).read_text()
    start = text.index("    restriction:", text.index("  ledger-db:"))
    end = text.index("  ledger-app:")
    repository.file(WORKLOADS).write_text(text[:start] + text[end:])

    assert "no longer restricted to ESXi: ledger-db" in reasons(repository.review())


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "restriction_budget: 5",
            "restriction_budget: 500",
            "more servers may be restricted to ESXi: 5 → 500",
        ),
        (
            "restriction_budget: 5",
            "destroy: allowed",
            "more servers may be restricted to ESXi: 5 → no limit",
        ),
        ("destroy: forbidden", "destroy: allowed", "the environment may be torn down"),
        ("approval: required", "approval: optional", "approval is no longer required"),
    ],
)
def test_settings_that_guard(repository: Repository, before: str, after: str, said: str) -> None:
    assert said in reasons(settings(repository, before, after))


def test_an_exemption_that_is_new_and_one_that_lasts_longer(repository: Repository) -> None:
    file = repository.file("sandbox/exemptions.yaml")
    file.write_text(EXEMPTION % "2027-01-31")
    said = reasons(repository.review())
    assert "networks/app is exempt from ports-filtered until 2027-01-31" in said
    repository.commit("exempt")
    file.write_text(EXEMPTION % "2027-03-31")
    said = reasons(repository.review())
    assert "exempt from ports-filtered longer: 2027-01-31 → 2027-03-31" in said


def test_protection_that_is_taken_away(repository: Repository) -> None:
    repository.edit("sandbox/network.yaml", ("  web:\n", "  web:\n    protect: false\n"))
    assert "no longer protected: security_groups/web" in reasons(repository.review())


def test_an_environment_that_is_removed(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    rmtree(repository.file("sandbox"))
    monkeypatch.chdir(repository.top)
    said = reasons(reviewed(["sandbox"], "HEAD"))
    assert "no document describes its 12 servers (4 restricted to ESXi) any more" in said


def test_another_policy_pack_and_another_program(repository: Repository) -> None:
    """Documents are as before, and yet another thing judges them, and makes resources of them."""
    rule, component = repository.top / "policies" / "rules" / "a.py", repository.top / "components" / "b.py"
    for file in (rule, component, repository.top / "policies" / "PulumiPolicy.yaml"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("# one\n")
    repository.commit("with a program of its own")
    assert repository.review().verdict is Verdict.UNCHANGED
    rule.write_text("# other\n")
    component.write_text("# other\n")

    review = repository.review()

    said = reasons(review)
    assert "the policy pack is another one: policies/rules/a.py" in said
    assert "the program is another one: components/b.py" in said
    (part,) = review.environments
    assert part.digest is not None
    assert part.base_digest is not None
    assert part.digest.policies != part.base_digest.policies
    assert part.digest.tools != part.base_digest.tools
    assert part.digest.model == part.base_digest.model
    assert "the policy pack is another one" in comment(review)
