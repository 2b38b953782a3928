"""Logins of application teams: a user in Keystone for each project that asks, with the role ``member``.

What an operator of a real cloud does once by hand. The project must exist: the platform's stack makes it.
"""

import io
import secrets
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from estate.openstack import sdk
from sandbox import files, identity, lifecycle
from sandbox import settings as settings_of
from sandbox.errors import SandboxError

ROLE = "member"


def cloud(project: str) -> str:
    """Name of a project's login in ``clouds.yaml``."""
    return f"{lifecycle.CLOUD}-{project}"


def let_in(run: Path, project: str) -> None:
    """Have a user who is a member of the project and nothing else, and its login in ``clouds.yaml``."""
    settings = settings_of.load(run)
    path = run / "clouds.yaml"
    document: dict[str, Any] = YAML(typ="safe").load(path)
    with identity.connect(settings) as admin:
        keystone = admin.identity
        assert isinstance(keystone, sdk.Identity)
        found = keystone.find_project(project)
        if found is None:
            raise SandboxError(
                f'there is no project "{project}" in Keystone yet; apply the platform\'s part first'
            )
        name = f"{project}-{ROLE}"
        user = keystone.find_user(name)
        if user is None or cloud(project) not in document["clouds"]:
            password = secrets.token_urlsafe(24)
            if user is None:
                user = keystone.create_user(name=name, domain_id=found.domain_id, password=password)
            else:  # an interrupted attempt
                keystone.update_user(user, password=password)
            login = document["clouds"][lifecycle.CLOUD]
            auth = login["auth"] | {"username": name, "password": password, "project_name": project}
            document["clouds"][cloud(project)] = login | {"auth": auth}
            text = io.StringIO()
            YAML(typ="safe").dump(document, text)
            files.write(path, text.getvalue(), mode=0o600)
        role = keystone.find_role(ROLE, ignore_missing=False)
        keystone.assign_project_role_to_user(found, user, role)
