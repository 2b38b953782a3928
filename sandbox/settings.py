"""What tells one sandbox from another: its run folder, region, ports and passwords."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox import files
from sandbox import ports as port_claims
from sandbox.errors import SandboxError
from sandbox.ports import Ports
from sandbox.secrets import Secrets

DOMAIN = "Default"
SERVICE_PROJECT = "service"
SERVICES = ("keystone", "glance", "placement", "nova", "neutron", "cinder")


@dataclass(frozen=True)
class Settings:
    """One sandbox. All that it writes lies in ``run``: configuration, data, logs, process records."""

    run: Path
    region: str
    ports: Ports
    secrets: Secrets

    def url(self, service: str) -> str:
        """The address of a service's API without a path, ``service`` as in :class:`Ports`."""
        return f"http://127.0.0.1:{getattr(self.ports, service)}"

    @property
    def auth_url(self) -> str:
        """Keystone's version 3 API."""
        return f"{self.url('keystone')}/v3"

    def database_url(self, service: str, database: str | None = None) -> str:
        """SQLAlchemy's URL: database user ``service``, database ``database`` (default: the user's name)."""
        # utf8mb3: some upstream indexes are too long for four bytes a character.
        return (
            f"mysql+pymysql://{service}:{self.secrets.database}@127.0.0.1:{self.ports.database}"
            f"/{database or service}?charset=utf8mb3"
        )

    @property
    def transport_url(self) -> str:
        """oslo.messaging's URL of the private RabbitMQ."""
        return f"rabbit://openstack:{self.secrets.broker}@127.0.0.1:{self.ports.broker}/"

    def folder(self, *names: str) -> Path:
        """A folder below the run folder, made if need be, open to its owner only."""
        path = self.run.joinpath(*names)
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path


def create(run: Path, region: str, vcenters: int = 1) -> Settings:
    """Fresh ports and passwords for the sandbox in ``run``, saved as ``settings.json`` (mode 0600)."""
    run = run.resolve()
    run.mkdir(parents=True, exist_ok=True)
    run.chmod(0o700)
    settings = Settings(run, region, port_claims.claim(run, vcenters), Secrets())
    saved = {"region": region, "ports": asdict(settings.ports), "secrets": asdict(settings.secrets)}
    files.write(run / "settings.json", json.dumps(saved, indent=1), mode=0o600)
    return settings


def load(run: Path) -> Settings:
    """The sandbox that :func:`create` made in ``run``; :class:`SandboxError` if there is none."""
    run = run.resolve()
    path = run / "settings.json"
    try:
        saved = json.loads(path.read_text())
        ports = Ports(**saved["ports"] | {"vcenters": tuple(saved["ports"]["vcenters"])})
        return Settings(run, saved["region"], ports, Secrets(**saved["secrets"]))
    except FileNotFoundError:
        raise SandboxError(f"no sandbox in {run}: start it first") from None
    except (ValueError, KeyError, TypeError) as error:
        raise SandboxError(
            f"{path} is not readable as a sandbox's settings ({error}): start it anew"
        ) from None
