"""The text of documents: YAML's traps, files that are no documents, and bombs."""

from pathlib import Path

import pytest

from estate.documents import DocumentsError, load
from estate.documents.nodes import MAX_DEPTH, parse, plain
from tests.unit.marked import BASE, folder, unmarked

FAULTS = {
    "tab": ("projects:\n¦\tq: {}", "yaml-syntax", "a tab in the indentation; YAML takes spaces only."),
    "tab-after-key": ("projects:\n  q:\n¦\t\tdescription: x", "yaml-syntax", "a tab in the indentation"),
    "second-colon": (
        "projects: {}\na: b¦: c",
        "yaml-syntax",
        'a second ": " in the line; put the value in quotes',
    ),
    "indentation": ("projects:\n  q: {}\n ¦r: {}", "yaml-syntax", "expected a key here, in line with"),
    "open-list": ("a: [b\nc¦: d", "yaml-syntax", "expected , or ] in the list that began at 1:4"),
    "range-in-braces": (
        "a: {hosts: kvm¦[1-2], x: y}",
        "yaml-syntax",
        "expected , or } in the mapping that began at 1:4; a range such as kvm[01-12] needs quotes in here.",
    ),
    "open-quote": ("a: ¦'b\nc: d\n", "yaml-syntax", "expected a closing quote for the text that begins here"),
    "at-sign": ("a: ¦@b", "yaml-syntax", "a value cannot begin with @; put it in quotes."),
    "several-documents": (
        "projects: {}\n¦---\nrouters: {}",
        "several-documents",
        "expected one document in a file",
    ),
    "anchor": ("projects: {q: ¦&x {}}", "no-anchors", "anchors (&x) are not part of the language"),
    "alias": ("projects: {q: ¦*x}", "no-anchors", "aliases (*x) are not part of the language"),
    "merge-key": ("projects: {q: {<<: ¦*x}}", "no-anchors", "aliases (*x) are not part of the language"),
    "merge-key-without-alias": (
        "projects: {q: {¦<<: {}}}",
        "no-anchors",
        "merge keys (<<) are not part of the language; write here what they would bring.",
    ),
    "tag": (
        "projects: {q: {description: ¦!!python/name:os.system x}}",
        "unknown-tag",
        "the tag tag:yaml.org",
    ),
    "own-tag": (
        "projects: {q: {description: ¦!secrte x}}",
        "unknown-tag",
        "the tag !secrte is not part of the language; remove it "
        "(text that looks like a number is put in quotes). Did you mean !secret?",
    ),
    "secret-where-none-is-taken": (
        "projects: {q: {description: ¦!secret x}}",
        "wrong-type",
        "description: expected text, got !secret x.",
    ),
    "secret-without-name": (
        "projects: {q: {description: ¦!secret }}",
        "wrong-tag",
        "expected !secret and the name of a secret, got nothing after it.",
    ),
    "secret-with-a-value-for-a-name": (
        "projects: {q: {description: ¦!secret Hunter2!}}",
        "wrong-tag",
        "expected the name of a secret in lower-case letters, digits and hyphens after !secret, such as "
        "ledger-db-password.",
    ),
    "secret-with-parts": (
        "projects: {q: {description: ¦!secret {a: b}}}",
        "wrong-tag",
        "expected !secret and the name of a secret, got !secret with parts.",
    ),
    "secret-as-key": (
        "projects: {¦!secret q: {}}",
        "key-not-text",
        "expected a key that is text, got !secret",
    ),
    "remove-with-a-value": (
        "projects: {q: ¦!remove {}}",
        "wrong-tag",
        "expected !remove alone, as the value of a key, got !remove with parts.",
    ),
    "remove-with-text": (
        "projects: {q: ¦!remove it}",
        "wrong-tag",
        "expected !remove alone, as the value of a key, got more.",
    ),
    "remove-in-a-list": (
        "routers: {r: {networks: [¦!remove , data]}}",
        "wrong-tag",
        "!remove stands where the value of a key stands; a list is replaced as a whole.",
    ),
    "remove-without-space": (
        "projects: {q: !remove¦}",
        "yaml-syntax",
        "a tag such as !remove ends with a space; write one before }.",
    ),
    "remove-of-nothing": (
        "projects: {q: {description: ¦!remove }}",
        "nothing-to-remove",
        'there is no "description" to remove: no folder below this one (extends) says it here.',
    ),
    "remove-of-a-kind": (
        "routers: ¦!remove",
        "wrong-type",
        "a kind cannot be removed as a whole, only its blocks: routers: {NAME: !remove }.",
    ),
    "remove-as-document": ("¦!remove", "wrong-type", "expected kinds of blocks (workloads: …) as keys."),
    "table-without-file": (
        "projects: ¦!table",
        "wrong-tag",
        "expected !table and the name of a CSV file, got nothing after it.",
    ),
    "table-that-is-not-there": (
        "projects: ¦!table projects.csv",
        "unreadable",
        "the table projects.csv cannot be read: No such file or directory. There is none.",
    ),
    "table-that-is-a-folder": (
        "projects: ¦!table folder.csv",
        "unreadable",
        "the table folder.csv cannot be read: Is a directory. There is none.",
    ),
    "table-outside": (
        "projects: ¦!table ../projects.csv",
        "unreadable",
        "expected a table in the folder of the document, got ../projects.csv.",
    ),
    "table-of-no-blocks": (
        "projects: {q: {description: ¦!table projects.csv}}",
        "wrong-tag",
        "!table stands for blocks with names, such as workloads; write the value here.",
    ),
    "table-in-a-list": (
        "routers: {r: {networks: [¦!table x]}}",
        "wrong-tag",
        "!table stands where the value of a key stands; a list is replaced as a whole.",
    ),
    "extends-a-number": ("extends: ¦3", "wrong-type", "expected the path of a folder, such as ../base."),
    "extends-nothing": ("extends: ¦''", "wrong-type", "expected the path of a folder, such as ../base."),
    "extends-a-list": ("extends: ¦[../a]", "wrong-type", "expected the path of a folder, such as ../base."),
    "extends-itself": ("extends: ¦.", "extends-in-a-circle", "{folder} leads back to here"),
    "extends-what-is-not-there": (
        "extends: ¦../bsae",
        "unknown-folder",
        "expected a folder of documents to extend, found none at {parent}/bsae. There is: ../t.",
    ),
    "deep": (f"a: {'[' * (MAX_DEPTH - 1)}¦[", "nested-too-deeply", "expected at most 32 levels of nesting"),
    "deeper": (
        f"a: {'[' * (MAX_DEPTH - 1)}¦{'[' * 100_000}",
        "nested-too-deeply",
        "expected at most 32 levels",
    ),
    "control-character": (
        "projects: {q: {description: ¦\x07}}",
        "not-text",
        "expected text, got the control character U+0007",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_refuses_with_the_place_and_a_way_out(tmp_path: Path, name: str) -> None:
    document, rule, message = FAULTS[name]
    text, [place] = unmarked(document)

    where = folder(tmp_path / "t", base=BASE, case=text)
    (where / "folder.csv").mkdir()
    (problem,) = load(where).problems

    assert problem.rule == rule
    assert problem.message.startswith(
        message.replace("{folder}", f"{tmp_path}/t").replace("{parent}", str(tmp_path))
    )
    assert problem.position == (f"{tmp_path}/t/case.yaml", *place)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    where = folder(tmp_path / "t", base=BASE)
    (where / "case.yaml").write_bytes("projects: # é\n  q: {}\n".encode("latin-1"))
    (problem,) = load(where).problems
    assert str(problem) == (
        f"{where}/case.yaml:1:13: document: expected text in UTF-8, got the byte 0xe9; is this a text file?"
    )


def test_a_broken_file_leaves_the_others_judged_and_blames_nobody_for_what_it_held(tmp_path: Path) -> None:
    where = folder(
        tmp_path / "t",
        base=BASE.replace("projects:\n  pay: {}\n", ""),
        broken="projects: {pay: {}\n",
        case="projects: {q: {zzz: 1}}",
    )
    assert [(Path(one.position.file).name, one.rule) for one in load(where).problems] == [
        ("broken.yaml", "yaml-syntax"),
        ("case.yaml", "unknown-key"),
    ]


def test_settings_that_are_none_beside_a_broken_file(tmp_path: Path) -> None:
    where = folder(tmp_path / "t", a="estate: [1]", b="{")
    assert [one.rule for one in load(where).problems] == ["wrong-type", "yaml-syntax"]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("no", "no"), ("Yes", "Yes"), ("on", "on"), ("y", "y"),
        ("true", True), ("FALSE", False), ("~", None), ("", None), ("Null", None),
        ("12", 12), ("-3", -3), ("+7", 7), ("0", 0), ("0o17", 15), ("0x1F", 31), ("1_000", "1_000"),
        ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("-.inf", float("-inf")), ("12:30", "12:30"),
        ("2027-06-30", "2027-06-30"), ("1.2.3", "1.2.3"), ("0b1", "0b1"), ("'12'", "12"), ('"true"', "true"),
        ("=", "="), ("<<", "<<"),
    ],
)  # fmt: skip
def test_values_are_those_of_yaml_1_2(source: str, value: object) -> None:
    document = parse(f"a: {source}\n".encode(), "f")
    assert not document.problems
    assert document.root is not None
    result = plain(document.root)
    assert isinstance(result, dict)
    assert (type(result["a"]), result["a"]) == (type(value), value)


def test_order_and_split_mean_nothing(tmp_path: Path) -> None:
    whole = load(folder(tmp_path / "whole", all=BASE)).estate
    pieces = BASE.strip().replace("\n  ", "\x00").split("\n")
    split = folder(
        tmp_path / "split", **{f"p{9 - n}": piece.replace("\x00", "\n  ") for n, piece in enumerate(pieces)}
    )
    folder(split, more="projects: {}", empty="# nothing\n", also_empty="")
    assert whole is not None
    assert load(split).estate == whole


def test_names_end_in_yaml(tmp_path: Path) -> None:
    where = folder(tmp_path / "t", base=BASE)
    (where / "more.yml").write_text("projects: {q: {}}")
    (where / "most.YAML").write_text("projects: {r: {}}")
    (where / "x.json").write_text("{}")
    (where / ".#draft.yaml").write_text("{")
    (where / "README.md").write_text("{")
    (where / "images.yaml").mkdir()
    assert [str(one) for one in load(where).problems] == [
        f"{where}/more.yml:1:1: document: documents end in .yaml; rename it to more.yaml.",
        f"{where}/most.YAML:1:1: document: documents end in .yaml; rename it to most.yaml.",
        f"{where}/x.json:1:1: document: documents end in .yaml; rename it to x.yaml.",
    ]


def test_a_link_to_nowhere(tmp_path: Path) -> None:
    where = folder(tmp_path / "t", base=BASE)
    (where / "more.yaml").symlink_to(tmp_path / "nowhere")
    assert [one.rule for one in load(where).problems] == ["unreadable"]


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estate.documents.nodes.MAX_BYTES", 2**20)
    monkeypatch.setattr("estate.documents.layers.MAX_BYTES", 2**20)
    where = folder(tmp_path / "t", base=BASE, case="#" * (2**20 + 1))
    (problem,) = load(where).problems
    assert str(problem).endswith("document: expected at most 1 MiB, got more; split it into several files.")


class TestWhichFolder:
    """ENV is a name under ``stacks/`` of this folder or one above it, or a path."""

    @pytest.fixture
    def project(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        (tmp_path / "stacks").mkdir()
        folder(tmp_path / "stacks" / "prod", base=BASE)
        (tmp_path / "inside").mkdir()
        monkeypatch.chdir(tmp_path)
        return tmp_path

    def test_a_name(self, project: Path) -> None:
        loaded = load("prod")
        assert (loaded.folder, loaded.name) == (project / "stacks" / "prod", "prod")
        assert str(loaded.where(("estate", "name"))) == "stacks/prod/base.yaml:2:16"

    def test_a_name_from_a_folder_below(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(project / "inside")
        assert load("prod").where(("estate",)).file == "../stacks/prod/base.yaml"

    def test_a_path(self, project: Path) -> None:
        assert load("stacks/prod").name == "prod"
        assert load(project / "stacks" / "prod").name == "prod"

    def test_a_name_that_is_not_there(self, project: Path) -> None:
        with pytest.raises(DocumentsError) as error:
            load("prd")
        assert str(error.value) == f'there is no environment "prd" in {project}/stacks. Did you mean prod?'

    @pytest.mark.usefixtures("project")
    @pytest.mark.parametrize("env", ["./prd", "stacks/prd", "", "a\x00b"])
    def test_a_path_that_is_not_there(self, env: str) -> None:
        with pytest.raises(DocumentsError):
            load(env)

    @pytest.mark.usefixtures("project")
    def test_a_file(self) -> None:
        with pytest.raises(DocumentsError) as error:
            load("stacks/prod/base.yaml")
        assert str(error.value) == "expected a folder of documents, found a file at stacks/prod/base.yaml."

    @pytest.mark.usefixtures("project")
    def test_an_empty_folder(self) -> None:
        with pytest.raises(DocumentsError) as error:
            load("./inside")
        assert str(error.value) == "expected documents (*.yaml) in inside, found none."

    def test_no_project(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(DocumentsError, match='there is no environment "prod": no stacks/ in'):
            load("prod")
