"""Resources and traits of flavor and image (nova/scheduler/utils.py ``ResourceRequest``)."""

import re
from collections.abc import Mapping

from estate.placement.nova.query import (
    Constraint,
    ForbiddenTrait,
    Impossible,
    PinnedCpus,
    RequiredTrait,
    Resource,
)
from estate.placement.nova.request import Request
from estate.placement.nova.rule import RELEASES, Stage, rule
from estate.placement.nova.translated import Translated, translated

FILE = "nova/scheduler/utils.py ResourceRequest"
_KEY = re.compile(r"^(resources|trait)([a-zA-Z0-9_-]{1,64})?:(.*)$")


def flavor_traits(extra_specs: Mapping[str, str], value: str) -> frozenset[str]:
    """Traits that a flavor requires or forbids (``value``), those of numbered groups included."""
    return frozenset(
        found[3]
        for key, written in extra_specs.items()
        if written == value and (found := _KEY.match(key)) and found[1] == "trait"
    )


def features(request: Request, release: str = RELEASES[-1]) -> Translated:
    """What Nova makes of extra specs and image properties that name no trait and no resource."""
    return translated(request.flavor.extra_specs, request.image_props, request.flavor.vcpus, release)


def all_required_traits(request: Request) -> frozenset[str]:
    """What ``isolate_aggregates`` looks at: traits of flavor and image together (``all_required_traits``)."""
    more = features(request)
    pinned = more.pinned.required if more.pinned is not None else frozenset()
    named = flavor_traits(request.flavor.extra_specs, "required") | request.image_traits
    return named.union(more.required, pinned)


@rule(
    Stage.PLACEMENT,
    f"{FILE}._process_extra_specs, ._process_image_meta, ._translate_…_request, "
    "._translate_pci_numa_affinity_policy; nova/scheduler/request_filter.py packed_virtqueue_filter, "
    "ephemeral_encryption_filter, virtio_sound_filter (2025.2), tpm_secret_security_filter (2026.1)",
    name="required traits",
)
def required(request: Request, release: str = RELEASES[-1]) -> list[Constraint]:
    """`trait:X=required` of the flavor or the image, and X that Nova makes of other extra specs and image
    properties (secure boot, vTPM, encrypted memory or disks, address space, PCI affinity, sound, packed
    rings): only providers that have X.
    """
    flavor = flavor_traits(request.flavor.extra_specs, "required")
    asked = {
        trait: " and ".join(
            [
                *([f'flavor "{request.flavor.name}"'] if trait in flavor else []),
                *(
                    [f'image "{request.image.name}"']
                    if request.image is not None and trait in request.image_traits
                    else []
                ),
            ]
        )
        for trait in sorted(flavor | request.image_traits)
    }
    more = features(request, release)
    asked |= {trait: by for trait, by in (more.required | more.filtered).items() if trait not in asked}
    return [RequiredTrait(rule="required traits", trait=trait, asked_by=by) for trait, by in asked.items()]


@rule(Stage.PLACEMENT, f"{FILE}._process_extra_specs", name="forbidden traits")
def forbidden(request: Request) -> list[Constraint]:
    """`trait:X=forbidden` of the flavor: no provider that has X. (Images cannot forbid.)"""
    return [
        ForbiddenTrait(rule="forbidden traits", trait=trait, asked_by=f'flavor "{request.flavor.name}"')
        for trait in sorted(flavor_traits(request.flavor.extra_specs, "forbidden"))
    ]


@rule(
    Stage.PLACEMENT,
    f"{FILE}.from_request_spec, ._translate_pinning_policies, ._translate_vpmems_request, "
    "._translate_mem_encryption_request; placement/objects/research_context.py _capacity_check_clause",
    name="resources",
)
def resources(request: Request) -> list[Constraint]:
    """VCPU, MEMORY_MB and DISK_GB of the flavor (root disk not from a volume), or what `resources:…` says
    instead, PCPU or else VCPU of dedicated CPUs, and what `hw:pmem` and `hw:mem_encryption` add: within total
    less reserved times allocation ratio, and within min_unit, max_unit and step_size.
    """
    flavor, more = request.flavor, features(request)
    groups: dict[str, dict[str, int]] = {}
    traits: set[str] = set()
    for key, value in flavor.extra_specs.items():
        found = _KEY.match(key)
        if found and found[1] == "resources" and value.isdigit():
            groups.setdefault(found[2] or "", {})[found[3]] = int(value)
        elif found and found[2]:
            traits.add(found[2])
    asked: dict[str, int] = {}
    for group in groups.values():
        for resource_class, amount in group.items():
            asked[resource_class] = asked.get(resource_class, 0) + amount
    if "PCPU" not in asked:
        asked.setdefault("VCPU", flavor.vcpus)
    asked.setdefault("MEMORY_MB", flavor.memory_mb)
    disk = flavor.ephemeral_gb + -(-flavor.swap_mb // 1024) + (0 if request.is_bfv else flavor.root_gb)
    asked.setdefault("DISK_GB", disk)
    made: list[Constraint] = []
    if more.refused is not None:
        made.append(Impossible(rule="resources", why=more.refused))
    if more.pinned is not None:
        made.append(
            PinnedCpus(
                rule="resources",
                pcpus=more.pinned.pcpus,
                vcpus=asked.pop("VCPU", flavor.vcpus),
                required=more.pinned.required,
                forbidden=more.pinned.forbidden,
            )
        )
    for name, amount in more.resources.items():
        asked[name] = asked.get(name, 0) + amount
    numbered = [name for name, group in groups.items() if name and any(group.values())]
    if traits - set(numbered):
        made.append(Impossible(rule="resources", why="placement refuses a numbered group without resources"))
    policy = flavor.extra_specs.get("group_policy")
    if len(numbered) > 1 and policy not in ("none", "isolate"):
        made.append(Impossible(rule="resources", why="placement refuses several groups without group_policy"))
    if len(numbered) > 1 and policy == "isolate":
        made.append(Impossible(rule="resources", why="one provider cannot serve groups that are isolated"))
    return made + [
        Resource(rule="resources", resource_class=name, amount=amount)
        for name, amount in sorted(asked.items())
        if amount
    ]
