"""The passwords of one sandbox: random, its own, never part of the golden copy."""

import secrets
from dataclasses import dataclass, field


def _random() -> str:
    """128 random bits as hexadecimal digits: safe in URLs, INI files, SQL and shells without quoting."""
    return secrets.token_hex(16)


@dataclass(frozen=True)
class Secrets:
    """Every password of a sandbox. ``repr`` shows none of them."""

    database_root: str = field(default_factory=_random, repr=False)
    """MariaDB's ``root``, for schema set-up and tests."""
    database: str = field(default_factory=_random, repr=False)
    """The database users ``keystone``, ``glance``, ``placement``, ``nova``, ``neutron`` and ``cinder``."""
    broker: str = field(default_factory=_random, repr=False)
    """RabbitMQ's user ``openstack``."""
    erlang_cookie: str = field(default_factory=_random, repr=False)
    admin: str = field(default_factory=_random, repr=False)
    """Keystone's user ``admin``, project ``admin``."""
    service: str = field(default_factory=_random, repr=False)
    """The users that the services log in with (``nova``, ``neutron``, …), project ``service``."""
    vcenter: str = field(default_factory=_random, repr=False)
    """The vCenter simulator's administrator."""
    volume_key: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    """The one key of all encrypted volumes: 256 bits (cinder/keymgr/conf_key_mgr.py)."""
