"""Which image and which flavor a server names, as the provider reads its properties.

It takes ids before names, and of block devices only those that make it look for an image at all
(terraform-provider-openstack, resource_openstack_compute_instance_v2.go getImageIDFromConfig, getFlavorID).
Where a server says no id, and no name, the provider takes those of its environment: that of the engine, which
starts the pack as well.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from policies.facts import UNKNOWN, Unknown
from policies.properties import Props


@dataclass(frozen=True, kw_only=True)
class Named:
    """One property that says which image or flavor it is."""

    key: str
    """The property of the server."""
    value: object
    """What it says: text, ``UNKNOWN``, or nothing."""
    by_id: bool
    among_known: bool = False
    """Of a block device: no other one names an image that is not known."""


def image(props: Props) -> tuple[Named, ...] | Unknown:
    """What says which image decides where a server goes; all must lead to the same.

    ``UNKNOWN``: it boots from something else, whose image nothing here tells. From a volume the tags are
    those of the volume, and can be edited there.
    """
    devices = props.get("blockDevices")
    own = _first(props, "imageId", "imageName", "OS_IMAGE")
    if not devices:
        return own
    if not isinstance(devices, Sequence) or not all(isinstance(one, Mapping) for one in devices):
        return UNKNOWN
    booted = list(_booted(devices))
    if any(one.get("sourceType") != "image" for one in booted):
        return UNKNOWN
    # With an image on a local disk among them the provider sends the server's own image, which Nova takes
    # before that of any device (nova/compute/api.py _create_instance); without one it sends none.
    local = any(
        one.get("sourceType") == "image" and one.get("destinationType") in ("local", UNKNOWN)
        for one in devices
    )
    unknown = [one for one in devices if one.get("sourceType") == "image" and one.get("uuid") is UNKNOWN]
    return (
        *(own if local else ()),
        *(
            Named(key="blockDevices", value=one.get("uuid"), by_id=True, among_known=len(unknown) == 1)
            for one in booted
            if one.get("destinationType") != "local"
        ),
    )


def flavor(props: Props) -> tuple[Named, ...]:
    """What says which flavor it is; all must lead to the same."""
    return _first(props, "flavorId", "flavorName", "OS_FLAVOR")


def _first(props: Props, by_id: str, by_name: str, variable: str) -> tuple[Named, ...]:
    """The id; the name only where there is no id, or where the id may yet turn out to be empty."""
    given_id, given_name = os.environ.get(f"{variable}_ID"), os.environ.get(f"{variable}_NAME")
    identified = Named(key=by_id, value=props.get(by_id) or given_id, by_id=True)
    named = Named(key=by_name, value=props.get(by_name), by_id=False)
    if not identified.value and not named.value:
        named = Named(key=by_name, value=given_name, by_id=False)
    if not identified.value:
        return (named,)
    return (identified, named) if isinstance(identified.value, Unknown) and named.value else (identified,)


def _booted(devices: Sequence[Mapping[str, object]]) -> Iterator[Mapping[str, object]]:
    """Devices that may be the root disk: Nova takes the one of index 0, and the provider sends 0 where
    nothing is said (nova/block_device.py get_bdm_image_metadata). One that is alone is the root disk.
    """
    for one in devices:
        if len(devices) == 1 or not one.get("bootIndex") or isinstance(one["bootIndex"], Unknown):
            yield one
