"""The main rule: image, flavor and zone of a restricted workload lead to an ESXi aggregate and nowhere "
"else."""

from collections.abc import Iterable, Iterator

from estate.model import Hypervisor
from estate.model.words import folded
from estate.placement.triple import REQUIRED, trait_key
from policies.facts import (
    UNKNOWN,
    Facts,
    FlavorFacts,
    ImageFacts,
    ServerFacts,
    Unknown,
    aggregate_side,
    flavor_side,
    image_side,
)
from policies.rule import Rule, Scope, Severity, Violation

ESXI, KVM = Hypervisor.ESXI, Hypervisor.KVM


def _judge(facts: Facts) -> Iterator[Violation]:
    for server in facts.servers:
        if server.restricted is False:
            continue
        found = [
            *_image(facts, server, server.image),
            *_flavor(facts, server, server.flavor),
            *_zone(facts, server),
        ]
        if server.restricted is UNKNOWN and found:
            yield _violation(
                server,
                "restriction",
                "it is not known yet whether this server must stay on ESXi, and nothing keeps it there.",
                "Give its name and its metadata as plain values, not as outputs of other resources.",
            )
        else:
            yield from found


def _violation(server: ServerFacts, field: str, found: str, what_to_do: str) -> Violation:
    return Violation(
        origin=server.origin,
        subject=f'{server.kind} "{server.name}"',
        field=(field,),
        message=f"{found} {what_to_do}",
    )


def _must(server: ServerFacts) -> str:
    return f"the {server.kind} must stay on ESXi (restriction: {server.reason})"


def _tagged(image: ImageFacts) -> bool:
    return image_side(image) is ESXI and (
        not isinstance(image.properties, Unknown) and image.properties.get(trait_key(ESXI)) == REQUIRED
    )


def _use(kind: str, names: Iterable[str]) -> str:
    shown = ", ".join(sorted(set(names)))
    return f"Use an ESXi {kind}: {shown}." if shown else f"Use an ESXi {kind}."


def _image(facts: Facts, server: ServerFacts, image: ImageFacts | Unknown) -> Iterator[Violation]:
    if isinstance(image, Unknown) or isinstance(image.properties, Unknown):
        yield _violation(
            server,
            "image",
            f"{_must(server)}, but the tags of its image cannot be known here.",
            "Boot it from one image resource of this stack whose properties are plain values.",
        )
        return
    side = image_side(image)
    if side is KVM:
        yield _violation(
            server,
            "image",
            f'image "{image.name}" runs on KVM only, but {_must(server)}.',
            _use("image", (one.name for one in facts.images if _tagged(one))),
        )
        return
    if isinstance(image.disk_format, str) and image.disk_format not in ("vmdk", "iso"):
        yield _violation(
            server,
            "image",
            f'image "{image.name}" has disk format {image.disk_format}, which ESXi cannot boot, but '
            f"{_must(server)}.",
            _use("image", (one.name for one in facts.images if _tagged(one))),
        )
        return
    key = "img_hv_type" if "img_hv_type" in image.properties else "hypervisor_type"
    tag = image.properties.get(key)
    wrong = [] if isinstance(tag, str) and tag.lower() == "vmware" else [f"{key}=vmware"]
    wrong += [] if image.properties.get(trait_key(ESXI)) == REQUIRED else [f"{trait_key(ESXI)}={REQUIRED}"]
    if wrong:
        yield _violation(
            server,
            "image",
            f'image "{image.name}" does not carry {" and ".join(wrong)}, but {_must(server)}.',
            "Set it on the image as a plain value: an untagged image runs anywhere.",
        )
    if trait_key(KVM) in image.properties:
        yield _violation(
            server,
            "image",
            f'image "{image.name}" carries {trait_key(KVM)}, but {_must(server)}.',
            "Remove it from the image.",
        )


def _flavor(facts: Facts, server: ServerFacts, flavor: FlavorFacts | Unknown) -> Iterator[Violation]:
    if isinstance(flavor, Unknown) or isinstance(flavor.extra_specs, Unknown):
        yield _violation(
            server,
            "flavor",
            f"{_must(server)}, but the extra specs of its flavor cannot be known here.",
            "Use one flavor resource of this stack whose extra specs are plain values.",
        )
        return
    names = (one.name for one in facts.flavors if flavor_side(one) is ESXI)
    if trait_key(KVM) in flavor.extra_specs:
        yield _violation(
            server,
            "flavor",
            f'flavor "{flavor.name}" is for KVM ({trait_key(KVM)}), but {_must(server)}.',
            _use("flavor", names),
        )
    elif flavor.extra_specs.get(trait_key(ESXI)) != REQUIRED:
        yield _violation(
            server,
            "flavor",
            f'flavor "{flavor.name}" does not require {trait_key(ESXI)}={REQUIRED}, but {_must(server)}.',
            _use("flavor", names),
        )


def _zone(facts: Facts, server: ServerFacts) -> Iterator[Violation]:
    if isinstance(server.zone, Unknown):
        yield _violation(
            server,
            "availability_zone",
            f"{_must(server)}, but its availability zone cannot be known here.",
            "Give the zone as a plain value, or leave it out.",
        )
    elif server.zone is not None and ":" in server.zone:
        yield _violation(
            server,
            "availability_zone",
            f'availability zone "{server.zone}" names a host, which makes Nova skip its filters, but '
            f"{_must(server)}.",
            f'Name the zone alone: "{server.zone.split(":")[0]}".',
        )
    elif server.zone is not None and KVM in _sides(facts, server.zone):
        known = {zone: _sides(facts, zone) for zone in (*facts.zones, *_zones(facts))}
        zones = (zone for zone, sides in known.items() if ESXI in sides and KVM not in sides)
        yield _violation(
            server,
            "availability_zone",
            f'availability zone "{server.zone}" is KVM, but {_must(server)}.',
            _use("zone", zones),
        )


def _zones(facts: Facts) -> Iterator[str]:
    return (one.zone for one in facts.aggregates if isinstance(one.zone, str))


def _sides(facts: Facts, zone: str) -> set[Hypervisor | Unknown | None]:
    """The sides of the hosts of a zone, by the stack's aggregates and by the catalogue."""
    own = {
        aggregate_side(one)
        for one in facts.aggregates
        if isinstance(one.zone, str) and folded(one.zone) == folded(zone)
    }
    return own | {side for name, side in facts.zones.items() if folded(name) == folded(zone)}


RULE = Rule(
    name="esxi-restricted-on-esxi",
    severity=Severity.CRITICAL,
    scope=Scope.STACK,
    description="A workload that is restricted to ESXi can land only on an ESXi aggregate.",
    why="Its licence, certification or vendor's support ends where it runs on KVM. Nova's filters alone "
    "leave holes: "
    "an untagged image, a misspelt property or a forced host lands anywhere. Image and flavor must both "
    "carry the "
    "trait that the ESXi aggregate requires.",
    what_to_do="Use an image with disk format vmdk, hypervisor_type=vmware and "
    "trait:CUSTOM_HV_VMWARE=required, a "
    "flavor with trait:CUSTOM_HV_VMWARE=required, and the zone of an ESXi aggregate. Where the pack "
    "cannot read "
    "them, make image and flavor resources of the same stack.",
    source="nova/scheduler/request_filter.py isolate_aggregates; nova/scheduler/utils.py ResourceRequest; "
    "nova/scheduler/host_manager.py (forced hosts skip filters)",
    judge=_judge,
)
