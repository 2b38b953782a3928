"""The few questions to placement that decide isolation; microversion 1.19 and later."""

from collections.abc import Mapping
from typing import Any

from estate.openstack.errors import CloudError
from estate.openstack.sdk import Connection

_VERSION = "1.19"  # resource provider aggregates carry the provider's generation (placement API 1.19)


def _get(cloud: Connection, path: str, **query: str) -> dict[str, Any] | None:
    """The answer's body; ``None`` if there is no such thing."""
    answer = cloud.placement.get(path, params=query, microversion=_VERSION)
    if answer.status_code == 404:
        return None
    if answer.status_code != 200:
        raise CloudError(f"placement answers {answer.status_code} to GET {path}: {answer.text[:300]}")
    body: dict[str, Any] = answer.json()
    return body


def traits(cloud: Connection, provider: str) -> frozenset[str] | None:
    """Traits of a resource provider (by uuid); ``None`` if there is no such provider."""
    body = _get(cloud, f"/resource_providers/{provider}/traits")
    return None if body is None else frozenset(body["traits"])


def inventories(cloud: Connection, provider: str) -> Mapping[str, Mapping[str, Any]]:
    """Inventories of a resource provider (by uuid), by resource class; empty if there is no such provider."""
    body = _get(cloud, f"/resource_providers/{provider}/inventories")
    found: Mapping[str, Mapping[str, Any]] = {} if body is None else body["inventories"]
    return found


def providers_with_trait(cloud: Connection, trait: str) -> frozenset[str]:
    """Uuids of all resource providers that have a trait; none if placement does not know the trait at all."""
    answer = cloud.placement.get("/resource_providers", params={"required": trait}, microversion=_VERSION)
    if answer.status_code == 400:  # "No such trait(s)": nobody has reported it yet
        return frozenset()
    return frozenset(one["uuid"] for one in answer.json()["resource_providers"])


def providers_of_aggregate(cloud: Connection, aggregate: str) -> frozenset[str]:
    """Uuids of all resource providers that placement has in an aggregate (by uuid)."""
    body = _get(cloud, "/resource_providers", member_of=aggregate)
    return frozenset(one["uuid"] for one in body["resource_providers"]) if body else frozenset()


def join_aggregate(cloud: Connection, provider: str, aggregate: str) -> None:
    """Put a resource provider into an aggregate, keeping its others.

    As ``nova-manage placement sync_aggregates`` does. After a concurrent change (409) look again.
    """
    path = f"/resource_providers/{provider}/aggregates"
    body = _get(cloud, path)
    if body is None or aggregate in body["aggregates"]:
        return
    answer = cloud.placement.put(
        path,
        json={
            "aggregates": [*body["aggregates"], aggregate],
            "resource_provider_generation": body["resource_provider_generation"],
        },
        microversion=_VERSION,
    )
    if answer.status_code not in (200, 409):
        raise CloudError(f"placement answers {answer.status_code} to PUT {path}: {answer.text[:300]}")
