"""Secrets: documents refer to them; neither what is planted as their value nor a literal is ever shown."""

# ruff: noqa: E501 - messages stand here as a person reads them
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from estate.documents import load
from estate.documents.writing import written
from estate.model.secrets import Secret, secrets
from tests.unit.marked import BASE, folder, unmarked

PLANTED = "Pl4nted-hunter2"
W = "image: rhel-kvm, flavor: small-kvm, networks: app"


def workload(user_data: str) -> str:
    return f"workloads: {{w: {{{W}, user_data: {user_data}}}}}"


def test_the_model_has_the_reference_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESTATE_SECRET_LEDGER_SEED", PLANTED)
    where = folder(tmp_path / "t", base=BASE, case=workload("{secret: !secret ledger-seed }"))
    estate = load(where).estate
    assert estate is not None
    assert list(secrets(estate)) == [
        (("workloads", "w", "user_data", "secret"), Secret("ledger-seed")),
    ]
    assert (Secret("ledger-seed").variable, str(Secret("ledger-seed"))) == (
        "ESTATE_SECRET_LEDGER_SEED",
        "!secret ledger-seed",
    )
    text = written(estate)
    assert "secret: !secret ledger-seed" in text
    assert load(folder(tmp_path / "again", all=text)).estate == estate
    for arguments in (
        ["check", where], ["check", where, "--format", "json"], ["show", where], ["show", where, "--format", "json"],
        ["show", where, "--format", "yaml"], ["show", where, "--origin"], ["show", where, "--origin", "--format", "json"],
        ["graph", where], ["render", where],
    ):  # fmt: skip
        done = CliRunner().invoke(app, [str(one) for one in arguments])
        assert done.exit_code == 0, done.output
        assert PLANTED not in done.output
    shown = json.loads(CliRunner().invoke(app, ["show", str(where), "--format", "json"]).stdout)
    assert shown["workloads"]["w"]["userData"]["secret"] == {"!secret": "ledger-seed"}
    rows = CliRunner().invoke(app, ["show", str(where), "--origin"]).stdout
    assert "workloads.w.user_data.secret: !secret ledger-seed" in rows


LITERAL = (
    'workload "w": user_data.secret: expected a reference to a secret (!secret NAME), got a literal; set it with '
    "`pulumi config set --secret estate:NAME` or the variable ESTATE_SECRET_NAME, and change the one that stood here."
)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (workload(f"{{secret: ¦{PLANTED}}}"), LITERAL),
        (workload(f"{{secret: ¦'{PLANTED}'}}"), LITERAL),
        (workload(f"{{secret: ¦[{PLANTED}]}}"), LITERAL),
        (workload("{secret: ¦12345678}"), LITERAL),
        (
            workload("{secret: ¦012345678}"),
            "document: a number that begins with 0 could be octal or decimal; write it without, or in quotes.",
        ),
        (
            workload(f"{{secret: ¦!secret {PLANTED}}}"),
            "document: expected the name of a secret in lower-case letters, digits and hyphens after !secret, such as ledger-db-password.",
        ),
        (
            workload(f"{{secret: ¦!secrte {PLANTED}}}"),
            "document: the tag !secrte is not part of the language; remove it (text that looks like a number is put in quotes). Did you mean !secret?",
        ),
    ],
)
def test_a_literal_is_an_error_that_does_not_repeat_it(tmp_path: Path, document: str, message: str) -> None:
    text, [(line, column)] = unmarked(document)
    where = folder(tmp_path / "t", base=BASE, case=text)
    assert [str(one) for one in load(where).problems] == [f"{where}/case.yaml:{line}:{column}: {message}"]
    for form in ("text", "json"):
        done = CliRunner().invoke(app, ["check", str(where), "--format", form])
        assert done.exit_code == 2
        assert not any(word in done.output for word in (PLANTED, "12345678"))


def test_in_a_table_and_in_python(tmp_path: Path) -> None:
    where = folder(tmp_path / "t", base=BASE, case="workloads: !table w.csv")
    table = "name,image,flavor,networks,user_data.secret\nw,rhel-kvm,small-kvm,app,{}\n"
    (where / "w.csv").write_text(table.format("!secret ledger-seed"))
    estate = load(where).estate
    assert estate is not None
    assert [secret.name for _, secret in secrets(estate)] == ["ledger-seed"]
    (where / "w.csv").write_text(table.format(PLANTED))
    (problem,) = load(where).problems
    assert str(problem) == f"{where}/w.csv:2:26: {LITERAL}"

    (where / "w.csv").write_text("name\n")
    (where / "estate.py").write_text(
        "from estate.model.secrets import Secret\n"
        "def estate():\n    return {'workloads': {'w': dict(image='rhel-kvm', flavor='small-kvm', networks='app',\n"
        "        user_data={'secret': Secret('ledger-seed')})}}\n"
    )
    estate = load(where).estate
    assert estate is not None
    assert [secret.name for _, secret in secrets(estate)] == ["ledger-seed"]


@pytest.mark.parametrize("name", ["", "A", "a_b", "9a", "a b", "é", "a" * 64])
def test_names_of_secrets(name: str) -> None:
    with pytest.raises(ValueError, match="expected the name of a secret"):
        Secret(name)
