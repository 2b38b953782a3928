"""``estate graph``: what refers to what."""

import json
from pathlib import Path

from typer.testing import CliRunner

from cli import app
from tests.unit.marked import BASE, folder

CASE = """
security_groups:
  a: {rules: [{protocol: tcp, group: b}]}
  b: {rules: [{protocol: tcp, group: a}]}
workloads:
  w:
    image: rhel-kvm
    flavor: small-kvm
    networks: app
    availability_zone: az-kvm
    volumes: {d: {type: gold-kvm, size: 1 GiB}}
"""


def graph(where: Path, *arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["graph", str(where), *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_as_a_tree(tmp_path: Path) -> None:
    where = folder(tmp_path / "t", base=BASE, case=CASE)
    code, text, _ = graph(where)
    assert code == 0
    start = text.index("workload w\n")
    assert text[start:].startswith(
        "workload w\n"
        "  image rhel-kvm\n"
        "  flavor small-kvm\n"
        "  network app\n"
        "  volume type gold-kvm\n"
        "    array array\n"
        "  availability zone az-kvm\n"
        "    aggregate general\n"
    )
    # Groups that name each other have no root, and are shown nevertheless.
    assert "security group a\n  security group b\n    security group a (see above)\n" in text


def test_around_a_block(tmp_path: Path) -> None:
    where = folder(tmp_path / "t", base=BASE, case=CASE)
    assert graph(where, "--around", "storage/array") == (
        0,
        "array array refers to\narray array is referred to by\n"
        "  volume type gold-kvm\n    workload w\n  volume type gold-esxi\n  datastore ds1\n",
        "",
    )
    code, _, error = graph(where, "--around", "workload/w")
    assert (code, error) == (2, 'Error: there is no block "workload/w". Did you mean workloads/w?\n')


def test_for_programs(tmp_path: Path) -> None:
    where = folder(tmp_path / "t", base=BASE, case=CASE)
    made = json.loads(graph(where, "--format", "json")[1])
    assert {"kind": "workloads", "name": "w"} in made["nodes"]
    assert {"from": "workloads/w", "to": "volume_types/gold-kvm", "key": "volumes"} in made["edges"]
    assert {"from": "clusters/esx", "to": "vcenters/vc1", "key": "vcenter"} in made["edges"]
    only = json.loads(graph(where, "--around", "flavors/small-kvm", "--format", "json")[1])
    assert only == {
        "nodes": [{"kind": "flavors", "name": "small-kvm"}, {"kind": "workloads", "name": "w"}],
        "edges": [{"from": "workloads/w", "to": "flavors/small-kvm", "key": "flavor"}],
    }
    assert '"workloads/w" -> "flavors/small-kvm" [label="flavor"];' in graph(where, "--format", "dot")[1]
    mermaid = graph(where, "--format", "mermaid", "--around", "flavors/small-kvm")[1]
    assert mermaid == 'flowchart LR\n  n0["flavor small-kvm"]\n  n1["workload w"]\n  n1 -->|flavor| n0\n'


def test_of_wrong_documents(tmp_path: Path) -> None:
    code, text, error = graph(folder(tmp_path / "t", base=BASE, case="netwroks: {}"))
    assert (code, text) == (2, "")
    assert "netwroks" in error
