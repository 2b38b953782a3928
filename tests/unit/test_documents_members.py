"""Members of a workload that differ: what each has, and where what is wrong with it was said."""

# ruff: noqa: E501 - messages stand here as a person reads them
from pathlib import Path

import pytest

from estate.documents import Loaded, load
from estate.documents.writing import written
from estate.placement.prediction import predict
from policies import over_documents
from tests.estates import changed
from tests.unit.marked import BASE, folder, unmarked

MORE = """
flavors:
  big-kvm: {hypervisor: kvm, vcpus: 2, memory: 2 GiB, disk: 10 GiB}
"""
W = "image: rhel-kvm, flavor: small-kvm, networks: app, members: 'w-[1,3-5]'"


def workload(tmp_path: Path, inside: str) -> Loaded:
    return load(folder(tmp_path / "t", base=BASE, more=MORE, case=f"workloads: {{w: {{{W}, {inside}}}}}"))


def test_each_member_has_its_own_values(tmp_path: Path) -> None:
    loaded = workload(
        tmp_path,
        "volumes: {a: {type: gold-kvm, size: 1 GiB}}, "
        "differences: {w-3: {flavor: big-kvm, volumes: {b: {type: gold-kvm, size: 2 GiB}}}, 'w-[4-5]': {networks: data}}",
    )
    assert loaded.problems == ()
    assert loaded.estate is not None
    servers = loaded.estate.servers()
    assert {name: (one.flavor, one.networks, list(one.volumes)) for name, one in servers.items()} == {
        "w-1": ("small-kvm", ("app",), ["a"]),
        "w-3": ("big-kvm", ("app",), ["a", "b"]),
        "w-4": ("small-kvm", ("data",), ["a"]),
        "w-5": ("small-kvm", ("data",), ["a"]),
    }
    own = loaded.estate.workloads["w"].member("w-3")
    assert (own.name, own.members, own.differences, own.flavor) == ("w", ("w-3",), {}, "big-kvm")
    assert set(predict(loaded.estate)) == {"w-1", "w-3", "w-4", "w-5"}
    assert over_documents.judged(loaded) == ()
    again = load(folder(tmp_path / "again", all=written(loaded.estate)))
    assert again.estate == loaded.estate


def test_without_differences_every_member_is_the_workload(tmp_path: Path) -> None:
    estate = workload(tmp_path, "security_groups: web").estate
    assert estate is not None
    assert all(one is estate.workloads["w"] for one in estate.servers().values())


def test_equal_is_who_says_the_same_also_once_its_members_were_asked_for() -> None:
    one, same = (changed().workloads["ledger-db"] for _ in range(2))
    assert one.variants
    assert same.variants
    assert one == same
    assert one != same.model_copy(update={"description": "another"})
    assert one.model_copy(update={"members": ("a", "b")}).variants[0].servers == ("a", "b")


def test_a_difference_may_be_said_by_another_layer(tmp_path: Path) -> None:
    folder(
        tmp_path / "base",
        base=BASE,
        more=MORE,
        case=f"workloads: {{w: {{{W}, differences: {{w-3: {{networks: data}}}}}}}}",
    )
    env = folder(
        tmp_path / "env", case="extends: ../base\nworkloads: {w: {differences: {w-3: {flavor: big-kvm}}}}"
    )
    estate = load(env).estate
    assert estate is not None
    assert (estate.servers()["w-3"].flavor, estate.servers()["w-3"].networks) == ("big-kvm", ("data",))


def test_mappings_merge_to_their_last_key(tmp_path: Path) -> None:
    """A volume of which only the size differs keeps its type, a root disk its type, too."""
    loaded = workload(
        tmp_path,
        "metadata: {tier: one, site: north}, boot_volume: {type: gold-kvm, size: 20 GiB}, "
        "volumes: {a: {type: gold-kvm, size: 1 GiB}, b: {type: gold-kvm, size: 1500 GiB}}, "
        "user_data: {text: x}, "
        "differences: {w-3: {volumes: {a: {size: 2 TiB}}, metadata: {tier: two}, user_data: {file: y}}, "
        "w-4: {boot_volume: {size: 30 GiB}}, w-5: {boot_volume: null}}",
    )
    assert loaded.problems == ()
    assert loaded.estate is not None
    servers = loaded.estate.servers()
    assert {name: (one.type, one.size) for name, one in servers["w-3"].volumes.items()} == {
        "a": ("gold-kvm", 2048),
        "b": ("gold-kvm", 1500),
    }
    assert servers["w-3"].metadata == {"tier": "two", "site": "north"}
    assert (servers["w-3"].user_data.text, servers["w-3"].user_data.file) == (None, "y")  # type: ignore[union-attr]
    roots = [one.boot_volume and (one.boot_volume.type, one.boot_volume.size) for one in servers.values()]
    assert roots == [("gold-kvm", 20), ("gold-kvm", 20), ("gold-kvm", 30), None]
    own = loaded.estate.workloads["w"].variants[1]
    assert own.place("volumes", "a", "size") == (
        "workloads",
        "w",
        "differences",
        "w-3",
        "volumes",
        "a",
        "size",
    )
    assert own.place("volumes", "a", "type") == ("workloads", "w", "volumes", "a", "type")
    again = load(folder(tmp_path / "again", all=written(loaded.estate)))
    assert again.estate == loaded.estate


CASES = {
    "no-member": (
        "¦differences: {w-2: {flavor: big-kvm}}",
        'workload "w": differences: there is no member "w-2". Did you mean w-5 or w-4 or w-3?',
    ),
    "twice": (
        "¦differences: {w-3: {flavor: big-kvm}, 'w-[3-4]': {networks: data}}",
        'workload "w": differences: member "w-3" is named twice: by w-3 and by w-[3-4].',
    ),
    "unknown-key": (
        "differences: {w-3: {¦flavour: big-kvm}}",
        'workload "w": differences.w-3: unknown key "flavour". Did you mean flavor?',
    ),
    "what-is-the-same-for-all": (
        "differences: {w-3: {¦image: rhel-esxi}}",
        None,
    ),
    "unknown-name": (
        "differences: {w-3: {flavor: ¦big}}",
        'workload "w": there is no flavor "big". Did you mean big-kvm?',
    ),
    "wrong-value": (
        "differences: {w-3: {volumes: {a: {type: gold-kvm, size: ¦1}}}}",
        'workload "w": differences.w-3.volumes.a.size: expected a size with its unit, such as 1 GiB or 1 MiB, got 1.',
    ),
    "key-that-nobody-says": (
        "volumes: {a: {type: gold-kvm, size: 1 GiB}}, differences: {w-3: {volumes: {¦b: {size: 1 GiB}}}}",
        'workload "w": differences.w-3.volumes.b: the key "type" is missing (Volume type).',
    ),
    "wrong-value-of-a-part": (
        "volumes: {a: {type: gold-kvm, size: 1 GiB}}, differences: {w-3: {volumes: {a: {size: ¦1}}}}",
        'workload "w": differences.w-3.volumes.a.size: expected a size with its unit, such as 1 GiB or 1 MiB, got 1.',
    ),
    "unknown-name-in-a-part": (
        "volumes: {a: {type: gold-kvm, size: 1 GiB}}, differences: {w-3: {volumes: {a: {type: ¦gold-kwm}}}}",
        'workload "w": there is no volume type "gold-kwm". Did you mean gold-kvm?',
    ),
    "no-range": (
        "¦differences: {'w-[': {flavor: big-kvm}}",
        "workload \"w\": differences: expected a name or a range such as kvm[01-12] (several are written as a list), got 'w-['.",
    ),
    "nothing": (
        "differences: {w-3: ¦x}",
        "workload \"w\": differences.w-3: expected a mapping (key: value), got 'x'.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_says_what_is_wrong_with_a_difference(tmp_path: Path, name: str) -> None:
    document, message = CASES[name]
    text, [(line, column)] = unmarked(f"workloads: {{w: {{{W}, {document}}}}}")
    where = folder(tmp_path / "t", base=BASE, more=MORE, case=text)
    (problem,) = load(where).problems
    assert problem.position == (f"{where}/case.yaml", line, column)
    if message is not None:
        assert str(problem) == f"{where}/case.yaml:{line}:{column}: {message}"


def test_what_contradicts_itself_in_a_member_stands_at_its_difference(tmp_path: Path) -> None:
    text, [place] = unmarked(f"workloads: {{w: {{{W}, differences: {{w-3: {{flavor: ¦small-esxi}}}}}}}}")
    found = over_documents.judged(load(folder(tmp_path / "t", base=BASE, case=text)))
    assert {one.position[1:] for one in found} == {place}
    assert {one.subject for one in found} == {'workload "w"'}
    assert "flavor-and-image" in {one.rule for one in found}


def test_what_is_wrong_with_all_members_is_said_once(tmp_path: Path) -> None:
    text, [place] = unmarked(
        "workloads: {w: {image: rhel-kvm, flavor: ¦small-esxi, networks: app, members: 'w-[1-3]', "
        "differences: {w-1: {networks: data}, w-2: {description: x}}}}".replace(", w-2: {description: x}", "")
    )
    found = [
        one
        for one in over_documents.judged(load(folder(tmp_path / "t", base=BASE, case=text)))
        if one.rule == "flavor-and-image"
    ]
    assert [one.position[1:] for one in found] == [place]
