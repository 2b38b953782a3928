"""The model by itself: words, references and what blocks say of themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estate.model import Estate, references
from estate.model.aggregates import OWN_TRAIT
from estate.model.images import OldVersion
from estate.model.nearest import nearest
from estate.model.subjects import block_of, subject
from estate.model.words import expand, gibibytes, gibibytes_from_zero, mebibytes, ranges
from estate.placement.triple import TRAIT


def test_traits_of_hypervisors_are_those_of_the_triple() -> None:
    assert OWN_TRAIT == TRAIT


@pytest.mark.parametrize(
    ("written", "mib"),
    [("64 GiB", 65536), ("512 MiB", 512), ("2 TiB", 2 * 1024 * 1024), ("0.5 GiB", 512), ("4GiB", 4096)],
)
def test_sizes(written: str, mib: int) -> None:
    assert mebibytes(written) == mib


@pytest.mark.parametrize(
    "written", ["64", "64 GB", "-1 GiB", "1 GiB ", "GiB", "0 MiB", "0.3 MiB", 64, True, None, [1]]
)
def test_no_sizes(written: object) -> None:
    with pytest.raises(ValueError, match="expected a"):
        mebibytes(written)


def test_gibibytes_are_whole() -> None:
    assert gibibytes("2048 MiB") == 2
    with pytest.raises(ValueError, match="whole number of GiB"):
        gibibytes("1500 MiB")


def test_none_is_a_size_where_it_has_a_meaning() -> None:
    assert [gibibytes_from_zero(one) for one in ("0 GiB", "0 MiB", "2 TiB")] == [0, 0, 2048]
    for wrong in (0, "0", "0.5 GiB", "-1 GiB", None):
        with pytest.raises(ValueError, match="expected a"):
            gibibytes_from_zero(wrong)


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("kvm[01-03]", ("kvm01", "kvm02", "kvm03")),
        ("db-[1,3-4].x", ("db-1.x", "db-3.x", "db-4.x")),
        (["a", "b[1-2]"], ("a", "b1", "b2")),
        ("r[1-2]n[1-2]", ("r1n1", "r1n2", "r2n1", "r2n2")),
        ("one", ("one",)),
        ((), ()),
    ],
)
def test_ranges(written: object, names: tuple[str, ...]) -> None:
    assert expand(written) == names
    assert expand(ranges(names) or ()) == names


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (("kvm03", "kvm01", "kvm02"), ["kvm[01-03]"]),
        (("b2.x", "a", "b4.x", "b1.x"), ["a", "b[1-2,4].x"]),
        (("Not A Name", "n1", "n2"), ["Not A Name", "n1", "n2"]),
    ],
)
def test_names_as_ranges(names: tuple[str, ...], written: list[str]) -> None:
    assert ranges(names) == written


@given(st.text("ab.-_[]0129,/ ;!&", max_size=16) | st.lists(st.text("a[]0-9,", max_size=8), max_size=3))
def test_any_range_is_names_or_a_sentence(written: object) -> None:
    try:
        said = list(expand(written))
    except ValueError as error:
        said = [str(error)]
    assert said[0].startswith("expected ") or len(set(said)) == len(said)


def test_subjects() -> None:
    assert subject(("workloads", "w", "volumes", "d", "type")) == 'workload "w"'
    assert subject(("storage", "a", "volume_types", "t", "serves")) == 'volume type "t"'
    assert subject(("storage", "a", "capacity")) == 'array "a"'
    assert subject(("estate", "name")) == "estate"
    assert block_of(("networks", "n", "subnets", "s", "cidr")) == ("networks", "n", "subnets", "s")


def test_nearest() -> None:
    assert nearest("prd", ["prod", "dev"]) == " Did you mean prod?"
    assert nearest("x", ["prod", "dev"]) == " There is: dev, prod."
    assert nearest("x", []) == " There is none."
    assert nearest("x", [f"name{n}" for n in range(10)]).endswith("name7, ….")


def test_every_field_that_names_a_block_is_checked() -> None:
    """The marks are complete: a name-like field that refers to a kind carries one."""
    estate = Estate.model_validate(
        {
            "estate": {"name": "t"},
            "workloads": {
                "w": {
                    "image": "i",
                    "flavor": "f",
                    "networks": ["n", "m"],
                    "security_groups": "g",
                    "volumes": {"d": {"type": "v", "size": "1 GiB"}},
                    "availability_zone": "z",
                }
            },
            "security_groups": {"h": {"rules": [{"protocol": "tcp", "group": "k"}]}},
            "routers": {"r": {"networks": "o"}},
            "flavors": {
                "e": {"hypervisor": "esxi", "vcpus": 1, "memory": "1 GiB", "disk": "1 GiB", "projects": "p"}
            },
            "aggregates": {"a": {"hypervisor": "esxi", "availability_zone": "y", "clusters": "c"}},
            "clusters": {
                "b": {
                    "vcenter": "vc",
                    "compute_host": "x",
                    "host_classes": {"x": {"hosts": "h", "cores": 1, "threads": 1, "memory": "1 GiB"}},
                }
            },
            "storage": {
                "s": {
                    "capacity": "1 TiB",
                    "volume_types": {"t": {"serves": "esxi", "vcenter": "vd"}},
                    "datastores": {"d": {"capacity": "1 GiB", "clusters": "q"}},
                }
            },
        }
    )
    assert {(use.kind, use.name) for use in references.references(estate)} == {
        ("images", "i"), ("flavors", "f"), ("networks", "n"), ("networks", "m"), ("security_groups", "g"),
        ("volume_types", "v"), ("availability_zones", "z"), ("security_groups", "k"), ("networks", "o"),
        ("projects", "p"), ("clusters", "c"), ("vcenters", "vc"), ("vcenters", "vd"), ("clusters", "q"),
    }  # fmt: skip


def test_images_of_one_name_behind_two_addresses_are_two_files() -> None:
    """A rehearsal makes a stand-in of each, and a review sees another one behind the same name."""
    rhel, windows = (
        OldVersion.model_validate({"url": f"https://images.example/{path}/disk.img", "sha256": digit * 64})
        for path, digit in (("rhel", "a"), ("windows", "b"))
    )
    assert (rhel.file_name, windows.file_name) == ("aaaaaaaaaaaa-disk.img", "bbbbbbbbbbbb-disk.img")
