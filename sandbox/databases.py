"""A private MariaDB: own data folder, loopback port and passwords; never the system's service."""

import os
import shutil
import socket
from pathlib import Path

from sandbox import files, process
from sandbox.parts.programs import Programs
from sandbox.process import Program
from sandbox.settings import Settings

NAME = "mariadb"

SCHEMAS = {
    "keystone": ("keystone",),
    "glance": ("glance",),
    "placement": ("placement",),
    "nova": ("nova_api", "nova_cell0", "nova"),
    "neutron": ("neutron",),
    "cinder": ("cinder",),
}
"""Database user to the databases that it owns."""


def data(run: Path) -> Path:
    """MariaDB's data folder of the sandbox in ``run``."""
    return run / NAME / "data"


def install(run: Path, programs: Programs) -> None:
    """A new, empty data folder in ``run``: system tables, and ``root@localhost`` without a password.

    That user can log in over the Unix socket only, until :func:`start` gives it a password.
    """
    shutil.rmtree(data(run), ignore_errors=True)
    command = (
        str(programs.mariadb_install_db),
        "--no-defaults",
        f"--basedir={programs.basedir}",
        f"--lc-messages-dir={programs.messages}",
        f"--datadir={data(run)}",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
        *_as_root(),
    )
    process.run_once(run, Program("mariadb-install-db", command, programs.environment))


def start(settings: Settings, programs: Programs) -> None:
    """Start MariaDB on the data folder and return when it answers; all users get this sandbox's passwords.

    The accounts come from an init file, which the server runs before it accepts the first connection.
    """
    run, port = settings.run, settings.ports.database
    accounts = run / NAME / "accounts.sql"
    files.write(accounts, _accounts(settings), mode=0o600)
    command = (
        str(programs.mariadbd),
        "--no-defaults",
        f"--basedir={programs.basedir}",
        f"--lc-messages-dir={programs.messages}",
        f"--plugin-dir={programs.basedir}/lib/mysql/plugin",
        f"--datadir={data(run)}",
        # Relative to the data folder: a path of more than 107 characters cannot be a socket's.
        "--socket=mariadb.sock",
        "--pid-file=mariadb.pid",
        f"--tmpdir={run / 'tmp'}",
        "--bind-address=127.0.0.1",
        f"--port={port}",
        f"--init-file={accounts}",
        "--skip-name-resolve",
        "--max-connections=1000",
        "--character-set-server=utf8mb3",
        "--collation-server=utf8mb3_general_ci",
        # Nothing here has to survive a power failure.
        "--skip-log-bin",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-doublewrite=0",
        "--loose-innodb-flush-method=nosync",
        "--performance-schema=OFF",
        "--innodb-buffer-pool-size=128M",
        "--innodb-log-file-size=32M",
        *_as_root(),
    )
    record = process.start(run, Program(NAME, command, programs.environment, ports=(port,)))
    process.wait_ready(record, lambda: _greets(port))
    accounts.unlink()


def sql(settings: Settings, programs: Programs, statements: str) -> str:
    """Run ``statements`` as MariaDB's root; the rows, tab-separated, without headings."""
    login = settings.folder(NAME) / "root.cnf"
    files.write(
        login,
        f"[client]\nuser=root\npassword={settings.secrets.database_root}\n"
        f"protocol=tcp\nhost=127.0.0.1\nport={settings.ports.database}\n",
        mode=0o600,
    )
    command = (
        str(programs.mariadb),
        f"--defaults-file={login}",
        "--batch",
        "--skip-column-names",
        "-e",
        statements,
    )
    return process.run_once(settings.run, Program("mariadb-client", command, programs.environment))


def accounts() -> list[str]:
    """The accounts that :func:`start` makes, besides ``root@localhost``, as SQL writes them."""
    return [f"'{user}'@'127.0.0.1'" for user in ("root", *SCHEMAS)]


def _accounts(settings: Settings) -> str:
    """One statement a line, as an init file wants it."""
    root = settings.secrets.database_root
    lines = [
        # mariadb-install-db makes root for the machine's own host name as well.
        "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost'",
        "FLUSH PRIVILEGES",
        f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{root}'",
        f"CREATE OR REPLACE USER 'root'@'127.0.0.1' IDENTIFIED BY '{root}'",
        "GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION",
    ]
    for user, schemas in SCHEMAS.items():
        account = f"'{user}'@'127.0.0.1'"
        lines.append(f"CREATE OR REPLACE USER {account} IDENTIFIED BY '{settings.secrets.database}'")
        for schema in schemas:
            lines.append(f"CREATE DATABASE IF NOT EXISTS {schema}")
            lines.append(f"GRANT ALL ON {schema}.* TO {account}")
    return "".join(f"{line};\n" for line in lines)


def _as_root() -> tuple[str, ...]:
    """MariaDB refuses to run as root unless told to."""
    return ("--user=root",) if os.geteuid() == 0 else ()


def _greets(port: int) -> bool:
    """The server speaks first, and only once it accepts logins."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            return bool(connection.recv(1))
    except OSError:
        return False
