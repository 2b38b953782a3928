"""``estate explain``, ``place``, ``prove`` and ``headroom``: what they print, and with which exit code."""

import json
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import app
from estate.placement.table import markdown
from tests.estates import ROOT

SANDBOX = str(ROOT / "stacks" / "sandbox")


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def as_json(*arguments: str, code: int = 0) -> Any:
    found, output = run(*arguments, "--format", "json")
    assert found == code, output
    return json.loads(output)


def test_place_says_where_and_why() -> None:
    landings = {one["workload"]: one for one in as_json("place", SANDBOX)["landings"]}
    assert landings["ledger-db"] == {
        "workload": "ledger-db",
        "restricted": True,
        "aggregate": "vendor",
        "zone": "az-esxi",
        "hosts": ["nova-esx-a", "nova-esx-b"],
        "decidedBy": "required traits",
        "why": "the provider has no trait CUSTOM_HV_VMWARE, required by flavor "
        '"esxi-medium" and image "linux-esxi"',
    }
    assert landings["web-1"]["aggregate"] == "general"
    assert len(landings["web-1"]["hosts"]) == 5
    code, text = run("place", SANDBOX)
    assert code == 0
    assert "Where every workload lands" in text


def test_explain_goes_host_by_host() -> None:
    found = as_json("explain", SANDBOX, "ledger-db")
    hosts = {one["host"]: one for one in found["hosts"]}
    assert hosts["nova-esx-a"] == {
        "host": "nova-esx-a",
        "aggregates": ["vendor"],
        "accepted": True,
        "rejectedBy": [],
    }
    rules = [one["rule"] for one in hosts["kvm01.sandbox.example"]["rejectedBy"]]
    assert rules == [
        "required traits",
        "map_az_to_placement_aggregate",
        "require_image_type_support",
        "isolate_aggregates",
    ]
    assert "Filter ImagePropertiesFilter returned 2 host(s)" in found["log"]
    assert found["groups"] == []


def test_explain_says_why_it_must_be_on_esxi() -> None:
    evidence = "Vendor support statement 2026-03, section 2 (vSphere only)"
    assert as_json("explain", SANDBOX, "ledger-db")["restriction"] == {
        "reason": "vendor-support",
        "evidence": evidence,
        "owner": "payments-platform",
        "review": "2027-06-30",
    }
    assert as_json("explain", SANDBOX, "web-1")["restriction"] is None
    _, text = run("explain", SANDBOX, "ledger-db")
    assert f"vendor-support: {evidence} (payments-platform, next review 2027-06-30)" in text


def test_explain_shows_every_group_of_members_that_differ() -> None:
    found = as_json("explain", str(Path(ROOT) / "stacks" / "prod"), "ledger-db")
    named = [one["workload"] for one in (found, *found["groups"])]
    assert named == ["ledger-db/ledger-db-01", "ledger-db/ledger-db-02", "ledger-db/ledger-db-04"]
    assert all(any(host["accepted"] for host in one["hosts"]) for one in (found, *found["groups"]))
    only = as_json("explain", str(Path(ROOT) / "stacks" / "prod"), "ledger-db-02")
    assert (only["workload"], only["groups"]) == ("ledger-db/ledger-db-02", [])


def test_explain_in_another_zone() -> None:
    code, text = run("explain", SANDBOX, "ledger-db", "--zone", "az-kvm")
    assert code == 1
    assert "Got no allocation candidates from the Placement API." in text
    code, text = run("explain", SANDBOX, "ledger-db", "--zone", "nowhere")
    assert code == 1
    assert "refused by availability_zone: The requested availability zone is not available (HTTP 400)" in text


def test_explain_knows_no_such_workload() -> None:
    code, text = run("explain", SANDBOX, "ledger-dc")
    assert code == 2
    assert 'there is no workload "ledger-dc". Did you mean ledger-db or' in text


def test_prove_holds() -> None:
    found = as_json("prove", SANDBOX)
    assert found["holds"] is True
    assert found["counterexamples"] == []
    assert found["assumptions"]
    assert found["notProven"] is None
    assert {row["claim"] for row in found["matrix"]} == {
        "esxi-by-grant",
        "restricted-stays",
        "untagged-nowhere",
        "lands",
    }
    code, text = run("prove", SANDBOX)
    assert code == 0
    assert "the guarantee holds" in text


def test_prove_says_what_is_open_before_a_point_release(tmp_path: Path) -> None:
    folder = tmp_path / "sandbox"
    copytree(SANDBOX, folder)
    settings = folder / "estate.yaml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace('"2026.2"', '"2025.2"'), encoding="utf-8"
    )
    open_ = as_json("prove", str(folder))["notProven"]
    assert "no claim of the proof holds with Nova before 32.2.1 in release 2025.2" in open_
    assert "CVE-2026-46448" in open_
    code, text = run("prove", str(folder))
    assert code == 0
    assert "Not proven: no claim of the proof holds with Nova before 32.2.1" in " ".join(text.split())


def test_prove_takes_away_each_setting() -> None:
    found = as_json("prove", SANDBOX, "--each-setting")
    settings = {one["name"]: one for one in found["settings"]}
    one = settings["nova policy os_compute_api:servers:rebuild"]
    assert one["needed"] is True
    assert [step["operation"] for step in one["counterexample"]["steps"]] == [
        "create",
        "unpin",
        "rebuild",
        "rebuild",
        "resize",
    ]
    assert one["counterexample"]["steps"][2]["image"] == {
        "name": "linux-kvm",
        "diskFormat": "qcow2",
        "properties": {"hypervisor_type": "qemu", "trait:CUSTOM_HV_KVM": "required"},
    }
    assert settings["nova.conf [DEFAULT] default_schedule_zone"]["needed"] is False


def test_a_proof_that_fails_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    """The documents cannot break it by themselves, so the rendered configuration is changed here."""
    from estate.placement import guarantee  # noqa: PLC0415
    from estate.placement.proof import situation  # noqa: PLC0415

    rights = guarantee.Rights(
        protected_properties=(),
        disk_formats=guarantee.DISK_FORMATS,
        volume_image_metadata=False,
    )
    monkeypatch.setattr(situation, "RIGHTS", rights)
    code, text = run("prove", SANDBOX)
    assert code == 1
    assert (
        "esxi-by-grant: members of any-other-project: create with flavor plain from an own image "
        "(vmdk trait:CUSTOM_HV_VMWARE=required) in zone az-esxi → nova-esx-a, nova-esx-b."
    ) in text
    found = as_json("prove", SANDBOX, code=1)
    assert found["holds"] is False
    first = found["counterexamples"][0]
    assert (first["project"], first["admin"]) == ("any-other-project", False)


def test_a_setting_is_asked_for_by_its_name_and_the_matrix_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "matrix.svg"
    found = as_json("prove", SANDBOX, "--setting", "isolated_aggregate", "--matrix", str(picture))
    assert [one["needed"] for one in found["settings"]] == [True]
    assert picture.read_text().startswith("<svg ")


def test_prove_says_what_it_cannot_use(tmp_path: Path) -> None:
    assert run("prove", SANDBOX, "--setting", "isolated_agregate") == (
        2,
        'Error: no setting has "isolated_agregate" in its name; --each-setting lists all.\n',
    )
    code, text = run("prove", SANDBOX, "--matrix", str(tmp_path))
    assert code == 2
    assert f"Error: {tmp_path} cannot be written: Is a directory" in text


def test_a_counterexample_is_reproduced_in_a_running_sandbox_only(tmp_path: Path) -> None:
    documents = copytree(SANDBOX, tmp_path / "elsewhere")
    code, text = run("prove", str(documents), "--reproduce", "--setting", "isolated_aggregate")
    assert code == 2
    assert "the sandbox of elsewhere does not run" in text


def test_headroom_as_json() -> None:
    found = as_json("headroom", SANDBOX)["headroom"]
    assert [(one["aggregate"], one["view"], one["fits"]) for one in found] == [
        ("general", "kvm", True),
        ("vendor", "nova", True),
        ("vendor", "hosts", True),
    ]
    code, text = run("headroom", SANDBOX)
    assert code == 0
    assert "general (its hosts but the largest, without kvm01.sandbox.example)" in text


def test_the_page_of_rules_is_current() -> None:
    assert (Path(ROOT) / "docs" / "placement.md").read_text() == markdown()


@pytest.mark.parametrize("command", ["place", "prove", "headroom"])
def test_an_environment_that_does_not_exist(command: str) -> None:
    code, _ = run(command, "no-such-environment")
    assert code == 2
