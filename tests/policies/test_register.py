"""Exemptions and the register: what is no good in them is said, on the day that it is."""

import csv
import io
import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from estate.documents import load
from estate.model import Estate
from estate.model.images import glance_name
from operations.stack import Stack
from policies.catalogue import config_of
from policies.clock import VARIABLE
from policies.over_documents import findings, judged
from policies.register import check
from policies.rules.image_and_flavor_known import NAME
from tests.estates import ROOT, changed
from toolchain.engine import Toolchain

DAY = date(2026, 11, 1)
EXEMPTION = {
    "rule": "ports-filtered",
    "subject": "networks/data",
    "owner": "platform",
    "reason": "A probe listens here",
    "ticket": "SEC-1",
    "expires": "2027-06-30",
}


def estate(*, opened: bool = True, **exemption: str) -> Estate:
    """The sandbox with a network that filters nothing, or does, and an exemption for it."""
    return changed(
        ("networks/data/port_security", not opened), ("exemptions/probe", {**EXEMPTION, **exemption})
    )


def test_an_exemption_covers_its_rule_and_its_subject() -> None:
    assert findings(estate(), DAY) == []
    (found,) = findings(changed(("networks/data/port_security", False)), DAY)
    assert (found.rule, found.loc) == ("ports-filtered", ("networks", "data", "port_security"))


@pytest.mark.parametrize(
    ("made", "rules", "says"),
    [
        (estate(opened=False), ["exemption-unused"], "can be removed"),
        (estate(expires="2026-10-31"), ["ports-filtered", "exemption-expired"], "no longer holds"),
        (estate(rule="port-filtered"), ["ports-filtered", "exemption-rule"], "Did you mean ports-filtered?"),
        (estate(rule="esxi-restricted-on-esxi"), ["ports-filtered", "exemption-rule"], "has no exemptions"),
        (
            estate(subject="networks/date"),
            ["ports-filtered", "exemption-subject"],
            'no block "networks/date". Did you mean data?',
        ),
        (estate(subject="nets/data"), ["ports-filtered", "exemption-subject"], 'no block "nets/data"'),
    ],
)
def test_an_exemption_that_is_no_good(made: Estate, rules: list[str], says: str) -> None:
    found = findings(made, DAY)
    assert [one.rule for one in found] == rules
    assert says in found[-1].message


def test_the_last_day_counts() -> None:
    assert findings(estate(expires="2026-11-01"), DAY) == []


def test_the_main_rule_stays_what_it_is() -> None:
    made = changed(
        ("workloads/ledger-db/image", "linux-kvm"),
        (
            "exemptions/no",
            {**EXEMPTION, "rule": "esxi-restricted-on-esxi", "subject": "workloads/ledger-db"},
        ),
    )
    assert [one.rule for one in findings(made, DAY)] == ["esxi-restricted-on-esxi", "exemption-rule"]


def test_the_budget_and_reviews() -> None:
    assert list(check(changed(("estate/restriction_budget", 4)), DAY)) == []
    (over,) = check(changed(("estate/restriction_budget", 3)), DAY)
    assert over.rule == "restriction-budget"
    assert "expected at most 3 servers restricted to ESXi, found 4" in over.message
    overdue = list(check(changed(), date(2027, 2, 1)))
    assert overdue
    assert {one.rule for one in overdue} == {"restriction-review"}


def test_a_review_that_is_overdue_is_found_by_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "2030-01-01")
    found = judged(load(ROOT / "stacks" / "sandbox"))
    assert {one.rule for one in found} == {"restriction-review"}
    assert all(one.position.line for one in found)


def run(*arguments: str, code: int, today: str = "2026-11-01") -> str:
    result = CliRunner().invoke(app, arguments, env={VARIABLE: today})
    assert result.exit_code == code, result.output
    return result.output


def test_the_register_in_all_forms() -> None:
    prod = str(ROOT / "stacks" / "prod")
    document = json.loads(run("register", prod, "--format", "json", code=0))
    rows = list(csv.DictReader(io.StringIO(run("register", prod, "--format", "csv", code=0))))
    assert document["restrictedServers"] == document["budget"] == len(rows) == 50
    assert [one["server"] for one in rows] == [
        server for one in document["restrictions"] for server in one["servers"]
    ]
    assert document["exemptions"][0]["subject"] == "networks/risk-scratch-b"
    text = run("register", prod, code=0)
    assert "50 servers restricted to ESXi, budget 50." in text
    assert "(overdue)" in run("register", prod, code=1, today="2027-02-01")


def test_a_budget_that_is_exceeded_stops_others_and_is_shown_by_the_register(tmp_path: Path) -> None:
    (tmp_path / "e.yaml").write_text(
        f"extends: {ROOT / 'stacks' / 'sandbox'}\nestate: {{restriction_budget: 3}}\n"
    )
    assert "found 4" in run("register", str(tmp_path), code=1)
    assert "restriction-budget" in run("check", str(tmp_path), code=2)


def test_an_exemption_that_has_expired_is_shown_by_the_register(tmp_path: Path) -> None:
    (tmp_path / "e.yaml").write_text(
        f"extends: {ROOT / 'stacks' / 'sandbox'}\nexemptions: {{old: {{rule: esxi-image-boots, subject: "
        "images/linux-esxi, owner: platform, reason: r, ticket: T-1, expires: 2026-10-31}}\n"
    )
    assert "until 2026-10-31 (expired)" in run("register", str(tmp_path), code=1)
    document = json.loads(run("register", str(tmp_path), "--format", "json", code=1))
    assert [one["expired"] for one in document["exemptions"]] == [True]
    assert "(expired)" not in run("register", str(tmp_path), code=0, today="2026-10-31")


def test_a_clock_that_is_none() -> None:
    assert "expected ESTATE_TODAY to be a day" in run(
        "check", str(ROOT / "stacks" / "sandbox"), code=2, today="x"
    )


def test_the_configuration_of_an_environment() -> None:
    config = json.loads(run("policies", "config", str(ROOT / "stacks" / "prod"), code=0))
    (catalogue,) = config.values()
    assert len(catalogue["restricted"]) == 50
    assert catalogue["exemptions"][0]["rule"] == "ports-filtered"
    assert {"kvm", "esxi"} == set(catalogue["volumeTypes"].values())
    assert Counter(catalogue["hosts"].values()) == {"kvm": 12, "esxi": 2}
    counted = run("policies", "config", str(ROOT / "stacks" / "prod"), "--format", "text", code=0)
    assert "restricted: 50\n" in counted


def test_an_exemption_covers_the_members_of_its_workload_and_the_versions_of_its_image() -> None:
    made = changed(
        ("workloads/swift-gateway/members", "swift-[1-2]"),
        ("exemptions/members", {**EXEMPTION, "subject": "workloads/swift-gateway"}),
        ("exemptions/whole", {**EXEMPTION, "subject": "images/linux-kvm"}),
    )
    subjects = [one["subject"] for one in config_of(made)["exemptions"]]
    assert subjects[:3] == ["workloads/swift-gateway", "workloads/swift-1", "workloads/swift-2"]
    versions = made.images["linux-kvm"].versions
    assert set(subjects[3:]) == {
        "images/linux-kvm",
        *(f"images/{glance_name('linux-kvm', one)}" for one in versions),
    }


@pytest.mark.parametrize(("name", "handed"), [("prod", True), ("sandbox", False)])
def test_exemptions_are_handed_to_the_pack(
    name: str, handed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESTATE_HOME", str(tmp_path))
    stack = Stack(
        name=name,
        documents=ROOT / "stacks" / name,
        cloud="sandbox",
        toolchain=Toolchain("build", tmp_path / "pulumi"),
        environment={},
        config_file=tmp_path / "config.yaml",
    )
    command = stack.command("preview")
    assert ("--policy-pack-config" in command) == handed
    if handed:
        config = json.loads(Path(command[-1]).read_text())
        assert [one["subject"] for one in config[NAME]["exemptions"]] == ["networks/risk-scratch-b"]
