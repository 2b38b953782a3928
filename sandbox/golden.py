"""The golden copy: MariaDB's data folder with every service's schema in it, and nothing else.

Making the schemas takes the better part of a minute, copying them well under a second. The copy has no
accounts of the services, no Keystone data (no users, no catalogue) and no hosts. Nova's two cells are in it,
with *templates* in place of addresses and passwords, which Nova fills from its own configuration
(``nova.objects.cell_mapping.CellMapping.format_db_url``). So every sandbox made from it has its own.
"""

import hashlib
import os
import shutil
import subprocess
from functools import partial
from pathlib import Path

from sandbox import databases, files, fragments, process
from sandbox import settings as settings_of
from sandbox.errors import SandboxError
from sandbox.parts import openstack
from sandbox.parts import programs as parts
from sandbox.parts.programs import Programs
from sandbox.process import Program
from sandbox.settings import Settings
from toolchain import kept
from toolchain.home import home
from toolchain.progress import Step

CELL_DATABASE = "{scheme}://{username}:{password}@{hostname}:{port}/%s?{query}"
CELL_TRANSPORT = "{scheme}://{username}:{password}@{hostname}:{port}/"


def restore(settings: Settings, step: Step) -> None:
    """MariaDB running in ``settings.run``, with all schemas, empty, and this sandbox's own accounts.

    The golden copy is made first if there is none for these versions of OpenStack, MariaDB and this code.
    """
    programs = parts.ensure()
    copy = ensure(programs, step)
    process.stop(settings.run, [databases.NAME])
    target = databases.data(settings.run)
    shutil.rmtree(target, ignore_errors=True)
    step.note("copying the golden databases")
    shutil.copytree(copy, target)
    step.note("starting MariaDB")
    databases.start(settings, programs)


def folder(programs: Programs) -> Path:
    """Where the golden copy for these versions is, or will be."""
    version = subprocess.run(
        (programs.mariadbd, "--no-defaults", "--version"),
        env=os.environ | programs.environment,
        capture_output=True,
        check=True,
    ).stdout
    ours = b"".join(Path(path).read_bytes() for path in (__file__, databases.__file__))
    digest = hashlib.sha256(openstack.LOCK.read_bytes() + version + ours).hexdigest()
    return home() / "golden" / digest[:16]


def ensure(programs: Programs, step: Step) -> Path:
    """The golden copy, made if need be, by one process at a time.

    It is made in a folder of its own beside it and moved in one step. What a killed maker leaves there,
    running processes included, is ended and removed by the next.
    """
    target = folder(programs)

    def make() -> None:
        workshop = target.with_name(f"{target.name}.making")
        process.stop(workshop)
        shutil.rmtree(workshop, ignore_errors=True)
        _make(workshop, programs, step)
        databases.data(workshop).replace(target)
        shutil.rmtree(workshop)

    return kept.made(target, target.exists, make)


def _make(workshop: Path, programs: Programs, step: Step) -> None:
    openstack.ensure()
    # A sandbox of its own, with ports and passwords that nobody sees again.
    settings = settings_of.create(workshop, region="golden")
    step.note("golden copy: MariaDB")
    databases.install(workshop, programs)
    databases.start(settings, programs)
    try:
        step.note("golden copy: schemas of six services, once")
        process.together(workshop, *(partial(line, settings) for line in (_neutron, _nova, _smaller)))
        _forget(settings, programs)
    finally:
        # A clean end, however long it takes: every restore would have to repair an unclean one.
        process.stop(workshop, timeout=120)


def _neutron(settings: Settings) -> None:
    _manage(settings, "neutron", "neutron-db-manage", "upgrade", "heads")


def _nova(settings: Settings) -> None:
    _manage(settings, "nova", "nova-manage", "api_db", "sync")
    cell0 = CELL_DATABASE % "nova_cell0"
    cell1 = CELL_DATABASE % "nova"
    _manage(settings, "nova", "nova-manage", "cell_v2", "map_cell0", "--database_connection", cell0)
    _manage(
        settings, "nova", "nova-manage", "cell_v2", "create_cell", "--name", "cell1",
        "--database_connection", cell1, "--transport-url", CELL_TRANSPORT,
    )  # fmt: skip
    # Both cells' databases.
    _manage(settings, "nova", "nova-manage", "db", "sync")


def _smaller(settings: Settings) -> None:
    _manage(settings, "keystone", "keystone-manage", "db_sync")
    _manage(settings, "glance", "glance-manage", "db", "sync")
    _manage(settings, "placement", "placement-manage", "db", "sync")
    _manage(settings, "cinder", "cinder-manage", "db", "sync")


def _manage(settings: Settings, service: str, program: str, *arguments: str) -> None:
    configuration = settings.run / f"{service}.conf"
    database = {"connection": settings.database_url(service)}
    sections: fragments.Conf = {
        "DEFAULT": {"transport_url": settings.transport_url, "state_path": settings.run / "tmp"},
        "database": database,
        "api_database": {"connection": settings.database_url("nova", "nova_api")},
        "placement_database": database,
    }
    files.write(configuration, fragments.render(sections), mode=0o600)
    name = "-".join((program, *(argument for argument in arguments if argument.isidentifier())))
    command = (openstack.program(program), "--config-file", str(configuration), *arguments)
    process.run_once(settings.run, Program(name, command))


def _forget(settings: Settings, programs: Programs) -> None:
    """Take the accounts out, and check that no row of any service holds what belongs to one sandbox."""
    tables = databases.sql(
        settings,
        programs,
        "SELECT COUNT(*) FROM nova_api.host_mappings; SELECT COUNT(*) FROM keystone.endpoint",
    )
    if tables.split() != ["0", "0"]:
        raise SandboxError(f"the golden copy should hold no host and no endpoint, but has {tables.split()}")
    drops = "; ".join(f"DROP USER {account}" for account in databases.accounts())
    databases.sql(settings, programs, f"SET PASSWORD FOR 'root'@'localhost' = ''; {drops}")
