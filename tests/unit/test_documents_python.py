"""Documents in Python: what they may return, and what is said when they fail."""

# ruff: noqa: E501 - messages stand here as a person reads them

from pathlib import Path

import pytest

from estate.documents import load
from tests.unit.marked import BASE, folder, unmarked

W = "image='rhel-kvm', flavor='small-kvm', networks='app'"


def programmed(tmp_path: Path, program: str, **documents: str) -> Path:
    where = folder(tmp_path / "t", base=BASE, **documents)
    (where / "estate.py").write_text(program)
    return where


@pytest.mark.parametrize(
    "program",
    [
        "def estate():\n"
        "    return {'workloads': {f'w{n}': {'image': 'rhel-kvm', 'flavor': 'small-kvm', "
        "'networks': ['app']}\n"
        "                          for n in (1, 2)}}\n",
        "from estate.model import Workload\n"
        f"def estate(): return [Workload(name=f'w{{n}}', {W}) for n in (1, 2)]\n",
        "from estate.model import "
        "Workload\n"
        f"def estate(): return {{'workloads': {{f'w{{n}}': Workload(name=f'w{{n}}', {W}) for n in (1, 2)}}}}\n",
        "from estate.model import Workload\n"
        f"def estate():\n    for n in (1, 2): yield Workload(name=f'w{{n}}', {W})\n",
    ],
)
def test_values_and_blocks_are_a_document(tmp_path: Path, program: str) -> None:
    loaded = load(programmed(tmp_path, program))
    assert loaded.problems == ()
    assert loaded.estate is not None
    assert [(one.name, one.networks) for one in loaded.estate.workloads.values()] == [
        ("w1", ("app",)),
        ("w2", ("app",)),
    ]


def test_an_estate_is_a_document_of_what_was_given(tmp_path: Path) -> None:
    """Its defaults do not lie over what another layer says."""
    folder(tmp_path / "base", base=BASE.replace("{name: t}", "{name: t, region: north}"))
    where = folder(tmp_path / "env", case="extends: ../base")
    (where / "estate.py").write_text(
        "from estate.model import Estate, Settings, Flavor, "
        "Hypervisor\n"
        "def estate():\n"
        "    flavors = {'big': {'hypervisor': Hypervisor.KVM, 'vcpus': 8, 'memory': '16 GiB', 'disk': '10 GiB'}}\n"
        "    return Estate(estate=Settings(name='prod'), flavors=flavors)\n"
    )
    loaded = load(where)
    assert loaded.problems == ()
    assert loaded.estate is not None
    assert (loaded.estate.estate.name, loaded.estate.estate.region) == ("prod", "north")
    assert loaded.estate.flavors["big"].memory == 16 * 1024


def test_what_it_prints_is_no_output(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load(programmed(tmp_path, "def estate():\n    print('hello')\n    return {}\n"))
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "hello\n")


CASES = {
    "syntax": ("def estate(¦:\n", "python-syntax", None),
    "null-byte": ("¦x = '\x00'\n", "python-syntax", None),
    "no-function": (
        "¦x = 1\n",
        "python-result",
        "document: expected a function estate() that returns the blocks, found none.",
    ),
    "nothing": (
        "x = 1\n¦def estate(): pass\n",
        "python-result",
        "document: expected estate() to return an Estate, a mapping of kinds or a list of blocks, got nothing.",
    ),
    "text": (
        "¦def estate(): return 'x'\n",
        "python-result",
        "document: expected estate() to return an Estate, a mapping of kinds or a list of blocks, got a value of "
        "type str.",
    ),
    "no-block-in-list": (
        "¦def estate(): return [1]\n",
        "python-result",
        "document: expected blocks of the model in the list, got a value of type int.",
    ),
    "odd-value": (
        "¦def estate(): return {'projects': {'q': {'description': object()}}}\n",
        "python-result",
        "document: expected values as YAML has them or blocks of the model (estate, vcenters, clusters, …), got a "
        'value of type object in "description".',
    ),
    "odd-key": (
        "¦def estate(): return {'projects': {1: {}}}\n",
        "python-result",
        'document: expected keys that are text, got a value of type int in "projects".',
    ),
    "itself": (
        "¦def estate():\n    x = {}\n    x['projects'] = x\n    return x\n",
        "python-result",
        'document: expected at most 32 levels of nesting, got more in "projects".',
    ),
    "twice": (
        "from estate.model import Project\n¦def estate(): return 2 * [Project(name='q')]\n",
        "python-result",
        'document: projects "q" is in the list twice.',
    ),
    "crash": (
        "def helper():\n    ¦raise KeyError('web')\ndef estate():\n    return helper()\n",
        "python-failed",
        "document: estate.py raised KeyError: 'web'.",
    ),
    "crash-at-import": (
        "x = 1\n¦x / 0\n",
        "python-failed",
        "document: estate.py raised ZeroDivisionError: division by zero.",
    ),
    "exit": (
        "import sys\ndef estate():\n    ¦sys.exit(3)\n",
        "python-failed",
        "document: estate.py raised SystemExit: 3.",
    ),
    "recursion": ("def estate():\n    return ¦estate()\n", "python-failed", None),
    "no-such-module": (
        "¦import nowhere_at_all\n",
        "python-failed",
        "document: estate.py raised ModuleNotFoundError: No module named 'nowhere_at_all'.",
    ),
    "wrong-block": (
        "from estate.model import Project\ndef estate():\n    return [¦Project(name='q', zzz=1)]\n",
        "unknown-key",
        'project "q": unknown key "zzz". There is: description, mode, protect, quota, was.',
    ),
    "wrong-value-of-a-block": (
        f"from estate.model import Workload\ndef made(n):\n    return ¦Workload(name=n, {W}, volumes={{'a': {{'type': 'x', 'size': 1}}}})\n"
        "def estate():\n    return [made('w')]\n",
        "wrong-value",
        'workload "w": volumes.a.size: expected a size with its unit, such as 1 GiB or 1 MiB, got 1.',
    ),
    "block-without-name": (
        "from estate.model import Project\ndef estate():\n    return [¦Project()]\n",
        "missing-key",
        'project: the key "name" is missing (The block\'s key).',
    ),
    "block-with-a-wrong-name": (
        "from estate.model import Project\ndef estate():\n    return [¦Project(name='Q')]\n",
        "wrong-value",
        "project \"Q\": name: expected a name of lower-case letters, digits, dots, underscores and hyphens, at most 63 characters long, got 'Q'.",
    ),
    "block-inside-a-block": (
        "from estate.model import Volume\ndef estate():\n    ¦Volume(type='gold-kvm', size='1 GB')\n",
        "wrong-value",
        "Volume: size: expected a size such as 64 GiB, 512 MiB or 2 TiB, got '1 GB'.",
    ),
    "wrong-pool": (
        "from estate.model import AllocationPool\ndef estate():\n    ¦AllocationPool(start='10.0.0.2', end='10.0.0.1')\n",
        "wrong-value",
        "AllocationPool: expected a pool from a lower to a higher address, got 10.0.0.2 to 10.0.0.1.",
    ),
    "wrong-estate": (
        "from estate.model import Estate\ndef estate():\n    return ¦Estate.model_validate({'estate': {'name': 't'}, 'projects': {'q': {'zzz': 1}}})\n",
        "unknown-key",
        'project "q": unknown key "zzz". There is: description, mode, protect, quota, was.',
    ),
    "unknown-kind": (
        "¦def estate(): return {'netwroks': {}}\n",
        "unknown-key",
        'document: there is no kind "netwroks". Did you mean networks?',
    ),
    "unknown-key": (
        "\n\n¦def estate(): return {'projects': {'q': {'zzz': 1}}}\n",
        "unknown-key",
        'project "q": unknown key "zzz". There is: description, mode, protect, quota, was.',
    ),
    "unknown-name": (
        "¦def estate(): return {'routers': {'r': {'networks': ['ap']}}}\n",
        "unknown-reference",
        'router "r": there is no network "ap". Did you mean app?',
    ),
    "block-of-another-document": (
        "¦def estate(): return {'projects': {'pay': {}}}\n",
        "duplicate-block",
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_says_what_is_wrong_with_a_program(tmp_path: Path, name: str) -> None:
    document, rule, message = CASES[name]
    text, [(line, column)] = unmarked(document)
    where = programmed(tmp_path, text)
    (problem,) = load(where).problems
    assert problem.rule == rule
    if message is not None:
        assert str(problem) == f"{where}/estate.py:{line}:{column}: {message}"
    assert (problem.position.file, problem.position.line) == (f"{where}/estate.py", line)
    assert "\n" not in str(problem)


def test_a_block_of_the_model_is_wrong_in_the_words_of_the_language(tmp_path: Path) -> None:
    where = programmed(
        tmp_path,
        "from estate.model import Workload\ndef estate():\n"
        "    yield Workload(name='w', image='rhel-kvm', flavour='small-kvm', networks='app')\n",
    )
    place = f'{where}/estate.py:3:11: workload "w":'
    assert [str(one) for one in load(where).problems] == [
        f'{place} the key "flavor" is missing (Flavor of its servers).',
        f'{place} unknown key "flavour". Did you mean flavor?',
    ]


def test_it_is_not_executed_where_that_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = programmed(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    (problem,) = load(where, python=False).problems
    assert (problem.rule, str(problem.position)) == ("python-refused", f"{where}/estate.py:1:1")
    monkeypatch.setenv("ESTATE_NO_PYTHON", "1")
    assert [one.rule for one in load(where).problems] == ["python-refused"]
    assert not (tmp_path / "ran").exists()


def test_that_of_a_folder_below_is_refused_too(tmp_path: Path) -> None:
    programmed(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    above = folder(tmp_path / "above", case="extends: ../t")
    assert [one.rule for one in load(above, python=False).problems] == ["python-refused"]
    assert not (tmp_path / "ran").exists()
