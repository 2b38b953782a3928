"""A connection to the cloud that ``clouds.yaml`` describes; credentials are read nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager

from estate.openstack import sdk
from estate.openstack.errors import CloudError
from estate.openstack.sdk import Connection


def connect(name: str | None = None) -> Connection:
    """Connect to cloud ``name`` of ``clouds.yaml``; without a name ``OS_CLOUD`` or ``OS_*`` variables decide.

    Nothing is asked of the cloud yet: a wrong password shows at the first call.
    """
    with cloud_faults():
        return sdk.connect(cloud=name, app_name="estate", api_timeout=120)


def project_of_login(cloud: Connection) -> str:
    """Name of the project that the login is scoped to, as Keystone says it; empty if to none."""
    login = cloud.session.auth
    assert isinstance(login, sdk.BaseIdentityPlugin)  # clouds.yaml knows no other
    with cloud_faults():
        return login.get_access(cloud.session).project_name or ""


@contextmanager
def cloud_faults() -> Iterator[None]:
    """Turn what openstacksdk and keystoneauth raise into a :class:`CloudError` of one sentence."""
    try:
        yield
    except sdk.exceptions.ConfigException as error:
        raise CloudError(
            f"no cloud to talk to: {error} Set OS_CLOUD (or `pulumi config set openstack:cloud`) to a cloud "
            "of clouds.yaml, and OS_CLIENT_CONFIG_FILE if that file is not in a usual place."
        ) from error
    except sdk.auth.Unauthorized as error:
        raise CloudError(
            f"Keystone refuses the login: {error.message} Check user, password and project in clouds.yaml."
        ) from error
    except (sdk.auth.ConnectFailure, sdk.auth.DiscoveryFailure) as error:
        raise CloudError(
            f"the cloud does not answer: {error} Is it running, and is auth_url right?"
        ) from error
    except sdk.exceptions.NotSupported as error:
        # openstacksdk's word for a service in the catalogue whose address gave it no version document.
        raise CloudError(f"a service of the cloud does not answer: {error} Is it running?") from error
    except (sdk.exceptions.ForbiddenException, sdk.auth.Forbidden) as error:
        raise CloudError(
            f"the cloud refuses: {error} This needs a project-scoped login with role admin (in the part of a "
            "project: with role member)."
        ) from error
    except (sdk.exceptions.SDKException, sdk.auth.ClientException) as error:
        raise CloudError(f"the cloud answers with an error: {error}") from error
