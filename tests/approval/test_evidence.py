"""Audit records and the pack for an auditor."""

import json
import subprocess
from pathlib import Path
from shutil import which

import jsonschema
import pytest
from typer.testing import CliRunner

from cli import app
from operations import audit, evidence
from operations.applying import stack_run
from operations.audit import Approval, Landings, Outcome, Record, Recorder
from operations.errors import OperationError
from review.digest import canonical
from sandbox.parts import debian
from tests.estates import ROOT


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where records are kept."""
    monkeypatch.setenv(audit.FOLDER, str(tmp_path / "audit"))
    return tmp_path / "audit"


def begun(identity: str = "20261123T030000Z-up-c0ffee", environment: str = "dev") -> Record:
    return Record(
        schema_version=audit.SCHEMA_VERSION,
        id=identity,
        command="up",
        arguments=("--yes",),
        environment=environment,
        cloud="dev-cloud",
        who=audit.who(),
        started=audit.now(),
        ended=None,
        commit=None,
        outcome=Outcome.UNFINISHED,
        reasons=(),
        documents="0" * 64,
        preview=None,
        approval=Approval(required=True, approved=None, file=None),
        findings=(),
        stacks=(),
        landings=Landings(before=None, after=None),
        problems=(),
    )


def test_the_committed_schema_is_current_and_a_record_fits_it() -> None:
    committed = json.loads((ROOT / "docs" / "schema" / "audit.schema.json").read_text())
    assert committed == audit.schema(), "run: make language"
    jsonschema.validate(json.loads(audit.document(begun())), committed)


def test_a_record_is_there_before_its_run_begins_and_tells_each_step(kept: Path) -> None:
    recorder = Recorder(begun())
    file = kept / "dev" / "20261123T030000Z-up-c0ffee.json"
    assert recorder.path == file
    assert json.loads(file.read_bytes())["outcome"] == "unfinished"
    recorder.note(outcome=Outcome.INTERRUPTED, reasons=("it was interrupted",))
    assert json.loads(file.read_bytes())["reasons"] == ["it was interrupted"]


def test_nothing_begins_without_a_record(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(audit.FOLDER, str(tmp_path / "file"))
    with pytest.raises(OperationError, match=f"nothing is begun.*{audit.FOLDER}"):
        Recorder(begun())


def test_canonical_form() -> None:
    """The rules of RFC 8785 for what records are made of: its own example of texts, order, no spaces."""
    text = '\u20ac$\u000f\nA\'B"\\\\"/'
    expected = '{"literals":[null,true,false],"numbers":[333,-4],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    assert canonical({"string": text, "numbers": [333, -4], "literals": [None, True, False]}) == (
        expected.encode()
    )


def test_the_job_of_a_code_host_is_in_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "GITHUB_RUN_ID": "17",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "bank/estate",
        "GITHUB_ACTOR": "ada",
    }.items():
        monkeypatch.setenv(name, value)
    assert audit.who().job == "https://github.com/bank/estate/actions/runs/17"
    assert audit.who().actor == "ada"


def test_what_a_killed_engine_had_begun_is_in_the_record(tmp_path: Path) -> None:
    log = tmp_path / "events.json"
    recorded = ROOT / "tests" / "review" / "recorded" / "changes.jsonl"
    log.write_text(recorded.read_text() + '{"sequence": 9999, "resOutpu')
    run = stack_run("sandbox", log, Outcome.INTERRUPTED)
    assert ("create", "web-3", "begun") in {(one.operation, one.name, one.outcome) for one in run.resources}
    assert run.errors == ("events of the engine that could not be read: 1",)


def _ssh_keygen() -> Path:
    """The system's, else Debian's in the cache."""
    if found := which("ssh-keygen"):
        return Path(found)
    package = "openssh-client"
    return debian.unpacked([(package,)], (package,), {}) / "root" / "usr" / "bin" / "ssh-keygen"


def test_a_signature_is_checked_as_the_documentation_says(tmp_path: Path) -> None:
    """By OpenSSH's own tool, with the commands of docs/evidence.md."""
    recorder = Recorder(begun())
    key, signers = tmp_path / "key", tmp_path / "signers"
    ssh_keygen = _ssh_keygen()
    subprocess.run([ssh_keygen, "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    signers.write_text(f"release@bank {key.with_suffix('.pub').read_text()}")
    subprocess.run(
        [ssh_keygen, "-Y", "sign", "-q", "-n", "estate-audit", "-f", key, recorder.path], check=True
    )
    verify: list[str | Path] = [
        ssh_keygen,
        "-Y",
        "verify",
        "-q",
        "-n",
        "estate-audit",
        "-I",
        "release@bank",
        "-f",
        signers,
    ]
    signed: list[str | Path] = [*verify, "-s", f"{recorder.path}.sig"]
    assert subprocess.run(signed, input=recorder.path.read_bytes(), check=False).returncode == 0
    changed = recorder.path.read_bytes().replace(b"unfinished", b"applied")
    assert subprocess.run(signed, input=changed, capture_output=True, check=False).returncode != 0


def pack(where: Path, *more: str) -> tuple[int, str]:
    """Exit code and output of ``estate evidence`` of ``dev`` without a cloud."""
    done = CliRunner().invoke(app, ["evidence", "dev", "--no-landing", "--output", str(where), *more])
    return done.exit_code, done.output


def test_a_pack_can_be_checked_again(tmp_path: Path, kept: Path) -> None:
    recorder = Recorder(begun())
    recorder.note(outcome=Outcome.APPLIED)
    recorder.path.with_suffix(".json.sig").write_text("signature")
    code, said = pack(tmp_path / "pack")
    assert (code, said) == (0, f"{tmp_path}/pack: 7 files, 2 of them from audit records.\n")
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    assert subprocess.run(check, cwd=tmp_path / "pack", capture_output=True, check=False).returncode == 0
    packed = tmp_path / "pack" / "audit" / recorder.path.name
    assert packed.read_bytes() == recorder.path.read_bytes()
    packed.write_bytes(packed.read_bytes().replace(b"applied", b"refused"))
    done = subprocess.run(check, cwd=tmp_path / "pack", capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"audit/{recorder.path.name}: FAILED" in done.stdout


def test_an_archive_is_the_same_bytes_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    Recorder(begun()).note(outcome=Outcome.APPLIED)
    assert pack(tmp_path / "one.tar")[0] == 0
    assert pack(tmp_path / "two.tar")[0] == 0
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    subprocess.run(["tar", "xf", "one.tar"], cwd=tmp_path, check=True)
    about = json.loads((tmp_path / "evidence-dev" / "about.json").read_text())
    assert about["made"] == "2026-09-21T14:13:20Z"


def test_what_needs_an_answer_is_said(tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESTATE_TODAY", "2027-06-30")
    Recorder(begun())
    (kept / "dev" / "20261124T030000Z-up-000000.json").write_text("torn")
    code, said = pack(tmp_path / "pack", "--format", "json")
    assert code == 1
    remarks = json.loads(said)["remarks"]
    assert any("expected a review by" in one for one in remarks)
    assert "audit/20261123T030000Z-up-c0ffee.json: the run is under way, or was killed" in remarks
    assert (
        "audit/20261124T030000Z-up-000000.json: expected the record of a run, found something else" in remarks
    )


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    code, said = pack(tmp_path / "pack")
    assert code == 2
    assert "is there already; name another" in said


def test_a_time_that_is_none_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(OperationError, match="expected SOURCE_DATE_EPOCH to be seconds"):
        evidence.made()
