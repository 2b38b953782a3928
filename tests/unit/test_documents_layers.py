"""Layering: a folder over another one, what it removes, and where every value was said."""

from pathlib import Path

import pytest

from estate.documents import load
from estate.documents.attachments import user_data
from tests.unit.marked import BASE, folder, unmarked

W = "image: rhel-kvm, flavor: small-kvm, networks: [app]"


def layered(tmp_path: Path, above: str, below: str = BASE, **more: str) -> Path:
    folder(tmp_path / "base", base=below)
    return folder(tmp_path / "env", case=f"extends: ../base\n{above}", **more)


def said(env: Path) -> list[str]:
    return [str(problem).removeprefix(f"{env}/") for problem in load(env).problems]


def test_mappings_merge_and_lists_and_scalars_replace(tmp_path: Path) -> None:
    below = f"{BASE}\nworkloads: {{w: {{{W}, volumes: {{a: {{type: gold-kvm, size: 1 GiB}}}}}}}}"
    env = layered(
        tmp_path,
        "estate: {name: prod}\n"
        "workloads: {w: {networks: [data], volumes: {a: {size: 2 GiB}, b: {type: gold-kvm, size: 3 GiB}}}}",
        below,
    )
    loaded = load(env)
    assert loaded.problems == ()
    assert loaded.estate is not None
    workload = loaded.estate.workloads["w"]
    assert loaded.estate.estate.name == "prod"
    assert (workload.image, workload.networks) == ("rhel-kvm", ("data",))
    assert {name: (one.type, one.size) for name, one in workload.volumes.items()} == {
        "a": ("gold-kvm", 2),
        "b": ("gold-kvm", 3),
    }
    assert [path.name for path in loaded.files] == ["case.yaml", "base.yaml"]


def test_remove_takes_away_at_every_depth(tmp_path: Path) -> None:
    below = f"{BASE}\nworkloads: {{v: {{{W}}}, w: {{{W}, security_groups: [web], members: 'w[1-2]'}}}}"
    env = layered(tmp_path, "workloads: {v: !remove , w: {security_groups: !remove }}", below)
    loaded = load(env)
    assert loaded.problems == ()
    assert loaded.estate is not None
    assert list(loaded.estate.workloads) == ["w"]
    assert loaded.estate.workloads["w"].security_groups == ()


def test_a_block_that_is_removed_may_be_defined_by_a_layer_further_up(tmp_path: Path) -> None:
    folder(tmp_path / "a", base=BASE, w=f"workloads: {{w: {{{W}}}}}")
    folder(tmp_path / "b", case="extends: ../a\nworkloads: {w: !remove }")
    env = folder(tmp_path / "c", case=f"extends: ../b\nworkloads: {{w: {{{W}, security_groups: web}}}}")
    estate = load(env).estate
    assert estate is not None
    assert estate.workloads["w"].security_groups == ("web",)


def test_every_value_keeps_the_place_that_said_it(tmp_path: Path) -> None:
    env = layered(tmp_path, "flavors:\n  small-kvm:\n    vcpus: 2\n    description: x")
    loaded = load(env)
    base = (tmp_path / "base" / "base.yaml").read_text().splitlines()
    line = next(number for number, text in enumerate(base, 1) if "small-kvm:" in text)
    where = loaded.where(("flavors", "small-kvm", "memory"))
    # The folder below is named as `extends` leads to it.
    assert where == (f"{tmp_path}/base/base.yaml", line, base[line - 1].index("1 GiB") + 1)
    assert loaded.where(("flavors", "small-kvm", "vcpus")) == (f"{env}/case.yaml", 4, 12)
    assert loaded.where(("flavors", "small-kvm")) == (f"{env}/case.yaml", 3, 3)


def test_an_error_points_at_the_layer_that_said_it(tmp_path: Path) -> None:
    below = f"{BASE}\nworkloads:\n  w: {{image: gone, flavor: small-kvm, networks: app}}\n"
    env = layered(tmp_path, "workloads:\n  w: {flavor: smal-kvm}", below)
    lines = below.count("\n")
    assert [str(problem) for problem in load(env).problems] == [
        f'{tmp_path}/base/base.yaml:{lines}:14: workload "w": there is no image "gone". There is: rhel-esxi, '
        "rhel-kvm.",
        f'{env}/case.yaml:3:15: workload "w": there is no flavor "smal-kvm". Did you mean small-kvm?',
    ]


CASES = {
    "remove-what-no-layer-has": (
        "workloads: {w: ¦!remove }\nprojects: {q: {}}",
        'workload "w": there is no "w" to remove: no folder below this one (extends) says it here.',
    ),
    "remove-nearly": (
        "projects: {paj: ¦!remove }",
        'project "paj": there is no "paj" to remove: no folder below this one (extends) says it here. '
        "Did you mean pay?",
    ),
    "remove-a-key-that-was-not-said": (
        "flavors: {small-kvm: {description: ¦!remove }}",
        'flavor "small-kvm": there is no "description" to remove: no folder below this one (extends) says it '
        "here. There is: disk, hypervisor, memory, vcpus.",
    ),
    "remove-inside-a-new-block": (
        "projects: {q: {description: ¦!remove }}",
        'project "q": there is no "description" to remove: no folder below this one (extends) says it here.',
    ),
    "remove-what-is-needed": (
        "flavors: {¦small-kvm: {vcpus: !remove }}",
        'flavor "small-kvm": the key "vcpus" is missing (VCPUs).',
    ),
    "remove-what-others-name": (
        "projects: {pay: !remove }\nflavors: {small-esxi: {projects: [¦pay]}}",
        'flavor "small-esxi": there is no project "pay". There is none.',
    ),
    "unknown-key-above": (
        "flavors: {small-kvm: {¦vcpu: 2}}",
        'flavor "small-kvm": unknown key "vcpu". Did you mean vcpus?',
    ),
    "a-scalar-over-a-mapping": (
        "aggregates: {general: {host_classes: ¦64 GiB}}",
        "aggregate \"general\": host_classes: expected a mapping (name: …), got '64 GiB'.",
    ),
    "twice-in-one-folder": (
        "projects: {pay: {}}\n",  # beside second.yaml
        'project "pay": is defined twice; it stands at {env}/case.yaml:2:12 already.',
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_says_what_is_wrong_with_a_layer(tmp_path: Path, name: str) -> None:
    document, message = CASES[name]
    if name == "twice-in-one-folder":
        env = layered(tmp_path, document, second="projects: {pay: {}}")
        expected = f"second.yaml:1:12: {message.format(env=env)}"
    else:
        text, [(line, column)] = unmarked(document)
        env = layered(tmp_path, text)
        expected = f"case.yaml:{line + 1}:{column}: {message}"
    assert said(env) == [expected]


def test_a_circle_is_refused_with_both_places(tmp_path: Path) -> None:
    folder(tmp_path / "b", case="# first\nextends: ../a")
    env = folder(tmp_path / "a", base=BASE, case="extends: ../b")
    assert [str(problem) for problem in load(env).problems] == [
        f"{tmp_path}/b/case.yaml:2:10: document: {env} leads back to here: it extends another folder at "
        f"{env}/case.yaml:1:10; one of the two must go."
    ]


def test_extends_in_two_documents(tmp_path: Path) -> None:
    env = layered(tmp_path, "", second="projects: {q: {}}\nextends: ../base")
    assert said(env) == [
        f"second.yaml:2:1: document: extends is said twice in this folder; it stands at {env}/case.yaml:1:1 "
        "already."
    ]


def test_a_folder_below_without_documents(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    env = folder(tmp_path / "env", case="estate: {name: t}\nextends: ../empty")
    assert said(env) == [
        f"case.yaml:2:10: document: expected documents (*.yaml) in {tmp_path}/empty, found none."
    ]


def test_what_a_missing_layer_would_have_said_is_not_missed(tmp_path: Path) -> None:
    env = folder(tmp_path / "env", case=f"extends: ../bsae\nworkloads: {{w: {{{W}}}}}")
    assert [one.rule for one in load(env).problems] == ["unknown-folder"]


def test_all_layers_are_judged_at_once(tmp_path: Path) -> None:
    env = layered(tmp_path, "projects: {q: {x: 1}}", f"{BASE}\nroutesr: {{}}")
    assert [one.rule for one in load(env).problems] == ["unknown-key", "unknown-key"]


def test_too_many_layers(tmp_path: Path) -> None:
    for number in range(20):
        folder(tmp_path / f"l{number}", case=f"extends: ../l{number + 1}")
    folder(tmp_path / "l20", case=BASE)
    (problem,) = load(tmp_path / "l0").problems
    assert problem.rule == "nested-too-deeply"
    assert problem.message == "expected at most 16 layers, got more."


def test_a_file_of_user_data_lies_beside_the_document_that_names_it(tmp_path: Path) -> None:
    below = f"{BASE}\nworkloads: {{w: {{{W}, user_data: {{file: boot.txt}}}}}}"
    env = layered(
        tmp_path,
        f"workloads: {{v: {{{W}, user_data: {{file: boot.txt}}}}, "
        f"x: {{{W}, user_data: {{file: ../boot.txt}}}}}}",
        below,
    )
    (tmp_path / "boot.txt").write_text("#outside")
    (tmp_path / "base" / "boot.txt").write_text("#below")
    (tmp_path / "env" / "boot.txt").write_text("#above")
    texts, findings = user_data(load(env))
    assert texts == {"w": "#below", "v": "#above"}
    assert [one.message for one in findings] == [
        "user_data: expected a file in the folder of its document, got ../boot.txt."
    ]


def test_documents_in_a_folder_inside_are_not_passed_over(tmp_path: Path) -> None:
    env = folder(tmp_path / "env", case=BASE)
    for inner in ("apps", ".old"):
        folder(env / inner, web=f"workloads: {{w: {{{W}}}}}", compose="{networks: {a: {}}, services: {}}")
    assert said(env) == [
        f"apps/web.yaml:1:1: document: only the documents of {env} itself are read, and this one is in a "
        f"folder inside of it. Move it to {env}/web.yaml; a folder that is an environment of its own says "
        "extends; one whose name begins with a dot is left alone."
    ]
    assert [one.rule for one in load(env).problems] == ["folder-not-read"]


def test_an_environment_may_lie_inside_the_one_it_extends(tmp_path: Path) -> None:
    env = folder(tmp_path / "env", case=BASE)
    inner = folder(env / "test", case=f"extends: ..\nworkloads: {{w: {{{W}}}}}", more="projects: {q: {}}")
    assert said(env) == []
    assert said(inner) == []
