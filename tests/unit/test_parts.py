"""Which stack makes which block, and what cannot be referred to over a border."""

from typing import Any

import pytest

from estate.model import Estate
from estate.model.members import flat
from estate.model.partition import Share, partition, project_of
from estate.model.parts import DRS_RULES, PLATFORM
from estate.model.references import conflicts
from estate.placement import contradictions
from estate.placement.landing import Lander
from tests.estates import changed, sandbox

VC1 = ("parts/vc1", {"vcenter": "vc1"})
SHARED = [(f"networks/{name}/shared_with", "payments") for name in ("data", "backup")]
TEAM = ["web-2", "cache", "ledger-db", "ledger-app", "swift-gateway", "hsm-proxy"]
PAYMENTS = ("parts/payments", {"project": "payments", "workloads": TEAM})


def split(*more: tuple[str, Any]) -> Estate:
    """The sandbox in all the parts that there can be."""
    return changed(VC1, PAYMENTS, *SHARED, *more)


def shares(estate: Estate) -> dict[str, Share]:
    return {one.name: one for one in partition(estate)}


def found(estate: Estate) -> list[tuple[str, tuple[object, ...], str]]:
    return [(one.rule, one.loc, one.message) for one in contradictions.check(estate)]


def test_without_parts_there_is_one_stack_with_everything() -> None:
    estate = sandbox()
    (only,) = partition(estate)
    assert only.whole
    assert only.platform
    assert only.workloads == tuple(estate.workloads)
    assert only.vcenters == only.reaches == ("vc1",)
    assert (only.keypairs, only.server_groups, only.apart) == (("operations",), ("vendors",), ("vendors",))
    assert project_of(estate) == {}


def test_every_block_is_in_one_part_and_each_part_needs_only_earlier_ones() -> None:
    estate = split()
    parts = partition(estate)
    assert [one.name for one in parts] == ["vc1", PLATFORM, "payments", DRS_RULES]
    for kind in ("vcenters", "workloads", "keypairs", "server_groups"):
        made = [name for one in parts for name in getattr(one, kind)]
        assert sorted(made) == sorted(getattr(estate, kind))
    assert [one.name for one in parts if one.platform] == [PLATFORM]
    for number, one in enumerate(parts):
        assert set(one.needs) <= {other.name for other in parts[:number]}


def test_only_the_parts_that_must_connect_to_a_vcenter() -> None:
    assert {name: one.reaches for name, one in shares(split()).items()} == {
        "vc1": ("vc1",),
        PLATFORM: (),
        "payments": (),
        DRS_RULES: ("vc1",),
    }


def test_a_vcenter_of_no_part_is_the_platforms() -> None:
    parts = shares(changed(PAYMENTS, *SHARED))
    assert parts[PLATFORM].vcenters == parts[PLATFORM].reaches == ("vc1",)
    assert parts[DRS_RULES].apart == ("vendors",)  # the members are in another stack


def test_rules_for_drs_stand_with_their_servers_where_these_and_the_vcenter_are_the_platforms() -> None:
    team = {"project": "payments", "workloads": ["web-2"]}
    assert shares(changed(("parts/payments", team)))[DRS_RULES].apart == ("vendors",)
    without = changed(VC1, ("server_groups/vendors", {"policy": "soft-affinity"}))
    assert [one.name for one in partition(without)] == ["vc1", PLATFORM]


def test_a_key_is_made_in_each_part_that_uses_it() -> None:
    parts = shares(split(("workloads/cache/keypair", "operations")))
    assert parts[PLATFORM].keypairs == parts["payments"].keypairs == ("operations",)
    team = {"project": "payments", "workloads": ["batch"]}
    parts = shares(changed(("networks/data/shared_with", "payments"), ("parts/payments", team)))
    assert (parts[PLATFORM].keypairs, parts["payments"].keypairs) == ((), ("operations",))


def test_members_that_differ_stay_in_their_part() -> None:
    estate = split(
        ("workloads/cache/members", "cache-[1-2]"),
        ("workloads/cache/addresses", None),
        ("workloads/cache/differences", {"cache-2": {"flavor": "kvm-small"}}),
    )
    assert project_of(flat(estate))["cache/cache-2"] == "payments"
    assert found(estate) == []


def test_a_part_asks_nova_as_a_member_of_its_project() -> None:
    estate = split()
    lander = Lander(estate)
    assert lander.landing(estate.workloads["ledger-db"]).aggregate == "vendor"
    foreign = split(("projects/treasury", {}), ("flavors/esxi-medium/projects", "treasury"))
    assert Lander(foreign).landing(foreign.workloads["ledger-db"]).aggregate is None


@pytest.mark.parametrize(
    ("change", "place", "says"),
    [
        (
            ("networks/data/shared_with", "treasury"),
            ("workloads", "cache", "networks", "data"),
            'part "payments" is of project "payments": network "data" is not shared with it.',
        ),
        (
            ("flavors/esxi-medium/projects", "treasury"),
            ("workloads", "ledger-db", "flavor"),
            'flavor "esxi-medium" is not for it. Add it to the projects of that flavor, or use one of kvm-',
        ),
        (
            ("storage/array1/volume_types/encrypted-kvm/projects", ["treasury"]),
            ("workloads", "cache", "volumes", "tokens", "type"),
            'volume type "encrypted-kvm" is not for it.',
        ),
        (
            ("workloads/web-2/boot_volume", {"type": "encrypted-kvm"}),
            ("workloads", "web-2", "boot_volume", "type"),
            'volume type "encrypted-kvm" is not for it.',
        ),
        (
            ("workloads/reports/server_group", "vendors"),
            ("workloads", "ledger-db", "server_group"),
            'server group "vendors" has members in other parts (reports)',
        ),
    ],
)
def test_what_a_member_cannot_use_is_a_finding_where_it_is_used(
    change: tuple[str, Any], place: tuple[str, ...], says: str
) -> None:
    more: list[tuple[str, Any]] = [("projects/treasury", {})]
    if "encrypted" in says:
        more.append(("storage/array1/volume_types/encrypted-kvm/projects", ["treasury"]))
    wrong = [one for one in found(split(*more, change)) if one[0] == "out-of-reach"]
    (message,) = [text for _, loc, text in wrong if loc == place]
    assert says in message


def test_a_quota_that_is_too_small_for_the_workloads_of_a_projects_parts_is_a_finding() -> None:
    quota = {
        "compute": {"instances": 6, "cores": 11, "memory": "1 GiB"},
        "network": {"ports": 40},
        "volumes": {
            "size": "10 GiB",
            "types": {"standard-esxi": {"volumes": 1}, "encrypted-kvm": {"volumes": 0}},
        },
    }
    wrong = found(split(("projects/payments/quota", quota)))
    assert [loc[3:] for rule, loc, _ in wrong if rule == "project-quota"] == [
        ("compute", "memory"),
        ("volumes", "size"),
        ("volumes", "types", "encrypted-kvm", "volumes"),
    ]
    assert wrong[1][2] == (
        "quota.volumes.size: expected room for its parts' workloads, found 11 GiB asked for and 10 GiB to "
        "give: the last ones would be refused. Raise it, or use less."
    )
    boundless = {"compute": {"memory": "unlimited"}, "volumes": {"size": "unlimited"}}
    assert not found(split(("projects/payments/quota", boundless)))
    # Without parts the documents do not say whose servers they are.
    assert not found(changed(("projects/payments/quota", quota)))


def test_everything_is_in_one_part() -> None:
    estate = split(
        ("parts/again", {"vcenter": "vc1"}), ("parts/more", {"project": "payments", "workloads": ["cache"]})
    )
    assert [(one.rule, one.loc) for one in conflicts(estate)] == [
        ("one-part", ("parts", "again", "vcenter")),
        ("one-part", ("parts", "more", "workloads", "cache")),
    ]


@pytest.mark.parametrize(
    ("name", "part", "says"),
    [
        ("p", {}, "expected either vcenter or project, got none"),
        ("p", {"vcenter": "vc1", "project": "payments"}, "expected either vcenter or project, got both"),
        ("p", {"project": "payments"}, "expected the workloads of the project, got none"),
        ("p", {"vcenter": "vc1", "workloads": ["cache"]}, "the part of a vCenter has no workloads"),
        ("platform", {"vcenter": "vc1"}, "platform is the name of a part that is there by itself"),
    ],
)
def test_a_part_is_of_one_sort(name: str, part: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        changed((f"parts/{name}", part))
