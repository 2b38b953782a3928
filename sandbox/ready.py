"""Ready means ready: the control plane answers, and every pretended compute could take a server now."""

import time
from collections.abc import Iterable
from typing import Any

from keystoneauth1 import exceptions
from keystoneauth1.adapter import Adapter
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session
from ruamel.yaml import YAML

from sandbox import process
from sandbox.errors import SandboxError
from sandbox.process import Record
from sandbox.settings import DOMAIN, Settings
from sandbox.shape import KvmHost, Shape
from toolchain.progress import Step

POLL = 0.5


def wait(
    settings: Settings, shape: Shape, records: Iterable[Record], step: Step, timeout: float = 180
) -> None:
    """Return once nothing is missing; :class:`SandboxError` if a process ends or ``timeout`` seconds pass."""
    cloud = _Cloud(settings)
    deadline = time.monotonic() + timeout
    processes = list(records)
    while True:
        try:
            missing = _missing(cloud, shape)
        except exceptions.ClientException:
            missing = "the APIs of Nova and Cinder"
        if missing is None:
            return
        step.note(f"waiting for {missing}")
        for record in processes:
            if not process.is_mine(record):
                process.wait_ready(record, lambda: False, timeout=0)
        if time.monotonic() > deadline:
            raise SandboxError(
                f"after {timeout:.0f} s still waiting for {missing}; the logs are in {settings.run / 'logs'}"
            )
        time.sleep(POLL)


def api(settings: Settings, service: str) -> Adapter:
    """A service's API as the admin sees it, by the service's type."""
    return _Cloud(settings).adapters[service]


class _Cloud:
    """The admin's view through the APIs."""

    def __init__(self, settings: Settings) -> None:
        auth = Password(
            auth_url=settings.auth_url,
            username="admin",
            password=settings.secrets.admin,
            project_name="admin",
            user_domain_name=DOMAIN,
            project_domain_name=DOMAIN,
        )
        session = Session(auth, timeout=20)
        versions = {
            "compute": "2.53",
            "placement": "1.36",
            "block-storage": None,
            "network": None,
            "image": None,
            "identity": None,
        }
        self.adapters = {
            service: Adapter(
                session,
                service_type=service,
                region_name=settings.region,
                default_microversion=version,
            )
            for service, version in versions.items()
        }

    def get(self, service: str, path: str) -> Any:  # noqa: ANN401  JSON
        return self.adapters[service].get(path).json()


def _missing(cloud: _Cloud, shape: Shape) -> str | None:
    """The first thing that is not there yet, in words; None if nothing is."""
    cloud.get("image", "/v2/images?limit=1")
    # There is a default group, so an item is judged and Neutron loads its policy rules: it does so at the
    # first judgement, and of two that come at once the second finds half the rules (neutron/policy.py init).
    cloud.get("network", "/v2.0/security-groups?limit=1")
    services = cloud.get("compute", "/os-services")["services"]
    up = {service["host"] for service in services if service["state"] == "up"}
    # Listing a hypervisor needs its host's mapping to a cell, so this shows that, too.
    found = cloud.get("compute", "/os-hypervisors/detail")["hypervisors"]
    hypervisors = {one["service"]["host"]: one["id"] for one in found}
    for host in shape.kvm_hosts:
        if host.name not in up:
            return f"nova-compute of {host.name}"
        if host.name not in hypervisors:
            return f"hypervisor of {host.name}"
        provider = f"/resource_providers/{hypervisors[host.name]}"
        absent = _traits(host) - set(cloud.get("placement", f"{provider}/traits")["traits"])
        if absent:
            return f"trait {', '.join(sorted(absent))} on the resource provider of {host.name}"
    volumes = cloud.get("block-storage", "/os-services")["services"]
    back_ends = {one["host"].rpartition("@")[2]: one["state"] for one in volumes}
    for backend in shape.backends:
        if backend.kind == "kvm" and back_ends.get(backend.name) != "up":
            return f"volume back end {backend.name}"
    if not any(one["binary"] == "cinder-scheduler" and one["state"] == "up" for one in volumes):
        return "cinder-scheduler"
    return None


def _traits(host: KvmHost) -> set[str]:
    document = YAML(typ="safe").load(host.provider_yaml) or {}
    return {
        trait
        for provider in document.get("providers", ())
        for trait in provider.get("traits", {}).get("additional", ())
    }
