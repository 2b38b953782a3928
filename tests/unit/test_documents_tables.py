"""CSV tables: what a cell means, and where it stands."""

# ruff: noqa: E501 - messages stand here as a person reads them

from pathlib import Path

import pytest

from estate.documents import Loaded, load
from estate.model import ReasonCode
from tests.unit.marked import BASE, folder, unmarked

HEADER = "name,image,flavor,networks"


def tabled(tmp_path: Path, table: str | bytes, kind: str = "workloads") -> Loaded:
    where = folder(tmp_path / "t", base=BASE, case=f"{kind}: !table table.csv")
    (where / "table.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    return load(where)


def test_cells_are_read_as_the_model_has_them(tmp_path: Path) -> None:
    loaded = tabled(
        tmp_path,
        "\ufeffname,image,flavor,networks,volumes.data.type,volumes.data.size,restriction.reason,"
        "restriction.evidence,restriction.owner,restriction.review\r\n"
        'w,rhel-esxi,small-esxi,"app; data",gold-esxi,10 GiB,licence,"Says ""no"", twice",pay,2027-01-01\r\n'
        "\r\n"
        ",,,\r\n"
        "v,rhel-kvm,small-kvm,app,,,,,,\r\n".encode("utf-8"),
    )
    assert loaded.problems == ()
    assert loaded.estate is not None
    one, other = (loaded.estate.workloads[name] for name in "wv")
    assert one.networks == ("app", "data")
    assert (one.volumes["data"].type, one.volumes["data"].size) == ("gold-esxi", 10)
    assert one.restriction is not None
    assert one.restriction.reason is ReasonCode.LICENCE
    assert one.restriction.evidence == 'Says "no", twice'
    assert (other.volumes, other.restriction, other.security_groups) == ({}, None, ())
    assert loaded.where(("workloads", "w", "volumes", "data", "size")) == (
        f"{tmp_path}/t/table.csv",
        2,
        46,
    )
    assert [path.name for path in loaded.files] == ["base.yaml", "case.yaml", "table.csv"]


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        ("flavors", "name,hypervisor,vcpus,memory,disk\n f , kvm , 2 , 4 GiB , 10 GiB \n"),
        ("projects", "name,description\nq,12\n"),  # text that looks like a number is text
        ("images", "name,hypervisor,file,virtual_size\ni,kvm,a.qcow2,1 GiB\n"),
        (
            "clusters",
            "name,vcenter,compute_host,host_classes.h.hosts,host_classes.h.cores,host_classes.h.threads,"
            "host_classes.h.memory,ha.enabled\nesx2,vc1,n2,e[1-2];e5,8,16,64 GiB,true\n",
        ),
        (
            "aggregates",
            "name,hypervisor,availability_zone,host_classes.h.hosts,host_classes.h.vcpus,host_classes.h.memory,"
            "host_classes.h.disk,cpu_allocation_ratio,metadata.owner\na,kvm,az,k[1-9],16,64 GiB,1 TiB,4,007\n",
        ),
    ],
)
def test_any_kind_may_be_a_table(tmp_path: Path, kind: str, table: str) -> None:
    problems = tabled(tmp_path, table, kind).problems
    assert not [
        one for one in problems if one.rule not in ("cluster-in-one-aggregate", "cluster-has-datastore")
    ]


def test_blocks_inside_a_block_may_be_a_table(tmp_path: Path) -> None:
    where = folder(tmp_path / "t", base=BASE, case="networks:\n  n:\n    subnets: !table subnets.csv\n")
    (where / "subnets.csv").write_text("name,cidr,dns\ns4,10.9.0.0/24,10.9.0.2;10.9.0.3\n")
    estate = load(where).estate
    assert estate is not None
    assert [str(one) for one in estate.networks["n"].subnets["s4"].dns] == ["10.9.0.2", "10.9.0.3"]


def test_a_table_lies_over_another_layer_and_may_remove(tmp_path: Path) -> None:
    folder(tmp_path / "base", base=BASE, w="projects: {a: {description: x}, b: {description: y}}")
    where = folder(tmp_path / "t", case="extends: ../base\nprojects: !table p.csv")
    (where / "p.csv").write_text("name,description\na,z\nb,!remove\n")
    estate = load(where).estate
    assert estate is not None
    assert [(one.name, one.description) for one in estate.projects.values()] == [
        ("pay", None),
        ("a", "z"),
        ("b", None),
    ]


CASES = {
    "unknown-column": (
        f"{HEADER},¦flavour\nw,rhel-kvm,small-kvm,app,x\n",
        'table: unknown column "flavour". Did you mean flavor?',
    ),
    "unknown-part": (
        f"{HEADER},¦restriction.why\nw,rhel-kvm,small-kvm,app,x\n",
        'table: unknown column "restriction.why". There is: evidence, owner, reason, review.',
    ),
    "part-of-a-text": (
        f"{HEADER},¦image.x\n",
        'table: unknown column "image.x": image has no such part.',
    ),
    "column-with-parts": (
        f"{HEADER},¦restriction\nw,rhel-kvm,small-kvm,app,x\n",
        'table: the column "restriction" has parts that no cell can hold; give each a column, such as '
        "restriction.reason.",
    ),
    "column-of-names": (
        f"{HEADER},¦volumes\n",
        'table: the column "volumes" has parts that no cell can hold; give each a column.',
    ),
    "column-twice": (
        f"{HEADER},¦image\n",
        "table: the column image is there twice; it stands at {file}:1:6 already.",
    ),
    "no-name-column": (
        "¦image,flavor\nrhel-kvm,small-kvm\n",
        "document: expected a column name with the names of the blocks, found none.",
    ),
    "semicolons": ("¦name;image\nw;x\n", "document: expected columns divided by commas, found semicolons."),
    "no-name": (
        f"{HEADER}\n¦,rhel-kvm,small-kvm,app\n",
        "table: expected a name in the column name, got an empty cell.",
    ),
    "name-twice": (
        f"{HEADER}\nw,rhel-kvm,small-kvm,app\n¦w,rhel-kvm,small-kvm,app\n",
        'workload "w": is defined twice; it stands at {file}:2:1 already.',
    ),
    "more-cells-than-columns": (
        f"{HEADER}\nw,rhel-kvm,small-kvm,app,,¦data\n",
        "table: expected 4 cells in a row, as in the first, got more.",
    ),
    "open-quote": (
        f'{HEADER}\n¦w,"rhel-kvm,small-kvm,app\n',
        "document: no table: unexpected end of data; quotes inside a cell are doubled.",
    ),
    "text-after-quote": (
        f'{HEADER}\n¦w,"rhel"-kvm,small-kvm,app\n',
        "document: no table: ',' expected after '\"'; quotes inside a cell are doubled.",
    ),
    "wrong-value": (
        'name,image,flavor,networks,volumes.d.type,volumes.d.size\nw,rhel-kvm,small-kvm,"app",gold-kvm,¦10\n',
        'workload "w": volumes.d.size: expected a size with its unit, such as 10 GiB or 10 MiB, got 10.',
    ),
    "number-that-begins-with-0": (
        "name,hypervisor,vcpus,memory,disk\nf,kvm,¦010,1 GiB,1 GiB\n",
        "table: a number that begins with 0 could be octal or decimal; write it without.",
    ),
    "unknown-name-in-a-list": (
        f"{HEADER}\nw,rhel-kvm,small-kvm,¦app;dta\n",
        'workload "w": there is no network "dta". Did you mean data?',
    ),
    "after-a-cell-of-two-lines": (
        "name,image,restriction.reason,restriction.owner,restriction.review,restriction.evidence,flavor,networks\n"
        'w,rhel-esxi,licence,o,2027-01-01,"first\nsecond",¦smal,app\n',
        'workload "w": there is no flavor "smal". Did you mean small-kvm?',
    ),
    "missing": (
        "name,image,flavor,networks\n¦w,rhel-kvm,small-kvm\n",
        'workload "w": the key "networks" is missing (Logical networks, one port each, in this order).',
    ),
    "secret-where-none-is-taken": (
        f"{HEADER}\nw,¦!secret x,small-kvm,app\n",
        'workload "w": image: expected text, got !secret x.',
    ),
    "secret-without-a-name": (
        f"{HEADER}\nw,¦!secret X!,small-kvm,app\n",
        "table: expected the name of a secret in lower-case letters, digits and hyphens after !secret, such as "
        "ledger-db-password.",
    ),
    "name-that-is-none": (
        f"{HEADER}\n¦W W,rhel-kvm,small-kvm,app\n",
        'workload "W W": expected a name of lower-case letters, digits, dots, underscores and hyphens, at most '
        "63 characters long, got 'W W'.",
    ),
    "control-character": (
        f"{HEADER}\nw,¦\x07\n",
        "document: expected text, got the control character U+0007; is this a text file?",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_says_what_is_wrong_with_a_table(tmp_path: Path, name: str) -> None:
    document, message = CASES[name]
    text, [(line, column)] = unmarked(document)
    problems = tabled(tmp_path, text, "flavors" if "vcpus" in text else "workloads").problems
    file = f"{tmp_path}/t/table.csv"
    assert [str(one) for one in problems] == [f"{file}:{line}:{column}: {message.format(file=file)}"]


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (problem,) = tabled(tmp_path, "name,description\nq,é\n".encode("latin-1"), "projects").problems
    assert str(problem) == (
        f"{tmp_path}/t/table.csv:2:3: document: expected text in UTF-8, got the byte 0xe9; is this a text file?"
    )


def test_an_empty_table_has_no_blocks(tmp_path: Path) -> None:
    assert tabled(tmp_path, "").problems == ()
    assert tabled(tmp_path, HEADER).problems == ()
