"""How to reach the vCenters: ``vcenters.yaml``, a file outside the repository that only its owner can read.

.. code-block:: yaml

    vc1:
      server: vc1.example.com        # or HOST:PORT
      username: estate@vsphere.local
      password: …
      ca_file: /etc/ssl/vc1-ca.pem   # only if the system does not trust its certificate
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError


class ConnectionsError(Exception):
    """What is wrong with ``vcenters.yaml``: one clear sentence."""


class Login(BaseModel):
    """How to reach one vCenter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    server: str = Field(min_length=1, description="Host name of the vCenter, with `:PORT` if it is not 443.")
    username: str = Field(min_length=1, description="User, e.g. `estate@vsphere.local`.")
    password: SecretStr = Field(min_length=1, description="Password.")
    ca_file: Path | None = Field(
        default=None, description="Authority of its certificate (PEM), if the system does not trust it."
    )


_LOGINS = TypeAdapter(dict[str, Login])


def path() -> Path:
    """Where ``vcenters.yaml`` is: ``$ESTATE_VCENTERS``, else in ``$XDG_CONFIG_HOME/estate``."""
    explicit = os.environ.get("ESTATE_VCENTERS")
    if explicit:
        return Path(explicit).expanduser()
    config = os.environ.get("XDG_CONFIG_HOME")
    return (Path(config) if config else Path.home() / ".config") / "estate" / "vcenters.yaml"


def load(names: Iterable[str]) -> dict[str, Login]:
    """The logins of the vCenters ``names``. With no names the file is not looked for.

    :raises ConnectionsError: no file, open to others, not as expected, or a vCenter missing in it.
    """
    wanted = sorted(names)
    if not wanted:
        return {}
    file = path()
    try:
        mode = file.stat().st_mode
        content = YAML(typ="safe").load(file)
    except FileNotFoundError:
        raise ConnectionsError(
            f"there is no {file} that says how to reach vCenter {', '.join(wanted)}; write it (the vCenter's "
            "name: server, username, password; mode 0600), or name another file with ESTATE_VCENTERS"
        ) from None
    except OSError as error:
        raise ConnectionsError(f"cannot read {file}: {error.strerror}") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConnectionsError(f"{file}:{line}: not YAML: {error.problem}") from None
    if stat.S_IMODE(mode) & 0o077:
        raise ConnectionsError(
            f"{file} holds passwords but others may read it (mode {stat.S_IMODE(mode):04o}); "
            f"run: chmod 600 {file}"
        )
    try:
        logins = _LOGINS.validate_python(content)
    except ValidationError as error:
        # Neither input nor context: either could show a password.
        wrong = "; ".join(
            f"{'.'.join(str(key) for key in one['loc'])}: {one['msg']}"
            for one in error.errors(include_input=False, include_context=False, include_url=False)
        )
        raise ConnectionsError(f"{file}: {wrong}") from None
    absent = [name for name in wanted if name not in logins]
    if absent:
        raise ConnectionsError(
            f"{file} does not say how to reach vCenter {', '.join(absent)}; "
            f"it knows {', '.join(sorted(logins))}"
        )
    return {name: logins[name] for name in wanted}
