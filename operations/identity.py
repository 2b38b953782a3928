"""The id of what exists already, for resources that a stack does not have yet: one way for all who ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from estate.openstack import lookup
from estate.openstack.sdk import Connection
from estate.vsphere import connections
from estate.vsphere import lookup as vsphere_lookup
from estate.vsphere.session import session


@dataclass(frozen=True)
class Wanted:
    """A resource that is to be found."""

    urn: str
    type: str
    inputs: Mapping[str, Any]
    provider: str
    """Name of its provider; of one for vSphere it is the vCenter's."""


def wanted(resource: Mapping[str, Any]) -> Wanted:
    """Of a resource as an exported state or a preview has it (sdk/go/common/apitype ``ResourceV3``)."""
    return Wanted(
        urn=resource["urn"],
        type=resource["type"],
        inputs=resource.get("inputs") or {},
        provider=(resource.get("provider") or "::").split("::")[-2],
    )


def find(cloud: Connection, one: Wanted, known: frozenset[str], *, to_import: bool) -> str | None:
    """The id by which its provider reads it, or ``None`` if there is no such thing.

    :param known: ids that belong to other resources already.
    :param to_import: rather what the provider takes for an import; for vSphere that is another one.
    """
    if not one.type.startswith("vsphere:"):
        return lookup.find(cloud, one.type, one.inputs, known, made_by_others=to_import)
    login = connections.load([one.provider])[one.provider]
    with session(one.provider, login) as service:
        found = vsphere_lookup.find(service, one.type, one.inputs)
    if found is None:
        return None
    return found.path if to_import else found.id
