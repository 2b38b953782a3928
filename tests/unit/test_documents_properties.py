"""What holds for all documents: positions are right, nothing is accepted silently, no traceback."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from estate.documents import load, shapes
from estate.documents.nodes import Mapping, Node, Sequence, parse, plain
from estate.documents.writing import written
from estate.model import Estate, Hypervisor, Loc
from estate.model.words import PATTERNS
from tests.unit.marked import BASE, folder

SANDBOX = Path(__file__).parents[2] / "stacks" / "sandbox"
quick = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_the_sandbox_is_sound() -> None:
    loaded = load(SANDBOX)
    assert loaded.problems == ()
    estate = loaded.estate
    assert estate is not None
    assert [len(one.hosts) for one in estate.aggregates_of(Hypervisor.KVM)] == [5]
    assert {name: len(cluster.hosts) for name, cluster in estate.clusters.items()} == {"esx-a": 3, "esx-b": 2}
    assert len(estate.workloads) == 12
    assert sum(one.restriction is not None for one in estate.workloads.values()) == 4


def test_what_is_written_reads_back_the_same(tmp_path: Path) -> None:
    estate = load(SANDBOX).estate
    assert estate is not None
    assert load(folder(tmp_path / "t", all=written(estate))).estate == estate


# An own reading of positions, by another parser: ruamel.yaml's, in Python.
def _places(value: Any, loc: Loc = ()) -> dict[Loc, tuple[int, int]]:
    places: dict[Loc, tuple[int, int]] = {}
    if isinstance(value, CommentedMap):
        for key, inner in value.items():
            at = value.lc.key(key) if isinstance(inner, CommentedMap) else value.lc.value(key)
            places[(*loc, key)] = (at[0] + 1, at[1] + 1)
            places |= _places(inner, (*loc, key))
    elif isinstance(value, CommentedSeq):
        for index, inner in enumerate(value):
            at = value.lc.item(index)
            places[(*loc, index)] = (at[0] + 1, at[1] + 1)
            places |= _places(inner, (*loc, index))
    return places


def test_every_place_is_where_another_parser_finds_it() -> None:
    loaded = load(SANDBOX)
    for path in SANDBOX.glob("*.yaml"):
        for loc, place in _places(YAML().load(path)).items():
            if len(loc) > 1:  # a kind may be in several documents
                assert loaded.where(loc) == (loaded.where(loc).file, *place), loc
                assert Path(loaded.where(loc).file).name == path.name


json_like = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.: #-", max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@quick
@given(json_like)
def test_json_is_read_as_json_reads_it(value: object) -> None:
    """JSON is YAML 1.2: quoted keys and values mean the same."""
    document = parse(json.dumps({"a": value}, ensure_ascii=False).encode(), "f")
    assert not document.problems
    assert document.root is not None
    assert plain(document.root) == {"a": value}


def _nodes(node: Node, loc: Loc = ()) -> list[tuple[Loc, Node]]:
    found: list[tuple[Loc, Node]] = [(loc, node)]
    if isinstance(node, Mapping):
        found += [pair for key, inner in node.items.items() for pair in _nodes(inner, (*loc, key))]
    if isinstance(node, Sequence):
        found += [pair for n, inner in enumerate(node.items) for pair in _nodes(inner, (*loc, n))]
    return found


def _documents() -> dict[str, Any]:
    return {kind: plain(node) for kind, node in load(SANDBOX).root.items.items()}


WHOLE = _documents()
PATHS = [loc for loc, _ in _nodes(load(SANDBOX).root) if loc]
PYDANTICS_WORDS = ("Input should", "validation error", "Traceback", "pydantic", "Value error")


def _broken(loc: Loc, change: Any) -> dict[str, Any]:
    """The sandbox's documents with one value replaced (or removed, if the change is ``...``)."""

    def rebuilt(value: Any, rest: Loc) -> Any:
        if not rest:
            return change
        items = dict(value) if isinstance(value, dict) else dict(enumerate(value))
        items[rest[0]] = rebuilt(items[rest[0]], rest[1:])
        items = {key: inner for key, inner in items.items() if inner is not ...}
        return items if isinstance(value, dict) else list(items.values())

    result = rebuilt(WHOLE, loc)
    assert isinstance(result, dict)
    return result


@quick
@given(loc=st.sampled_from(PATHS), change=json_like | st.just(...))
def test_any_value_replaced_is_sound_or_said_in_our_words(
    tmp_path_factory: pytest.TempPathFactory, loc: Loc, change: object
) -> None:
    where = tmp_path_factory.mktemp("broken")
    (where / "all.yaml").write_text(
        yaml.safe_dump(_broken(loc, change), allow_unicode=True), encoding="utf-8"
    )
    loaded = load(where)
    shutil.rmtree(where)
    assert (loaded.estate is None) == bool(loaded.problems)
    for problem in loaded.problems:
        assert problem.message.endswith((".", "?"))
        assert not any(word in str(problem) for word in PYDANTICS_WORDS), str(problem)


def is_new_block(loc: Loc, key: str) -> bool:
    """Whether a person chooses the keys at a place, and a block there needs none of its own."""
    block = shapes.block_type((*loc, key))
    return (
        shapes.keys_at(loc) is None
        and block is not None
        and not any(field.is_required() for name, field in block.model_fields.items() if name != "name")
    )


@quick
@given(
    loc=st.sampled_from([loc for loc, node in _nodes(load(SANDBOX).root) if isinstance(node, Mapping)]),
    key=st.text("abcdefghij_", max_size=8).map("zz".__add__),
)
def test_no_unknown_key_is_accepted(tmp_path_factory: pytest.TempPathFactory, loc: Loc, key: str) -> None:
    value: Any = WHOLE
    for part in loc:
        value = value[part]
    where = tmp_path_factory.mktemp("unknown")
    (where / "all.yaml").write_text(
        yaml.safe_dump(_broken(loc, {**value, key: {}}) if loc else {**WHOLE, key: {}})
    )
    loaded = load(where)
    shutil.rmtree(where)
    assert is_new_block(loc, key) or any(key in str(problem) for problem in loaded.problems)


@quick
@given(st.binary(max_size=60) | st.text("{}[]:,-#&*!|>'\"%@` \n\tab0", max_size=40).map(str.encode))
def test_any_bytes_are_a_document_or_a_problem(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    where = folder(tmp_path_factory.mktemp("bytes"), base=BASE)
    (where / "case.yaml").write_bytes(content)
    loaded = load(where)
    shutil.rmtree(where)
    lines = content.count(b"\n") + content.count(b"\r") + 2
    for problem in loaded.problems:
        assert 1 <= problem.position.line <= max(lines, 40)
        assert problem.position.column >= 1


def test_the_model_has_words_for_every_pattern() -> None:
    schema = str(Estate.model_json_schema())
    found = [piece.split("'")[0] for piece in schema.replace("\\\\", "\\").split("'pattern': '")[1:]]
    assert {pattern for pattern in found if "MiB" not in pattern} == set(PATTERNS)


layer_like = st.sampled_from(
    ["!remove", "!table t.csv", "!table ../t.csv", "!secret x", "!secret X", "!other 1"]
)


@quick
@given(
    changes=st.lists(st.tuples(st.sampled_from(PATHS), layer_like | json_like), min_size=1, max_size=3),
    table=st.text('abn,me;"\n.: !removesct', max_size=40),
)
def test_a_broken_layer_is_sound_or_said_in_our_words(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[Loc, Any]], table: str
) -> None:
    """Whatever lies over the sandbox, with any tag at any place and any text as a table."""
    lines = [f"extends: {SANDBOX}"]
    above: dict[str, Any] = {}
    for loc, change in changes:
        inner = above
        for part in loc[:-1]:
            following = inner.setdefault(str(part), {})
            inner = following if isinstance(following, dict) else {}
        inner[str(loc[-1])] = change
    where = tmp_path_factory.mktemp("layer")
    (where / "t.csv").write_text(table, encoding="utf-8")
    (where / "all.yaml").write_text("\n".join([*lines, *_lines(above, "")]) + "\n", encoding="utf-8")
    loaded = load(where)
    shutil.rmtree(where)
    assert (loaded.estate is None) == bool(loaded.problems)
    for problem in loaded.problems:
        assert problem.message.endswith((".", "?"))
        assert not any(word in str(problem) for word in PYDANTICS_WORDS), str(problem)


def _lines(value: dict[str, Any], indent: str) -> list[str]:
    """A mapping as a document, in which a text that begins with ! is a tag."""
    lines: list[str] = []
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            lines += [f"{indent}{json.dumps(key)}:", *_lines(inner, f"{indent}  ")]
        elif isinstance(inner, str) and inner.startswith("!"):
            lines.append(f"{indent}{json.dumps(key)}: {inner}")
        else:
            lines.append(f"{indent}{json.dumps(key)}: {json.dumps(inner, ensure_ascii=False)}")
    return lines


@quick
@given(
    loc=st.sampled_from(
        [
            loc
            for loc, node in _nodes(load(SANDBOX).root)
            if isinstance(node, Mapping) and len(loc) > 1 and all(isinstance(part, str) for part in loc)
        ]
    ),
    key=st.text("abcdefghij_", max_size=8).map("zz".__add__),
)
def test_no_unknown_key_is_accepted_in_a_layer(
    tmp_path_factory: pytest.TempPathFactory, loc: Loc, key: str
) -> None:
    above: dict[str, Any] = {key: {}}
    for part in reversed(loc):
        above = {str(part): above}
    where = tmp_path_factory.mktemp("layer")
    (where / "all.yaml").write_text("\n".join([f"extends: {SANDBOX}", *_lines(above, "")]))
    loaded = load(where)
    shutil.rmtree(where)
    assert is_new_block(loc, key) or any(key in str(problem) for problem in loaded.problems)


@quick
@given(
    rows=st.lists(st.lists(st.text("a1;,\" !\n'", max_size=6), max_size=4), max_size=4),
    column=st.sampled_from(["zz", "image.zz", "restriction.zz", "zz.type", "volumes.data.zz"]),
)
def test_no_unknown_column_is_accepted(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], column: str
) -> None:
    where = folder(tmp_path_factory.mktemp("table"), base=BASE, case="workloads: !table t.csv")
    with (where / "t.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["name", "image", column], *rows])
    problems = load(where).problems
    shutil.rmtree(where)
    assert any(f'unknown column "{column}"' in one.message for one in problems)
    for problem in problems:
        assert not any(word in str(problem) for word in PYDANTICS_WORDS), str(problem)
