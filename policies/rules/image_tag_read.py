"""Tags of images are spelt as Nova reads them."""

from collections.abc import Iterator

from estate.model import Hypervisor
from estate.placement.triple import IMAGE_TYPE, REQUIRED, trait_key
from policies.facts import Facts, ImageFacts, Unknown, image_side
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation
from policies.spelling import misspelt

_KEYS = (
    "hypervisor_type",
    "img_hv_type",
    "vmware_disktype",
    "vmware_adaptertype",
    "vmware_ostype",
    *(trait_key(one) for one in Hypervisor),
)


def _judge(facts: Facts) -> Iterator[Violation]:
    for image in facts.images:
        yield from (violation(image, "properties", message) for message in _faults(image))


def _faults(image: ImageFacts) -> Iterator[str]:
    if isinstance(image.properties, Unknown):
        yield (
            "the image's properties cannot be known here, so nobody can tell where it runs. Give them as "
            "plain values."
        )
        return
    for key, value in image.properties.items():
        meant = misspelt(key, _KEYS)
        if meant is not None:
            yield f"Nova does not read {key!r}. Did you mean {meant}?"
        elif key.startswith("trait:") and value != REQUIRED:
            shown = "a value that cannot be known here" if isinstance(value, Unknown) else repr(value)
            yield f"Nova reads only {key}={REQUIRED} of an image, found {shown}. Say {REQUIRED}."
    side = image_side(image)
    if isinstance(side, Unknown):
        yield "its hypervisor_type cannot be known here. Give it as a plain value."
    elif side is None:
        yield (
            "nothing says for which hypervisor it is made, so that it runs anywhere. Set hypervisor_type and "
            "the trait."
        )
    elif not isinstance(side, Hypervisor):
        yield f"expected hypervisor_type {' or '.join(IMAGE_TYPE.values())}, found {side!r}. Use one of them."


RULE = Rule(
    name="image-tag-read",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    description="An image says for which hypervisor it is made, in keys and values that Nova reads.",
    why="Nova and Glance take any key: a misspelt one says nothing, and an image that says nothing runs "
    "anywhere.",
    what_to_do="Set hypervisor_type (vmware or qemu) and trait:CUSTOM_HV_…=required, spelt exactly so.",
    source="nova/objects/image_meta.py ImageMetaProps; nova/objects/fields.py HVType",
    judge=_judge,
    by_components=True,
)
