"""Cinder's types and quotas and Neutron's subnets in a few lines, with the refusals that gates must bear."""

import io
import json as text
from dataclasses import dataclass, field
from typing import Any

from openstack import exceptions
from requests import Response


@dataclass
class Encryption:
    """Of a volume type; Cinder answers an empty one for a type without."""

    provider: str = ""
    cipher: str = ""
    key_size: int = 0
    control_location: str = ""


@dataclass
class Subnet:
    """A subnet, with what gates change of it."""

    host_routes: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Default:
    """A project's default type."""

    volume_type_id: str


@dataclass
class Volume:
    """A volume; Cinder gives the name of its type."""

    name: str
    volume_type: str
    id: str = "id"


def answer(status_code: int, body: Any) -> Response:
    """An HTTP answer, which openstacksdk's own check reads."""
    made = Response()
    made.status_code, made.url = status_code, "http://cinder"
    made.headers["content-type"] = "application/json"
    made.raw = io.BytesIO(text.dumps(body).encode())
    return made


class FakeStorage:
    """Stands for an openstacksdk connection: ``network`` and ``block_storage`` are the same object."""

    def __init__(self) -> None:
        self.network = self
        self.block_storage = self
        self.encryptions: dict[str, Encryption] = {"type": Encryption()}
        self.in_use: set[str] = set()
        self.defaults: dict[str, str] = {}
        self.limits: dict[str, int] = {}
        self.made: list[Volume] = []
        self.most = 1000
        self.subnets: dict[str, Subnet] = {"subnet": Subnet()}

    # Encryption and defaults.

    def get_type_encryption(self, volume_type: str) -> Encryption:
        if volume_type not in self.encryptions:
            raise exceptions.NotFoundException("no such type")
        return self.encryptions[volume_type]

    def create_type_encryption(self, volume_type: str, **attributes: Any) -> None:
        assert not self.encryptions[volume_type].provider, "Cinder refuses a second one"
        self._encrypt(volume_type, Encryption(**attributes))

    def update_type_encryption(self, encryption: Encryption, **attributes: Any) -> None:
        self._encrypt(self._type_of(encryption), Encryption(**attributes))

    def delete_type_encryption(self, encryption: Encryption, volume_type: str) -> None:
        assert self.encryptions[volume_type] is encryption
        self._encrypt(volume_type, Encryption())

    def _type_of(self, encryption: Encryption) -> str:
        return next(name for name, one in self.encryptions.items() if one is encryption)

    def _encrypt(self, volume_type: str, encryption: Encryption) -> None:
        if volume_type in self.in_use:
            raise exceptions.BadRequestException("Volume type is currently in use.", http_status=400)
        self.encryptions[volume_type] = encryption

    def show_default_type(self, project: str) -> Default:
        if project not in self.defaults:
            raise exceptions.NotFoundException("no default")
        return Default(self.defaults[project])

    def set_default_type(self, project: str, volume_type: str) -> None:
        self.defaults[project] = volume_type

    def unset_default_type(self, project: str) -> None:
        del self.defaults[project]

    # Volumes.

    def volumes(self, *, details: bool, all_projects: bool) -> list[Volume]:
        assert details
        assert all_projects
        return self.made

    # Quotas, and subnets.

    def get(self, path: str) -> Response:
        assert path == "/os-quota-sets/project"
        return answer(200, {"quota_set": dict(self.limits)})

    def put(self, path: str, *, json: dict[str, dict[str, int]]) -> Response:
        assert path == "/os-quota-sets/project"
        if max(json["quota_set"].values()) > self.most:
            return answer(400, {"badRequest": {"code": 400, "message": "Bad key(s) in quota set."}})
        self.limits |= json["quota_set"]
        return answer(200, {})

    def find_subnet(self, subnet: str) -> Subnet | None:
        return self.subnets.get(subnet)

    def update_subnet(self, subnet: str, *, host_routes: list[dict[str, str]]) -> None:
        # Neutron gives routes back in an order of its own.
        self.subnets[subnet].host_routes = host_routes[::-1]
