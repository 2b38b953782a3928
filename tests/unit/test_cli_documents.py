"""``estate check`` and ``estate show`` as a person and as a program call them."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from cli import app
from tests.unit.marked import BASE, folder, unmarked

ROOT = Path(__file__).parents[2]
ESTATE = Path(sys.executable).parent / "estate"


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str | Path) -> Done:
    """The command line inside this process, in the root of the project."""
    with contextlib.chdir(ROOT):
        done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return Done(done.exit_code, done.stdout, done.stderr)


def process(*arguments: str, **environment: str) -> Done:
    """The installed command, as a shell starts it."""
    done = subprocess.run(
        [ESTATE, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def test_check_of_the_sandbox() -> None:
    done = process("check", "sandbox")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "sandbox: nothing wrong. 5 KVM hosts, 2 ESXi clusters, 12 workloads (4 restricted to ESXi).\n"
    )
    assert json.loads(run("check", "sandbox", "--format", "json").stdout) == {"findings": []}


def test_check_says_what_is_wrong(tmp_path: Path) -> None:
    text, [(line, column)] = unmarked("workloads:\n  w: {image: ¦rhel, flavor: small-kvm, networks: app}\n")
    where = folder(tmp_path / "t", base=BASE, case=text)
    message = 'there is no image "rhel". Did you mean rhel-kvm or rhel-esxi?'

    done = run("check", where)
    assert done.returncode == 2
    assert done.stdout == (
        f'{where}/case.yaml:{line}:{column}: workload "w": {message} [unknown-reference]\n'
        "t: 1 error, 0 warnings.\n"
    )
    assert done.stderr == ""

    done = run("check", where, "--format", "json")
    assert done.returncode == 2
    assert json.loads(done.stdout) == {
        "findings": [
            {
                "rule": "unknown-reference",
                "severity": "error",
                "message": message,
                "file": f"{where}/case.yaml",
                "line": line,
                "column": column,
                "subject": 'workload "w"',
            }
        ]
    }


RESTRICTION = "{reason: licence, evidence: e, owner: o, review: 2027-01-01}"


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        (
            "workloads: {w: {image: ¦rhel-kvm, flavor: small-kvm, networks: app, "
            f"restriction: {RESTRICTION}}}}}",
            "esxi-restricted-on-esxi",
        ),
        ("workloads: {w: {image: rhel-kvm, flavor: ¦small-esxi, networks: app}}", "flavor-and-image"),
        (
            "workloads: {w: {image: rhel-kvm, flavor: small-kvm, networks: app, "
            "volumes: {d: {type: ¦gold-esxi, size: 1 GiB}}}}",
            "volume-type-side",
        ),
    ],
)
def test_check_judges_placement_and_policies_too(tmp_path: Path, document: str, rule: str) -> None:
    text, [place] = unmarked(document)
    done = run("check", folder(tmp_path / "t", base=BASE, case=text), "--format", "json")
    found = [(one["rule"], one["line"], one["column"]) for one in json.loads(done.stdout)["findings"]]
    assert (rule, *place) in found
    assert done.returncode == 2


def test_a_wrong_workload_hides_no_other(tmp_path: Path) -> None:
    text, places = unmarked(
        "workloads:\n"
        "  v: {image: rhel-kvm, flavor: small-kvm, networks: app, ¦x: 1}\n"
        "  w: {image: rhel-kvm, flavor: ¦small-esxi, networks: app}\n"
    )
    done = run("check", folder(tmp_path / "t", base=BASE, case=text), "--format", "json")
    found = [(one["line"], one["column"]) for one in json.loads(done.stdout)["findings"]]
    assert found == places


def test_without_its_aggregates_no_server_is_called_misplaced(tmp_path: Path) -> None:
    base = BASE.replace("availability_zone: az-kvm", "availability_zone: AZ")
    case = "workloads: {w: {image: rhel-kvm, flavor: small-kvm, networks: app}}"
    done = run("check", folder(tmp_path / "t", base=base, case=case), "--format", "json")
    assert [one["rule"] for one in json.loads(done.stdout)["findings"]] == ["wrong-value"]


def test_an_environment_that_is_not_there() -> None:
    done = run("check", "sandbx")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == (
        f'Error: there is no environment "sandbx" in {ROOT}/stacks. Did you mean sandbox?'
    )
    done = run("check", "sandbx", "--format", "json")
    assert done.returncode == 2
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["rule"], finding["file"], finding["line"]) == ("no-documents", None, None)
    assert run("show", "sandbx").returncode == 2


def test_names_with_markup_are_shown_as_they_are(tmp_path: Path) -> None:
    where = folder(tmp_path / "t", base=BASE.replace("  pay: {}", "  pay: {description: '[red]all[/] [x]'}"))
    assert "[red]all[/] [x]" in run("show", where).stdout
    where = folder(tmp_path / "u", base=BASE, case="projects: {'[red]x': {}}")
    assert 'project "[red]x": expected a name' in run("check", where).stdout


def test_no_colour_in_a_pipe() -> None:
    done = process("show", "sandbox")
    assert "\x1b" not in done.stdout + done.stderr


def test_show_as_json() -> None:
    shown = json.loads(run("show", "sandbox", "--format", "json").stdout)
    assert shown["estate"]["networkBackend"] == "nsx-policy"
    assert shown["clusters"]["esx-a"]["hostClasses"]["blade"]["memory"] == 256 * 1024
    assert shown["workloads"]["ledger-db"]["restriction"]["review"] == "2027-06-30"
    assert len(shown["aggregates"]["general"]["hostClasses"]["standard"]["hosts"]) == 5


def test_show_as_a_document(tmp_path: Path) -> None:
    text = run("show", "sandbox", "--format", "yaml").stdout
    again = folder(tmp_path / "sandbox", all=text)
    assert run("show", again, "--format", "yaml").stdout == text


def test_show_as_tables() -> None:
    lines = run("show", "sandbox").stdout.splitlines()
    (row,) = [line for line in lines if line.split()[:1] == ["ledger-db"]]
    assert "data: type standard-esxi, size 10 GiB" in row
    assert "reason vendor-support" in row


def test_show_says_which_document_says_what(tmp_path: Path) -> None:
    folder(tmp_path / "base", base=BASE)
    where = folder(
        tmp_path / "t",
        case="extends: ../base\nflavors: {small-kvm: {vcpus: 2}}\nrouters: {r: {networks: app}}",
    )
    (line,) = [number for number, text in enumerate(BASE.splitlines(), 1) if text.startswith("  small-kvm:")]
    lines = run("show", where, "--origin").stdout.splitlines()
    assert f"{where}/case.yaml:2:30: flavors.small-kvm.vcpus: 2" in lines
    assert f"{tmp_path}/base/base.yaml:{line}:50: flavors.small-kvm.memory: 1 GiB" in lines
    assert f"{where}/case.yaml:3:25: routers.r.networks: app" in lines
    assert "default: estate.region: RegionOne" in lines

    rows = json.loads(run("show", where, "--origin", "--format", "json").stdout)["values"]
    assert {
        "path": ["flavors", "small-kvm", "vcpus"],
        "value": 2,
        "file": f"{where}/case.yaml",
        "line": 2,
        "column": 30,
    } in rows
    assert {
        "path": ["estate", "region"],
        "value": "RegionOne",
        "file": None,
        "line": None,
        "column": None,
    } in rows


def test_check_refuses_python(tmp_path: Path) -> None:
    where = folder(tmp_path / "t", base=BASE)
    (where / "estate.py").write_text("def estate():\n    return {}\n")
    assert run("check", where).returncode == 0
    done = run("check", where, "--no-python")
    assert done.returncode == 2
    assert "[python-refused]" in done.stdout


def test_show_of_wrong_documents(tmp_path: Path) -> None:
    done = run("show", folder(tmp_path / "t", base=BASE, case="netwroks: {}"))
    assert (done.returncode, done.stdout) == (2, "")
    assert 'there is no kind "netwroks"' in done.stderr


def test_help_and_usage() -> None:
    assert "check" in run("--help").stdout
    assert "Exit codes" in run("check", "--help").stdout
    done = run("check")
    assert done.returncode == 2
    assert "Missing argument" in done.stderr
    assert run("chekc", "sandbox").returncode == 2


def test_a_terminal_that_knows_ascii_only() -> None:
    done = process("show", "sandbox", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")


def imports_none_of(heavy: set[str], code: str) -> None:
    """What a new Python has imported when it has run ``code``."""
    line = f"import sys\n{code}\nsys.exit(', '.join({heavy!r} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_check_imports_no_engine_and_no_cloud() -> None:
    imports_none_of(
        {"pulumi", "pulumi_policy", "openstack", "pyVmomi", "ruamel.yaml", "rich.console"},
        "sys.argv = ['estate', 'check', 'sandbox']\n"
        "from cli import main\n"
        "try: main()\n"
        "except SystemExit: pass",
    )


def test_clients_of_clouds_are_imported_when_a_cloud_is_asked() -> None:
    imports_none_of(
        {"openstack.connection", "pyVmomi", "pyVim.connect"},
        "import cli.apply\n"
        "from operations import applying, parts, target\n"
        "from components.gates import aggregate_open, servers_spread",
    )
