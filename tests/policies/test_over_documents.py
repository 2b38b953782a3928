"""The rules over documents: place, words, and that the page of rules is current."""

import runpy
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app as cli
from cli.policies import app
from policies.over_documents import findings
from policies.rule import Violation
from policies.rules import RULES
from policies.table import markdown
from tests.estates import ROOT, changed, sandbox

SANDBOX = str(ROOT / "stacks" / "sandbox")


def test_the_sandbox_breaks_no_rule() -> None:
    assert findings(sandbox()) == []


@pytest.mark.parametrize(
    ("place", "value", "rule", "says"),
    [
        (
            "workloads/ledger-db/image",
            "linux-kvm",
            "esxi-restricted-on-esxi",
            'image "linux-kvm" runs on KVM only, but the workload must stay on ESXi '
            "(restriction: vendor-support). Use an ESXi image: appliance-esxi, linux-esxi.",
        ),
        (
            "workloads/ledger-db/flavor",
            "kvm-small",
            "esxi-restricted-on-esxi",
            'flavor "kvm-small" is for KVM (trait:CUSTOM_HV_KVM), but the workload must stay on ESXi '
            "(restriction: vendor-support). Use an ESXi flavor: esxi-medium, esxi-small.",
        ),
        (
            "workloads/ledger-db/availability_zone",
            "az-kvm",
            "esxi-restricted-on-esxi",
            'availability zone "az-kvm" is KVM, but the workload must stay on ESXi '
            "(restriction: vendor-support). Use an ESXi zone: az-esxi.",
        ),
        (
            "aggregates/vendor/metadata",
            {"trait:CUSTOM_HV_KVM": "required"},
            "esxi-aggregate-isolated",
            "the ESXi aggregate carries trait:CUSTOM_HV_KVM, the trait of KVM: no server could enter it. "
            "Remove it from the metadata.",
        ),
        (
            "aggregates/general/metadata",
            {"trait:CUSTOM_HV_VMWARE": "required"},
            "kvm-aggregate-isolated",
            "the KVM aggregate carries trait:CUSTOM_HV_VMWARE, the trait of ESXi: no server could enter it. "
            "Remove it from the metadata.",
        ),
        (
            "clusters/esx-a/compute_host",
            "kvm01.sandbox.example",
            "host-on-one-side",
            'host "kvm01.sandbox.example" is also a member of the ESXi aggregate "vendor". '
            "Remove it from one of the two: a host has one hypervisor.",
        ),
    ],
)
def test_a_break_is_found_where_it_is(place: str, value: object, rule: str, says: str) -> None:
    (found,) = findings(changed((place, value)))
    assert (found.rule, found.message) == (rule, says)
    if rule != "host-on-one-side":
        assert found.loc == tuple(place.split("/"))
    else:
        assert found.loc == ("aggregates", "general", "hosts")


def test_a_workload_that_may_run_anywhere_is_free() -> None:
    estate = changed(("workloads/ledger-db/restriction", None), ("workloads/ledger-db/image", "linux-kvm"))
    assert findings(estate) == []


def test_names_that_do_not_resolve_are_left_to_others() -> None:
    estate = changed(
        ("workloads/ledger-db/image", "nowhere"),
        ("workloads/ledger-app/flavor", "nowhere"),
        ("aggregates/vendor/clusters", ["esx-a", "nowhere"]),
    )
    assert findings(estate) == []


def test_documents_are_judged_without_pulumi() -> None:
    code = "import sys, policies.over_documents; print([m for m in sys.modules if m.startswith('pulumi')])"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


def test_the_page_of_rules_is_current() -> None:
    page = (Path(ROOT) / "docs" / "policies.md").read_text()
    assert page == markdown(), "run: estate policies --format markdown > docs/policies.md"


def test_the_command_lists_every_rule() -> None:
    for form in ("text", "json", "markdown"):
        result = CliRunner().invoke(app, ["--format", form])
        assert result.exit_code == 0
        assert all(rule.name in result.stdout for rule in RULES)


def _crash(_: object) -> Iterator[Violation]:
    raise KeyError("network")


@pytest.mark.parametrize("crashing", ["ports-filtered", "contradictions"])
def test_a_rule_that_crashes_is_an_error_that_names_it(
    crashing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through both doors: ``estate check``, and the program before its first resource."""
    if crashing == "contradictions":
        monkeypatch.setattr("estate.placement.contradictions.check", _crash)
    else:
        rules = tuple(replace(one, judge=_crash) if one.name == crashing else one for one in RULES)
        monkeypatch.setattr("policies.over_documents.RULES", rules)
    says = f"the rule {crashing} could not judge these documents, so nothing is let through: KeyError: "
    result = CliRunner().invoke(cli, ["check", SANDBOX])
    assert result.exit_code == 2
    assert says in result.output
    assert "sandbox: 1 error, 0 warnings." in result.output
    monkeypatch.setattr("pulumi.Config.get", lambda *_: SANDBOX)
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.error", said.append)  # where it goes depends on the engine behind it
    with pytest.raises(SystemExit):
        runpy.run_path(str(ROOT / "__main__.py"), run_name="program")
    (refused,) = said
    assert "the environment sandbox cannot be applied" in refused
    assert says in refused
