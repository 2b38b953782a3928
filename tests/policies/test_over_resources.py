"""The pack over resources: of this project's program, and of programs that never heard of it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from estate.model import Estate
from estate.openstack.servers import RESTRICTION_KEY
from policies import properties
from policies.over_documents import findings
from policies.rules import RULES
from tests.components.recording import record_estate
from tests.estates import changed, sandbox
from tests.policies.pack import UNKNOWN, Pack, Resource, running

V = "trait:CUSTOM_HV_VMWARE"
IMAGE = Resource(
    type=properties.IMAGE,
    name="good",
    inputs={
        "name": "good",
        "diskFormat": "vmdk",
        "properties": {"hypervisor_type": "vmware", V: "required"},
    },
    outputs={"imageId": UNKNOWN},
)
UNTAGGED = replace(IMAGE, name="untagged", inputs={"name": "untagged", "diskFormat": "vmdk"})
FLAVOR = Resource(
    type=properties.FLAVOR, name="flavor", inputs={"name": "flavor", "extraSpecs": {V: "required"}}
)
SERVER = Resource(
    type=properties.SERVER,
    name="server",
    inputs={"imageId": UNKNOWN, "flavorId": UNKNOWN, "metadata": {"estate_restriction": "licence"}},
    sources={"imageId": [IMAGE.urn], "flavorId": [FLAVOR.urn]},
    outputs={"availabilityZone": UNKNOWN, "imageName": UNKNOWN, "flavorName": UNKNOWN},
)
WORKLOAD = Resource(
    type=properties.WORKLOAD,
    name="ledger",
    inputs={
        "name": "ledger",
        "servers": ["ledger"],
        "restricted": True,
        "restriction": {"reason": "licence"},
        "image": {"name": "good", "properties": {"hypervisor_type": "vmware", V: "required"}},
        "flavor": {"name": "flavor", "extraSpecs": {V: "required"}},
        "availabilityZone": "az-esxi",
    },
)
WRONG_WORKLOAD = replace(
    WORKLOAD,
    inputs={**WORKLOAD.inputs, "image": {"name": "linux", "properties": {"hypervisor_type": "qemu"}}},
)


@pytest.fixture(scope="module")
def pack() -> Iterator[Pack]:
    with running() as one:
        yield one


@pytest.fixture(scope="module")
def updating() -> Iterator[Pack]:
    with running(preview=False) as one:
        yield one


def server(name: str, /, sources: dict[str, list[str]] | None = None, **inputs: Any) -> Resource:
    """The restricted server with other inputs; ``None`` removes one."""
    merged = {key: value for key, value in {**SERVER.inputs, **inputs}.items() if value is not None}
    return replace(SERVER, name=name, inputs=merged, sources={**SERVER.sources, **(sources or {})})


def registered(estate: Estate) -> list[Resource]:
    """What this project's program registers for an estate, at preview."""
    recorded = record_estate(estate, preview=True)
    by_key = {key: one.urn for key, one in recorded.items()}
    made: dict[str, Resource] = {}
    for one in recorded.values():
        parent = made[one.parent].urn if one.parent in made else ""
        made[one.urn] = Resource(
            type=one.type,
            name=one.name,
            inputs=one.inputs,
            parent=parent,
            sources={
                key: [made[by_key[source]].urn for source in sources if by_key.get(source) in made]
                for key, sources in one.property_dependencies.items()
            },
        )
    return list(made.values())


def test_the_pack_offers_every_rule_once(pack: Pack) -> None:
    assert pack.names() == [rule.name for rule in RULES]


def test_the_key_of_the_restriction_is_the_components() -> None:
    assert properties.RESTRICTION_KEY == RESTRICTION_KEY


def test_our_program_for_the_sandbox_breaks_no_rule(pack: Pack) -> None:
    assert pack.analyze(*registered(sandbox())) == []


def test_every_server_of_our_program_is_traced_to_its_image() -> None:
    """Else a rule could pass because there was nothing to see."""
    resources = registered(sandbox())
    images = {one.urn for one in resources if one.type == properties.IMAGE}
    servers = [one for one in resources if one.type == properties.SERVER]
    assert len(servers) == 12
    assert all(set(one.sources["imageId"]) <= images and one.sources["imageId"] for one in servers)


def edited(resources: list[Resource], of: str, key: str, source: str) -> list[Resource]:
    """Our program with one edit: workload and server ``of`` take image or flavor of those of ``source``."""
    found = {(one.type, one.name): one for one in resources}
    workload, server = (properties.WORKLOAD, of), (properties.SERVER, of)
    theirs = found[properties.WORKLOAD, source].inputs[key]
    found[workload] = replace(found[workload], inputs={**found[workload].inputs, key: theirs})
    sources = {**found[server].sources, f"{key}Id": found[properties.SERVER, source].sources[f"{key}Id"]}
    found[server] = replace(found[server], sources=sources)
    return list(found.values())


@pytest.mark.parametrize(("key", "name"), [("image", "linux-kvm"), ("flavor", "kvm-small")])
def test_documents_and_program_break_a_rule_in_the_same_words(pack: Pack, key: str, name: str) -> None:
    (finding,) = findings(changed((f"workloads/ledger-db/{key}", name)))
    (violation,) = pack.analyze(*edited(registered(sandbox()), "ledger-db", key, "web-1"))
    assert (violation.rule, violation.message) == (finding.rule, finding.message)
    assert violation.mandatory


def test_an_aggregate_breaks_a_rule_in_the_same_words(pack: Pack) -> None:
    other = {"trait:CUSTOM_HV_KVM": "required"}
    (finding,) = findings(changed(("aggregates/vendor/metadata", other)))
    resources = [
        replace(one, inputs={**one.inputs, "metadata": {**one.inputs["metadata"], **other}})
        if one.name == "vendor" and one.type in (properties.ESXI_AGGREGATE, properties.AGGREGATE)
        else one
        for one in registered(sandbox())
    ]
    # Said of the component and of the resource that it makes.
    assert [(one.rule, one.message) for one in pack.analyze(*resources)] == [
        (finding.rule, finding.message)
    ] * 2


def test_a_foreign_program_passes(pack: Pack) -> None:
    general = server("general", metadata=None)
    assert pack.analyze(IMAGE, FLAVOR, SERVER, general) == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (server("a", {"imageId": [UNTAGGED.urn]}), 'image "untagged" does not carry hypervisor_type=vmware'),
        (server("b", {"imageId": []}, imageId="1234"), "the tags of its image cannot be known here"),
        (server("c", {"imageId": [IMAGE.urn, UNTAGGED.urn]}), "the tags of its image cannot be known here"),
        (
            server("d", {"flavorId": []}, flavorId="1234"),
            "the extra specs of its flavor cannot be known here",
        ),
        (server("e", availabilityZone=UNKNOWN), "its availability zone cannot be known here"),
        (
            server("e2", availabilityZoneHints="az-esxi:kvm1"),
            "names a host, which makes Nova skip its filters",
        ),
        (
            server("f", {"imageId": [UNTAGGED.urn]}, metadata=UNKNOWN),
            "it is not known yet whether this server must stay on ESXi",
        ),
        (
            server("g", {"imageId": [UNTAGGED.urn]}, metadata={RESTRICTION_KEY: UNKNOWN}),
            "(restriction: unknown)",
        ),
        (
            server("h", imageId=None, blockDevices=[{"sourceType": "volume", "uuid": UNKNOWN}]),
            "the tags of its image cannot be known here",
        ),
        (server("i", {"imageId": []}, imageId=None, imageName="untagged"), 'image "untagged" does not carry'),
    ],
)
def test_a_foreign_program_that_could_leave_esxi_or_cannot_tell(
    pack: Pack, wrong: Resource, says: str
) -> None:
    (violation,) = pack.analyze(IMAGE, UNTAGGED, FLAVOR, wrong)
    assert violation.rule == "esxi-restricted-on-esxi"
    assert violation.name == wrong.name
    assert violation.mandatory
    assert says in violation.message


@pytest.mark.parametrize(
    "right",
    [
        server("a", metadata=UNKNOWN),
        server("b", metadata={RESTRICTION_KEY: "licence", "other": UNKNOWN}),
        server("c", {"imageId": []}, imageId=None, imageName="good"),
        server(
            "d",
            {"imageId": [], "blockDevices": [IMAGE.urn]},
            imageId=None,
            blockDevices=[{"sourceType": "image", "uuid": UNKNOWN}],
        ),
        server("e", {"imageId": []}, imageId="1234", metadata={"other": UNKNOWN}),
    ],
)
def test_a_foreign_program_that_stays(pack: Pack, right: Resource) -> None:
    assert pack.analyze(IMAGE, UNTAGGED, FLAVOR, right) == []


def test_an_unknown_tag_is_a_mandatory_refusal(pack: Pack) -> None:
    image = replace(IMAGE, inputs={**IMAGE.inputs, "properties": UNKNOWN})
    (violation,) = pack.analyze(image, FLAVOR, SERVER)
    assert violation.mandatory
    assert "the tags of its image cannot be known here" in violation.message


def test_a_raw_server_beside_our_components_is_refused(pack: Pack) -> None:
    (violation,) = pack.analyze(IMAGE, FLAVOR, WORKLOAD, SERVER)
    assert violation.rule == "server-inside-workload"
    inside = replace(SERVER, parent=WORKLOAD.urn)
    assert pack.analyze(IMAGE, FLAVOR, WORKLOAD, inside) == []


def test_a_server_of_a_workload_with_another_image_than_it_says(pack: Pack) -> None:
    inside = replace(
        SERVER, parent=WORKLOAD.urn, sources={"imageId": [UNTAGGED.urn], "flavorId": [FLAVOR.urn]}
    )
    (violation,) = pack.analyze(IMAGE, UNTAGGED, FLAVOR, WORKLOAD, inside)
    assert (violation.rule, violation.name) == ("esxi-restricted-on-esxi", "server")


def test_a_workload_is_refused_once_and_not_again_for_its_servers(pack: Pack) -> None:
    inside = replace(
        SERVER, parent=WRONG_WORKLOAD.urn, sources={"imageId": [UNTAGGED.urn], "flavorId": [FLAVOR.urn]}
    )
    (violation,) = pack.analyze(IMAGE, UNTAGGED, FLAVOR, WRONG_WORKLOAD, inside)
    assert (violation.rule, violation.name) == ("esxi-restricted-on-esxi", "ledger")


def test_an_update_judges_a_workload_before_anything_of_it_is_made(updating: Pack) -> None:
    (violation,) = updating.analyze(WRONG_WORKLOAD, stack=False)
    assert violation.rule == "esxi-restricted-on-esxi"
    assert violation.mandatory


def test_an_update_refuses_a_raw_server_as_soon_as_a_component_was_seen(updating: Pack) -> None:
    (violation,) = updating.analyze(WORKLOAD, SERVER, stack=False)
    assert (violation.rule, violation.name) == ("server-inside-workload", "server")


def test_aggregates_and_flavors_are_judged_alone() -> None:
    esxi = Resource(
        type=properties.ESXI_AGGREGATE,
        name="vendor",
        inputs={"name": "vendor", "hypervisor": "esxi", "hosts": ["n"], "metadata": {}},
    )
    public = replace(FLAVOR, inputs={**FLAVOR.inputs, "isPublic": True})
    with running(preview=False) as fresh:
        assert [one.rule for one in fresh.analyze(esxi, public, stack=False)] == [
            "esxi-aggregate-isolated",
            "esxi-flavor-private",
        ]
