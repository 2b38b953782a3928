"""Friendly names of ``--only``: exactly the resources of a block."""

import pytest

from components.targets import UnknownSubjectError, globs, makes, matches, needed, parse, targets
from estate.model.graph import Node
from estate.model.partition import partition, whole
from review.recording import record_estate
from review.registration import Registration
from tests.estates import changed, sandbox

Recorded = list[Registration]
NEIGHBOURS = {
    name: {"image": "linux-kvm", "flavor": "kvm-small", "networks": "app"} for name in ("web-10", "web")
}
ESTATE = changed(*((f"workloads/{name}", block) for name, block in NEIGHBOURS.items()))


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return list(record_estate(ESTATE).values())


def below(recorded: Recorded, urn: str) -> set[str]:
    """A resource and all that it is the parent of."""
    children = [one.urn for one in recorded if one.parent == urn]
    return {urn}.union(*(below(recorded, child) for child in children))


def blocks() -> list[Node]:
    kinds = [kind for kind in type(ESTATE).model_fields if kind not in ("estate", "parts", "exemptions")]
    return [Node(kind, name) for kind in kinds for name in getattr(ESTATE, kind)]


def meant(recorded: Recorded, node: Node) -> set[str]:
    return {one.urn for one in recorded for glob in globs(ESTATE, node, "stack") if matches(glob, one.urn)}


@pytest.mark.parametrize("node", blocks(), ids=lambda node: f"{node.kind}:{node.name}")
def test_a_block_is_its_component_and_all_that_it_makes(recorded: Recorded, node: Node) -> None:
    name = f"vc1/{ESTATE.vcenters['vc1'].switch}" if node.kind == "vcenters" else node.name
    tops = [
        one
        for one in recorded
        if one.type.startswith("estate:index:") and one.name == name and one.urn in meant(recorded, node)
    ]
    (component,) = tops
    assert meant(recorded, node) == below(recorded, component.urn)


def test_together_they_are_everything(recorded: Recorded) -> None:
    found = set().union(*(meant(recorded, node) for node in blocks()))
    # A vCenter's provider is always meant, and the gate of all workloads with each of them.
    nobodys = ("pulumi:providers:vsphere", "pulumi-python:dynamic/estate:ShrinkingDisks")
    assert {one.urn for one in recorded if one.type not in nobodys} == found


def test_what_a_block_needs_is_what_its_resources_depend_on(recorded: Recorded) -> None:
    of_block = {urn: node for node in blocks() for urn in meant(recorded, node)}
    by_key = {f"{one.type.split(':')[-1]}::{one.name}": one.urn for one in recorded}
    for one in recorded:
        node = of_block.get(one.urn)
        if node is None or one.name.endswith("-spread"):  # which waits for servers
            continue
        around = {of_block[by_key[key]] for key in one.dependencies if by_key[key] in of_block}
        assert around - {node} <= set(needed(ESTATE, node)), one.urn


def test_a_server_on_kvm_needs_nothing_of_vsphere_but_the_switch_of_its_network() -> None:
    kinds = {one.kind for one in needed(sandbox(), Node("workloads", "queue"))}
    assert "clusters" not in kinds
    assert "aggregates" in kinds


@pytest.mark.parametrize(
    ("subject", "node"),
    [
        ("workload:ledger-db", Node("workloads", "ledger-db")),
        ("security-group:web", Node("security_groups", "web")),
        ("array:array1", Node("storage", "array1")),
    ],
)
def test_subjects(subject: str, node: Node) -> None:
    assert parse(subject) == node


@pytest.mark.parametrize("subject", ["ledger-db", "workloads:ledger-db", "workload:", "exemption:x", ""])
def test_what_is_no_subject(subject: str) -> None:
    with pytest.raises(UnknownSubjectError, match="expected KIND:NAME such as workload:ledger-db"):
        parse(subject)


QUEUE = Node("workloads", "queue")
KVM = "urn:pulumi:stack::*::estate:index:KvmAggregate::general"


def test_what_a_block_needs_comes_with_it_until_it_is_there(recorded: Recorded) -> None:
    share = whole(ESTATE)
    assert KVM in targets(ESTATE, share, QUEUE, "stack", {})
    assert any("ShrinkingDisks" in one for one in targets(ESTATE, share, QUEUE, "stack", {}))
    there = {one.urn: one.parent or None for one in recorded}
    again = targets(ESTATE, share, QUEUE, "stack", there)
    assert not any("Aggregate" in one for one in again)
    assert {one for one in again if "*" not in one} == {
        one.urn for one in recorded if one.name in ("queue", "queue/data")
    }


def test_a_block_that_is_gone_from_the_documents_is_what_is_left_of_it(recorded: Recorded) -> None:
    there = {one.urn: one.parent or None for one in recorded}
    later = changed(("workloads/queue", None))
    assert set(targets(later, whole(later), QUEUE, "stack", there)) == {
        one.urn for one in recorded if one.name in ("queue", "queue/data")
    }
    assert targets(later, whole(later), QUEUE, "stack", {}) == ()


def test_a_member_that_is_gone_goes_with_its_workload(recorded: Recorded) -> None:
    before = changed(("workloads/queue/members", "queue-[1-2]"))
    there = {one.urn: one.parent or None for one in record_estate(before).values()}
    after = changed(("workloads/queue/members", "queue-1"))
    assert any(one.endswith("::queue-2") for one in targets(after, whole(after), QUEUE, "stack", there))


def test_a_block_is_meant_only_in_the_stacks_that_make_it() -> None:
    team = {"project": "payments", "workloads": ["cache"]}
    estate = changed(
        ("networks/data/shared_with", "payments"), ("parts/payments", team), ("parts/vc1", {"vcenter": "vc1"})
    )
    made = {
        f"{node.kind}:{node.name}": [one.name for one in partition(estate) if makes(estate, one, node)]
        for node in (
            Node("workloads", "cache"),
            QUEUE,
            Node("clusters", "esx-a"),
            Node("networks", "data"),
            Node("server_groups", "vendors"),
        )
    }
    assert made == {
        "workloads:cache": ["platform", "payments"],
        "workloads:queue": ["platform"],
        "clusters:esx-a": ["vc1"],
        "networks:data": ["platform"],
        "server_groups:vendors": ["platform", "drs-rules"],
    }
