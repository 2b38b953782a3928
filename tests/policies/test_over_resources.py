"""The pack over resources: of this project's program, and of programs that never heard of it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import grpc  # type: ignore[import-untyped]
import jsonschema
import pytest
from pulumi.runtime.proto import analyzer_pb2

from estate.model import Estate
from estate.model.partition import Share, partition
from estate.openstack.servers import RESTRICTION_KEY
from policies import properties
from policies.catalogue import SCHEMA, Ids, config_of
from policies.over_documents import findings
from policies.rules import RULES
from policies.rules.image_and_flavor_known import NAME as CATALOGUED
from review.recording import record_estate
from tests.estates import changed, sandbox
from tests.policies.pack import UNKNOWN, Pack, Resource, Violation, running, shown

V = "trait:CUSTOM_HV_VMWARE"
IMAGE = Resource(
    type=properties.IMAGE,
    name="good",
    inputs={
        "name": "good",
        "diskFormat": "vmdk",
        "properties": {"hypervisor_type": "vmware", V: "required", "vmware_disktype": "sparse"},
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
        "servers": ["server"],
        "restricted": True,
        "restriction": {"reason": "licence"},
        "image": {"name": "good", "properties": {"hypervisor_type": "vmware", V: "required"}},
        "flavor": {"name": "flavor", "extraSpecs": {V: "required"}},
        "availabilityZone": "az-esxi",
    },
)
TAGGED = Resource(type=properties.TAGGED_IMAGE, name="good", inputs=IMAGE.inputs)
TRAITED = Resource(type=properties.TRAIT_FLAVOR, name="flavor", inputs=FLAVOR.inputs)
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


MAIN = "esxi-restricted-on-esxi"


def of_main(violations: list[Violation]) -> list[Violation]:
    """Without those of the rules that judge images, flavors and catalogue by themselves."""
    return [one for one in violations if one.rule == MAIN]


def server(name: str, /, sources: dict[str, list[str]] | None = None, **inputs: Any) -> Resource:
    """The restricted server with other inputs; ``None`` removes one."""
    merged = {key: value for key, value in {**SERVER.inputs, **inputs}.items() if value is not None}
    return replace(SERVER, name=name, inputs=merged, sources={**SERVER.sources, **(sources or {})})


def with_inputs(resource: Resource, **inputs: Any) -> Resource:
    return replace(resource, inputs={**resource.inputs, **inputs})


GOOD = {"diskFormat": "vmdk", "properties": {"hypervisor_type": "vmware", V: "required"}}
CATALOGUE = {
    "images": {
        "1234": GOOD,
        "kvm": {"diskFormat": "qcow2", "properties": {"hypervisor_type": "qemu"}},
    },
    "flavors": {"esxi-small": {"extraSpecs": {V: "required"}}},
    "volumeTypes": {"gold-kvm": "kvm", "gold-esxi": "esxi"},
    "zones": {"az-kvm": "kvm", "az-esxi": "esxi"},
    "restricted": {"ledger": "certification"},
}
LITERAL = server("literal", {"imageId": [], "flavorId": []}, imageId="1234", flavorId="esxi-small")


def registered(estate: Estate, share: Share | None = None) -> list[Resource]:
    """What this project's program registers for an estate, or one part of it, at preview."""
    return shown(record_estate(estate, share, preview=True))


def test_the_pack_offers_every_rule_once(pack: Pack) -> None:
    assert sorted(one.name for one in pack.rules()) == sorted(rule.name for rule in RULES)


def test_the_key_of_the_restriction_is_the_components() -> None:
    assert properties.RESTRICTION_KEY == RESTRICTION_KEY


def test_our_program_for_the_sandbox_breaks_no_rule(pack: Pack) -> None:
    assert pack.analyze(*registered(sandbox())) == []


TEAM = changed(
    ("parts/vc1", {"vcenter": "vc1"}),
    (
        "parts/payments",
        {"project": "payments", "workloads": ["cache", "ledger-db", "swift-gateway", "hsm-proxy"]},
    ),
)
PARTS = {one.name: one for one in partition(TEAM)}


@pytest.mark.parametrize("part", PARTS)
def test_no_part_of_our_program_breaks_a_rule(pack: Pack, part: str) -> None:
    assert pack.analyze(*registered(TEAM, PARTS[part])) == []


def test_in_a_part_without_images_the_main_rule_holds_as_well(pack: Pack) -> None:
    resources = registered(TEAM, PARTS["payments"])
    assert not any(one.type == properties.IMAGE for one in resources)
    wrong = edited(resources, "ledger-db", "image", "cache")
    assert [(one.name, one.mandatory) for one in of_main(pack.analyze(*wrong))] == [("ledger-db", True)]


def test_what_a_targeted_run_leaves_out_is_not_judged(pack: Pack, updating: Pack) -> None:
    absent = [replace(one, inputs={}, outputs={}) for one in (IMAGE, FLAVOR, SERVER)]
    assert pack.analyze(*absent) == []
    assert updating.analyze(*absent) == []


def test_what_a_refresh_shows_and_the_program_no_longer_has_is_not_judged() -> None:
    """The provider reads a host for each server; the program names none, and this one is to be deleted."""
    gone = replace(server("gone"), outputs={"hypervisorHostname": "kvm1"})
    with running() as one:
        assert one.analyze(IMAGE, FLAVOR, SERVER, refreshed=[gone]) == []
    with running() as one:  # where nothing is shown alone, all counts
        assert {found.rule for found in one.analyze(refreshed=[IMAGE, FLAVOR, gone])} == {"host-not-named"}


def test_every_server_of_our_program_is_traced_to_its_image() -> None:
    """Else a rule could pass because there was nothing to see."""
    resources = registered(sandbox())
    images = {one.urn for one in resources if one.type == properties.IMAGE}
    servers = [one for one in resources if one.type == properties.SERVER]
    assert len(servers) == 12
    # A root volume names its image beside its type.
    named = ["blockDevices" if one.name == "api-2" else "imageId" for one in servers]
    assert all(images & set(one.sources[key]) for one, key in zip(servers, named, strict=True))


def edited(resources: list[Resource], of: str, key: str, source: str) -> list[Resource]:
    """Our program with one edit: workload and server ``of`` take image or flavor of those of ``source``."""
    found = {(one.type, one.name): one for one in resources}
    workload, server = (properties.WORKLOAD, of), (properties.SERVER, of)
    theirs = found[properties.WORKLOAD, source].inputs[key]
    found[workload] = replace(found[workload], inputs={**found[workload].inputs, key: theirs})
    taken = found[properties.SERVER, source]
    sources = {**found[server].sources, f"{key}Id": taken.sources.get(f"{key}Id", [])}
    inputs = {**found[server].inputs, f"{key}Id": taken.inputs[f"{key}Id"]}
    found[server] = replace(found[server], sources=sources, inputs=inputs)
    return list(found.values())


@pytest.mark.parametrize(("key", "name"), [("image", "linux-kvm"), ("flavor", "kvm-small")])
def test_documents_and_program_break_a_rule_in_the_same_words(pack: Pack, key: str, name: str) -> None:
    (finding,) = findings(changed((f"workloads/ledger-db/{key}", name)))
    (violation,) = of_main(pack.analyze(*edited(registered(sandbox()), "ledger-db", key, "web-1")))
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
    (violation,) = of_main(pack.analyze(IMAGE, UNTAGGED, FLAVOR, wrong))
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
        server("e", {"imageId": []}, imageId="1-2-3", metadata={"other": UNKNOWN}),
        server("f", {"imageId": []}, imageId="", imageName="good"),
        server("g", imageName="good"),
        server("h", blockDevices=[{"sourceType": "image", "destinationType": "local", "uuid": "any"}]),
        server(
            "i",
            {"blockDevices": [IMAGE.urn, "urn:pulumi:s::p::openstack:blockstorage/volumeTypeV3::t"]},
            blockDevices=[
                {"sourceType": "image", "destinationType": "volume", "uuid": UNKNOWN, "bootIndex": 0},
                {"sourceType": "blank", "destinationType": "volume", "bootIndex": -1},
                {"sourceType": "volume", "destinationType": "volume", "uuid": "data", "bootIndex": 1},
            ],
        ),
        server("j", {"flavorId": []}, flavorId="chosen"),
    ],
)
def test_a_foreign_program_that_stays(pack: Pack, right: Resource) -> None:
    made = replace(IMAGE, outputs={"id": "1-2-3"})
    chosen = replace(FLAVOR, inputs={**FLAVOR.inputs, "flavorId": "chosen"})
    assert [one for one in pack.analyze(made, chosen, right) if one.name == right.name] == []


ROOT_OF_KVM = {"sourceType": "image", "destinationType": "local", "bootIndex": 0, "uuid": UNKNOWN}
CALLED_LATER = replace(IMAGE, name="called-later", inputs={**IMAGE.inputs, "name": UNKNOWN})


@pytest.mark.parametrize(
    ("wrong", "rule", "says"),
    [
        (
            server("a", {"imageId": []}, imageId="0f2b6c3e", imageName="good"),
            CATALOGUED,
            'image "0f2b6c3e" is neither',
        ),
        (
            server("b", {"imageName": [IMAGE.urn]}, imageId="0f2b6c3e", imageName="good"),
            CATALOGUED,
            'image "0f2b6c3e" is neither',
        ),
        (server("c", imageId="0f2b6c3e"), CATALOGUED, 'image "0f2b6c3e" is neither'),
        (server("d", imageId="kvm"), MAIN, 'image "kvm" runs on KVM only'),
        (
            server("e", {"flavorName": [FLAVOR.urn]}, flavorId=None, flavorName="general"),
            MAIN,
            'flavor "general" does not require',
        ),
        (
            server("f", {"imageName": [IMAGE.urn]}, imageId=None, imageName="good-kvm"),
            CATALOGUED,
            'image "good-kvm" is neither',
        ),
        (
            server("g", {"imageId": [], "imageName": [IMAGE.urn]}, imageId=None, imageName=UNKNOWN),
            CATALOGUED,
            "its image cannot be known here",
        ),
        (
            server(
                "h", {"imageId": [], "blockDevices": [IMAGE.urn]}, imageId="1", blockDevices=[ROOT_OF_KVM]
            ),
            CATALOGUED,
            'image "1" is neither',
        ),
        (
            server("i", imageName="untagged"),  # should the id turn out to be empty
            CATALOGUED,
            "its image cannot be known here",
        ),
        (
            server("j", {"imageId": [IMAGE.urn, "urn:pulumi:s::p::x:y:Z::z"]}),
            CATALOGUED,
            "its image cannot be known here",
        ),
        (server("k", {"imageId": []}, imageId="untagged"), CATALOGUED, 'image "untagged" is neither'),
        (
            server(
                "l",
                {"blockDevices": [IMAGE.urn]},
                blockDevices=[
                    {"sourceType": "image", "destinationType": "volume", "uuid": UNKNOWN, "bootIndex": 1},
                    {"sourceType": "blank", "destinationType": "volume", "bootIndex": 0},
                ],
            ),
            MAIN,
            "the tags of its image cannot be known here",
        ),
        (
            server(
                "m",
                {"blockDevices": [IMAGE.urn, "urn:pulumi:s::p::x:y:Z::z"]},
                imageId=None,
                blockDevices=[
                    {"sourceType": "image", "destinationType": "volume", "uuid": UNKNOWN, "bootIndex": one}
                    for one in (0, 1)
                ],
            ),
            CATALOGUED,
            "its image cannot be known here",
        ),
        (
            server("n", {"imageId": []}, imageId=None, imageName="good", region=UNKNOWN),
            CATALOGUED,
            'image "good" is neither',
        ),
    ],
)
def test_what_the_provider_sends_to_nova_is_what_is_judged(wrong: Resource, rule: str, says: str) -> None:
    """Ids before names, the boot device, and a known value whatever it was made of."""
    general = replace(FLAVOR, name="general", inputs={"name": "general", "extraSpecs": {}})
    with running() as pack:
        pack.configure({CATALOGUED: CATALOGUE})
        found = pack.analyze(IMAGE, UNTAGGED, FLAVOR, general, wrong)
    told = [one.message for one in found if (one.rule, one.name) == (rule, wrong.name)]
    assert any(says in one for one in told), found


def test_a_name_that_the_image_itself_learns_later(pack: Pack) -> None:
    later = server("later", {"imageName": [CALLED_LATER.urn]}, imageId=None, imageName=UNKNOWN)
    assert pack.analyze(CALLED_LATER, FLAVOR, later) == []


def test_an_update_judges_what_the_catalogue_has_beside_what_only_the_stack_knows(updating: Pack) -> None:
    """Of a server that must stay on ESXi: the id of its new flavor says nothing yet, its image all."""
    updating.configure({CATALOGUED: CATALOGUE})
    for wrong, says in (
        (server("a", imageId="kvm", flavorId="0f2b6c3e"), 'image "kvm" runs on KVM only'),
        (server("b", imageId="0f2b6c3e", availabilityZone="az-kvm"), 'zone "az-kvm" is KVM'),
    ):
        (violation,) = of_main(updating.analyze(IMAGE, FLAVOR, wrong, stack=False))
        assert says in violation.message
    new = server("new", imageId="0f2b6c3e", flavorId="0f2b6c3f")
    assert updating.analyze(new, stack=False) == []


def test_a_server_below_a_workload_that_does_not_make_it(pack: Pack) -> None:
    beside = replace(
        server("beside", {"imageId": [], "flavorId": []}, imageId="1", flavorId="2"), parent=WORKLOAD.urn
    )
    found = {one.rule for one in pack.analyze(WORKLOAD, beside) if one.name == "beside"}
    assert found == {MAIN, CATALOGUED, "server-inside-workload"}
    own = replace(beside, name="server")
    assert pack.analyze(WORKLOAD, own) == []


@pytest.mark.parametrize("name", ["LEDGER", "ledger ", "Ledger", "led\u200bger"])
def test_a_name_that_is_nearly_one_of_the_register(name: str) -> None:
    with running() as pack:
        pack.configure({CATALOGUED: {**CATALOGUE, "restricted": {"ledger": "licence"}}})
        near = replace(LITERAL, name="s", inputs={**LITERAL.inputs, "name": name, "metadata": {}})
        (violation,) = pack.analyze(near)
        assert violation.rule == "restriction-key-read"
        assert 'Did you mean "ledger"?' in violation.message
        assert pack.analyze(replace(near, inputs={**near.inputs, "name": "ledger-2"})) == []


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("estate_restricted", True),
        ("restriction", True),
        ("Restricted", True),
        ("estate-restrictions", True),
        ("esxi_only", True),
        ("unrestricted", False),
        ("restart", False),
        ("description", False),
    ],
)
def test_metadata_that_look_like_a_restriction(pack: Pack, key: str, meant: bool) -> None:
    found = pack.analyze(IMAGE, FLAVOR, server("s", metadata={key: "licence"}))
    assert [one.rule for one in found] == (["restriction-key-read"] if meant else [])


@pytest.mark.parametrize(
    ("hints", "says"),
    [
        ([{"additionalProperties": {"_nova_check_type": "rebuild"}}], '"_nova_check_type" is Nova\'s own'),
        ([{"additionalProperties": {"_nova": UNKNOWN}}], '"_nova" is Nova\'s own'),
        ([{"additionalProperties": UNKNOWN}], "cannot be known here"),
        (UNKNOWN, "cannot be known here"),
        ([{"group": UNKNOWN, "additionalProperties": {"other": "value"}}], None),
    ],
)
def test_hints_that_are_novas_own(pack: Pack, updating: Pack, hints: object, says: str | None) -> None:
    hinted = server("s", metadata=None, schedulerHints=hints)
    for found in (pack.analyze(IMAGE, FLAVOR, hinted), updating.analyze(hinted, stack=False)):
        assert [one.rule for one in found] == ([] if says is None else ["hint-not-internal"])
        assert all(says is not None and says in one.message for one in found)


AGGREGATE = Resource(
    type=properties.AGGREGATE,
    name="vendor",
    inputs={"zone": "az-esxi", "hosts": ["nova-esx"], "metadata": {V: "required", "img_hv_type": "vmware"}},
)


def in_zone(zone: Any, given: str | None = "az-esxi") -> Resource:
    """The ESXi aggregate, with a zone among its metadata."""
    return with_inputs(
        AGGREGATE, zone=given, metadata={**AGGREGATE.inputs["metadata"], "availability_zone": zone}
    )


@pytest.mark.parametrize(
    ("aggregate", "rules"),
    [
        (AGGREGATE, []),
        (in_zone("az-esxi"), []),
        (in_zone("az-esxi", None), []),
        (in_zone("az-kvm"), ["aggregate-metadata-read", "zone-on-one-side"]),
        (in_zone("az-kvm", None), ["zone-on-one-side"]),
        (in_zone("az-other"), ["aggregate-metadata-read"]),
        (in_zone(UNKNOWN), ["aggregate-metadata-read", "zone-on-one-side"]),
        (with_inputs(AGGREGATE, zone="AZ-KVM"), ["zone-on-one-side"]),
    ],
)
def test_the_zone_of_an_aggregate_is_what_nova_keeps(aggregate: Resource, rules: list[str]) -> None:
    with running() as pack:
        pack.configure({CATALOGUED: {"zones": {"az-kvm": "kvm", "az-esxi": "esxi"}}})
        assert sorted(one.rule for one in pack.analyze(aggregate)) == rules


def test_an_unknown_tag_is_a_mandatory_refusal(pack: Pack) -> None:
    image = replace(IMAGE, inputs={**IMAGE.inputs, "properties": UNKNOWN})
    (violation,) = of_main(pack.analyze(image, FLAVOR, SERVER))
    assert violation.mandatory
    assert "the tags of its image cannot be known here" in violation.message


def test_a_raw_server_beside_our_components_is_refused(pack: Pack) -> None:
    found = pack.analyze(IMAGE, FLAVOR, WORKLOAD, SERVER)
    assert sorted((one.rule, one.name) for one in found) == [
        ("resource-inside-component", "flavor"),
        ("resource-inside-component", "good"),
        ("server-inside-workload", "server"),
    ]
    made = [replace(IMAGE, parent=TAGGED.urn), replace(FLAVOR, parent=TRAITED.urn)]
    sources = {"imageId": [made[0].urn], "flavorId": [made[1].urn]}
    inside = replace(SERVER, parent=WORKLOAD.urn, sources=sources)
    assert pack.analyze(TAGGED, TRAITED, *made, WORKLOAD, inside) == []


def test_a_server_of_a_workload_with_another_image_than_it_says(pack: Pack) -> None:
    inside = replace(
        SERVER, parent=WORKLOAD.urn, sources={"imageId": [UNTAGGED.urn], "flavorId": [FLAVOR.urn]}
    )
    (violation,) = of_main(pack.analyze(IMAGE, UNTAGGED, FLAVOR, WORKLOAD, inside))
    assert (violation.rule, violation.name) == ("esxi-restricted-on-esxi", "server")


def test_a_workload_is_refused_once_and_not_again_for_its_servers(pack: Pack) -> None:
    inside = replace(
        SERVER, parent=WRONG_WORKLOAD.urn, sources={"imageId": [UNTAGGED.urn], "flavorId": [FLAVOR.urn]}
    )
    (violation,) = of_main(pack.analyze(IMAGE, UNTAGGED, FLAVOR, WRONG_WORKLOAD, inside))
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
            "resource-inside-component",
        ]


def test_what_is_outside_of_the_stack_is_judged_by_the_catalogue() -> None:
    with running() as pack:
        unknown = pack.analyze(LITERAL)
        assert {one.rule for one in unknown} == {CATALOGUED, MAIN}
        mends = [one.message for one in unknown if one.rule == CATALOGUED]
        assert 'image "1234" is neither in this stack nor in the catalogue' in mends[0]
        assert '"images": {"1234": {"diskFormat": "…", "properties": {…}}}' in mends[0]
        pack.configure({CATALOGUED: CATALOGUE})
        assert pack.analyze(LITERAL) == []
        wrong = replace(LITERAL, name="wrong", inputs={**LITERAL.inputs, "imageId": "kvm"})
        (violation,) = pack.analyze(wrong)
        assert (violation.rule, violation.name) == (MAIN, "wrong")
        assert 'image "kvm" runs on KVM only' in violation.message


def test_a_server_that_the_register_restricts_needs_no_metadata() -> None:
    free = replace(
        LITERAL, name="ledger", inputs={"name": "ledger", "imageId": "kvm", "flavorId": "esxi-small"}
    )
    with running() as pack:
        pack.configure({CATALOGUED: CATALOGUE})
        (violation,) = pack.analyze(free)
        assert "(restriction: certification)" in violation.message
        assert pack.analyze(replace(free, name="other", inputs={**free.inputs, "name": "other"})) == []


def test_a_server_whose_name_the_register_may_have() -> None:
    late = replace(LITERAL, name="late", inputs={"name": UNKNOWN, "imageId": "kvm", "flavorId": "esxi-small"})
    with running() as pack:
        pack.configure({CATALOGUED: CATALOGUE})
        (violation,) = pack.analyze(late)
        assert (violation.rule, violation.mandatory) == (MAIN, True)
        assert "it is not known yet whether this server must stay on ESXi" in violation.message
        assert "Give its name and its metadata as plain values" in violation.message
        assert pack.analyze(replace(late, inputs={**late.inputs, "imageId": "1234"})) == []
        pack.configure({CATALOGUED: {**CATALOGUE, "restricted": {}}})
        assert pack.analyze(late) == []


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("gold-kvm", True),
        ("gold-esxi", False),
        ("new", False),
        ("unheard", True),
        (UNKNOWN, True),
        ("", False),
    ],
)
def test_volumes_of_the_other_side(kind: str, refused: bool) -> None:
    volume = Resource(type=properties.VOLUME, name="v", inputs={"volumeType": kind})
    attached = Resource(
        type=properties.ATTACHMENT,
        name="a",
        inputs={"instanceId": UNKNOWN, "volumeId": UNKNOWN},
        sources={"instanceId": [SERVER.urn], "volumeId": [volume.urn]},
    )
    own = Resource(
        type=properties.VOLUME_TYPE, name="new", inputs={"extraSpecs": {"vmware:vmdk_type": "thin"}}
    )
    with running() as pack:
        pack.configure({CATALOGUED: CATALOGUE})
        found = pack.analyze(IMAGE, FLAVOR, SERVER, own, volume, attached)
    assert [one.rule for one in found] == (["volume-on-its-side"] if refused else [])


def test_an_update_leaves_volume_types_of_the_stack_for_the_end() -> None:
    root = {"sourceType": "image", "destinationType": "volume", "uuid": UNKNOWN, "volumeType": "new"}
    with running(preview=False) as pack:
        pack.configure({CATALOGUED: CATALOGUE})
        assert pack.analyze(server("s", imageId=None, blockDevices=[root]), stack=False) == []


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"OS_IMAGE_ID": "kvm"}, 'image "kvm" runs on KVM only'),
        ({"OS_FLAVOR_ID": "0f2b"}, 'flavor "0f2b" is neither'),
        ({"OS_IMAGE_NAME": "kvm", "OS_FLAVOR_NAME": "0f2b"}, None),
    ],
)
def test_what_the_provider_takes_from_its_environment(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], says: str | None
) -> None:
    """Before names, and not before ids."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    by_name = server(
        "named", {"imageId": [], "flavorId": []}, imageId=None, flavorId=None, imageName="good",
        flavorName="flavor",
    )  # fmt: skip
    nothing = server("nothing", {"imageId": [], "flavorId": []}, imageId=None, flavorId=None)
    with running() as pack:
        pack.configure({CATALOGUED: CATALOGUE})
        assert pack.analyze(IMAGE, FLAVOR, SERVER) == []
        told = [one.message for one in pack.analyze(IMAGE, FLAVOR, by_name)]
        assert any(says in one for one in told) if says else told == []
        if not says:
            assert any('image "kvm" runs on KVM only' in one.message for one in pack.analyze(nothing))


def test_an_image_that_is_named_like_the_id_of_another() -> None:
    """The catalogue has both in one place; the provider looks for the name."""
    one = "6a1c0d52-6d4e-4b0f-9f53-1f7d6f1c5a10"
    told = {**CATALOGUE, "images": {one: GOOD}}
    by_id = server("by-id", {"imageId": []}, imageId=one)
    by_name = server("by-name", {"imageId": []}, imageId=None, imageName=one)
    with running() as pack:
        pack.configure({CATALOGUED: told})
        assert pack.analyze(FLAVOR, by_id) == []
        broken = {found.rule for found in pack.analyze(FLAVOR, by_name)}
    assert broken == {"image-and-flavor-known", "esxi-restricted-on-esxi"}


@pytest.mark.parametrize("kind", properties.HIDING)
def test_a_service_that_makes_servers_of_its_own(pack: Pack, updating: Pack, kind: str) -> None:
    (preview,) = pack.analyze(Resource(type=kind, name="hidden", inputs={"name": "hidden"}))
    assert (preview.rule, preview.mandatory) == ("server-not-hidden", True)
    assert '"hidden" makes servers that are no resources of a stack' in preview.message
    (update,) = updating.analyze(Resource(type=kind, name="hidden", inputs={"name": "hidden"}), stack=False)
    assert update.rule == "server-not-hidden"


@pytest.mark.parametrize("kind", [properties.VIRTUAL_MACHINE, properties.VAPP])
def test_a_machine_that_vcenter_alone_knows(pack: Pack, kind: str) -> None:
    machine = Resource(type=kind, name="m", inputs={"name": "m"})
    (found,) = pack.analyze(TAGGED, TRAITED, machine)
    assert (found.rule, found.name) == ("resource-inside-component", "m")


def test_a_machine_of_a_program_without_components() -> None:
    with running() as pack:
        assert pack.analyze(Resource(type=properties.VIRTUAL_MACHINE, name="m", inputs={"name": "m"})) == []


def test_an_exemption_holds_until_its_day() -> None:
    port = Resource(type=properties.NETWORK, name="capture", inputs={"portSecurityEnabled": False})
    other = replace(port, name="other")
    one = {"rule": "ports-filtered", "subject": "networks/capture", "expires": "2027-06-30"}
    for today, names in (("2027-06-30", ["other"]), ("2027-07-01", ["capture", "other"])):
        with running(today=today) as pack:
            pack.configure({CATALOGUED: {"exemptions": [one]}})
            assert [found.name for found in pack.analyze(port, other)] == names


def test_an_exemption_that_excuses_nothing_is_told() -> None:
    """With our components: from a rule that documents cannot break; ``estate check`` tells the rest."""
    network = Resource(type=properties.NETWORK, name="capture", inputs={"portSecurityEnabled": True})
    absent = {"rule": "ports-filtered", "subject": "networks/absent", "expires": "2027-06-30"}
    needless = [
        {"rule": "ports-filtered", "subject": "networks/capture", "expires": "2027-06-30"},
        {"rule": "image-tag-read", "subject": "images/good", "expires": "2027-06-30"},
    ]
    late = {**needless[1], "expires": "2026-10-31"}
    for shown_first, told in (
        ((), [("ports-filtered", "capture"), ("image-tag-read", "good")]),
        ((TAGGED,), [("image-tag-read", "good")]),
    ):
        with running() as pack:
            pack.configure({CATALOGUED: {"exemptions": [absent, *needless, late]}})
            found = [one for one in pack.analyze(*shown_first, network, IMAGE) if not one.mandatory]
        assert [(one.rule, one.name) for one in found] == told
        assert all("the exemption can be removed" in one.message for one in found)


EXEMPTION = {"rule": "ports-filtered", "subject": "workloads/ledger", "expires": "2027-06-30"}


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (
            {CATALOGUED: {"exemptions": [{**EXEMPTION, "rule": MAIN}]}},
            f"exemption: {MAIN} has no exemptions",
        ),
        (
            {CATALOGUED: {"exemptions": [{**EXEMPTION, "rule": "port-filtered"}]}},
            "Did you mean ports-filtered?",
        ),
        (
            {CATALOGUED: {"exemptions": [{**EXEMPTION, "expires": "2030-13-45"}]}},
            'expires on a day of the calendar (YYYY-MM-DD), found "2030-13-45"',
        ),
        ({CATALOGUED: {"restrictd": {"ledger": "licence"}}}, 'no part "restrictd". Did you mean restricted?'),
        ({CATALOGUED: {"image": {}}}, 'no part "image". Did you mean images?'),
        ({"cluster-drs": {"level": "x"}}, '"cluster-drs" takes a level and nothing else, found "level"'),
        ({"image-and-flavors-known": {}}, f'no rule "image-and-flavors-known". Did you mean {CATALOGUED}'),
    ],
)
def test_a_configuration_that_cannot_be_stops_the_engine(told: dict[str, dict[str, Any]], says: str) -> None:
    with running() as pack, pytest.raises(grpc.RpcError, match=re.escape(says)):
        pack.configure(told)


@pytest.mark.parametrize(
    ("level", "found"),
    [("ADVISORY", [("untagged", False)]), ("DISABLED", []), ("REMEDIATE", [("untagged", True)])],
)
def test_each_rule_has_a_level_of_its_own(level: str, found: list[tuple[str, bool]]) -> None:
    """Another rule that the same image breaks stays what it was; nothing is remedied by itself."""
    misspelt = replace(UNTAGGED, inputs={**UNTAGGED.inputs, "properties": {"hypervisortype": "vmware"}})
    with running() as pack:
        pack.configure({"esxi-image-boots": {}}, level)
        violations = pack.analyze(misspelt)
    assert {one.rule for one in violations if one.mandatory} >= {"image-tag-read"}
    told = {(one.name, one.mandatory) for one in violations if one.rule == "esxi-image-boots"}
    assert told == set(found)


def test_rules_tell_the_engine_how_grave_they_are_and_what_to_do(pack: Pack) -> None:
    told = {one.name: one for one in pack.rules()}
    for rule in RULES:
        one = told[rule.name]
        severity = analyzer_pb2.PolicySeverity.Name(one.severity)
        assert severity == f"POLICY_SEVERITY_{rule.severity.name}"
        assert (one.description, one.remediation_steps) == (rule.description, rule.what_to_do)
        assert one.enforcementLevel == analyzer_pb2.MANDATORY


def test_a_rule_that_crashes_stops_the_engine_and_is_named(pack: Pack) -> None:
    """A zone that is a number is nothing that OpenStack could have: the rule does not expect it."""
    with pytest.raises(grpc.RpcError, match="could not judge, so nothing is let through"):
        pack.analyze(IMAGE, FLAVOR, server("x", availabilityZone=5))


def test_the_configuration_of_an_environment_fits_the_schema() -> None:
    for key, value in config_of(sandbox(), Ids(images={"linux-esxi": "1-2-3"})).items():
        jsonschema.validate(value, SCHEMA[key])
    images = config_of(sandbox(), Ids(images={"linux-esxi": "1-2-3"}))["images"]
    assert images["1-2-3"] == images["linux-esxi"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"1234": {"properties": {}}}, SCHEMA["images"])


CLUSTER = Resource(
    type=properties.CLUSTER,
    name="esx-a",
    inputs={
        "hostSystemIds": ["host-1", "host-2"],
        "drsEnabled": True,
        "drsAutomationLevel": "fullyAutomated",
        "haEnabled": True,
    },
)
STORE = Resource(type=properties.NAS_DATASTORE, name="nfs", inputs={"hostSystemIds": ["host-1", "host-2"]})
SWITCH = Resource(
    type=properties.DISTRIBUTED_SWITCH,
    name="data",
    inputs={"hosts": [{"hostSystemId": "host-1", "devices": ["vmnic2"]}]},
)


ELSEWHERE = "urn:pulumi:s::p::pulumi:providers:vsphere::vc2"
"""Another vCenter, whose ids may be the same."""


@pytest.mark.parametrize(
    ("resources", "rule"),
    [
        ([CLUSTER, STORE, SWITCH], None),
        ([with_inputs(CLUSTER, drsEnabled=False)], "cluster-drs"),
        ([with_inputs(CLUSTER, drsAutomationLevel="manual")], "cluster-drs"),
        ([with_inputs(CLUSTER, drsAutomationLevel=UNKNOWN)], "cluster-drs"),
        ([with_inputs(CLUSTER, haEnabled=False)], "cluster-ha"),
        ([with_inputs(CLUSTER, haAdmissionControlPolicy="disabled")], "cluster-ha"),
        ([CLUSTER, with_inputs(STORE, hostSystemIds=["host-1"])], "cluster-datastores-shared"),
        ([CLUSTER, with_inputs(STORE, hostSystemIds=["host-9"])], None),
        ([CLUSTER, replace(with_inputs(STORE, hostSystemIds=["host-1"]), provider=ELSEWHERE)], None),
        ([CLUSTER, with_inputs(STORE, hostSystemIds=UNKNOWN)], "cluster-datastores-shared"),
        ([SWITCH, replace(SWITCH, name="other", provider=ELSEWHERE)], None),
        (
            [
                SWITCH,
                Resource(
                    type=properties.HOST_SWITCH,
                    name="vss",
                    inputs={"hostSystemId": "host-1", "networkAdapters": ["vmnic2"]},
                ),
            ],
            "data-network-dedicated",
        ),
        ([Resource(type=properties.PORT, name="p", inputs={"portSecurityEnabled": False})], "ports-filtered"),
        ([Resource(type=properties.PORT, name="p", inputs={"noSecurityGroups": True})], None),
        ([IMAGE, FLAVOR, with_inputs(SERVER, hypervisorHostname="kvm1")], "host-not-named"),
        (
            [
                Resource(type=properties.ESXI_HOST, name="h", inputs={"hostname": "esx1"}),
                Resource(
                    type=properties.AGGREGATE,
                    name="agg",
                    inputs={"hosts": ["esx1"], "metadata": {V: "required", "img_hv_type": "vmware"}},
                ),
            ],
            "aggregate-of-computes",
        ),
    ],
)
def test_vsphere_and_network_of_any_program(pack: Pack, resources: list[Resource], rule: str | None) -> None:
    assert [one.rule for one in pack.analyze(*resources)] == ([] if rule is None else [rule])
