"""Keystone's content: the administrator, the services' users, the catalogue; and how a service logs in."""

import base64
import os

from estate.openstack import sdk
from estate.openstack.sdk import Connection
from sandbox import files, process
from sandbox.errors import SandboxError
from sandbox.parts import openstack as parts
from sandbox.process import Program
from sandbox.settings import DOMAIN, SERVICE_PROJECT, SERVICES, Settings

CATALOGUE = {
    "glance": ("image", ""),
    "placement": ("placement", ""),
    "nova": ("compute", "/v2.1"),
    "neutron": ("network", ""),
    "cinder": ("block-storage", "/v3/%(project_id)s"),
}
"""Service to its type (https://service-types.openstack.org) and the path of its endpoint."""

INTERFACES = ("public", "internal", "admin")


def login(settings: Settings, user: str) -> dict[str, object]:
    """A service user's password login, as keystoneauth reads it from a configuration section."""
    return {
        "auth_type": "password",
        "auth_url": settings.auth_url,
        "username": user,
        "password": settings.secrets.service,
        "project_name": SERVICE_PROJECT,
        "user_domain_name": DOMAIN,
        "project_domain_name": DOMAIN,
        "region_name": settings.region,
    }


def token_check(settings: Settings, user: str) -> dict[str, object]:
    """``[keystone_authtoken]`` of an API."""
    return login(settings, user) | {
        "www_authenticate_uri": settings.auth_url,
        "service_token_roles": "service",
        "service_token_roles_required": "true",
    }


def write_keys(settings: Settings) -> None:
    """Fresh keys for tokens and credentials: 32 random bytes each, the staged key 0 and the primary key 1."""
    for repository in ("fernet-keys", "credential-keys"):
        folder = settings.folder("keystone", repository)
        for name in ("0", "1"):
            files.write(folder / name, base64.urlsafe_b64encode(os.urandom(32)).decode(), mode=0o600)


def bootstrap(settings: Settings) -> None:
    """Roles, domain, the user ``admin`` and Keystone's own endpoints, by Keystone's own command."""
    configuration = settings.folder("keystone") / "keystone.conf"
    command = [
        parts.program("keystone-manage"), "--config-file", str(configuration),
        "bootstrap", "--bootstrap-region-id", settings.region,
    ]  # fmt: skip
    for interface in INTERFACES:
        command += [f"--bootstrap-{interface}-url", settings.auth_url]
    # The password stands in the environment, which only we can read, not among the arguments.
    environment = {"OS_BOOTSTRAP_PASSWORD": settings.secrets.admin}
    process.run_once(settings.run, Program("keystone-bootstrap", tuple(command), environment))


def connect(settings: Settings) -> Connection:
    """A session of the user ``admin`` in project ``admin``."""
    return sdk.connection.Connection(
        auth={
            "auth_url": settings.auth_url,
            "username": "admin",
            "password": settings.secrets.admin,
            "project_name": "admin",
            "user_domain_name": DOMAIN,
            "project_domain_name": DOMAIN,
        },
        region_name=settings.region,
        identity_api_version="3",
        app_name="estate-sandbox",
    )


def register(settings: Settings) -> None:
    """The services' users (roles ``admin`` and ``service``) and the catalogue."""
    try:
        with connect(settings) as cloud:
            identity = cloud.identity
            assert isinstance(identity, sdk.Identity)  # the other is Keystone's version 2, long gone
            roles = {role.name: role for role in identity.roles()}
            project = identity.create_project(name=SERVICE_PROJECT, domain_id="default")
            for name in SERVICES:
                if name == "keystone":
                    continue
                user = identity.create_user(name=name, domain_id="default", password=settings.secrets.service)
                for role in ("admin", "service"):
                    identity.assign_project_role_to_user(project, user, roles[role])
                kind, path = CATALOGUE[name]
                service = identity.create_service(name=name, type=kind)
                for interface in INTERFACES:
                    identity.create_endpoint(
                        service_id=service.id,
                        interface=interface,
                        region_id=settings.region,
                        url=settings.url(name) + path,
                    )
    except sdk.auth.ClientException as error:
        raise SandboxError(f"Keystone refused to register users and catalogue: {error}") from error
