"""Where MariaDB, RabbitMQ with its Erlang, and qemu-img are on this machine."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.parts import debian


@dataclass(frozen=True)
class Programs:
    """Paths of programs that run in place, unpacked or installed."""

    basedir: Path
    """MariaDB's root, as ``/usr`` is of an installed one."""
    mariadbd: Path
    mariadb_install_db: Path
    mariadb: Path
    """MariaDB's client."""
    rabbitmq_server: Path
    """RabbitMQ's own start script, not the distribution's wrapper, which insists on user ``rabbitmq``."""
    erl: Path
    epmd: Path
    qemu_img: Path
    libraries: tuple[Path, ...] = ()
    """Folders of unpacked shared libraries."""

    @property
    def messages(self) -> Path:
        """MariaDB's messages and system tables; MariaDB 11 renamed the folder."""
        renamed = self.basedir / "share" / "mariadb"
        return renamed if (renamed / "english").exists() else self.basedir / "share" / "mysql"

    @property
    def environment(self) -> dict[str, str]:
        """What these programs need in their environment."""
        path = f"{self.erl.parent}:{os.environ.get('PATH', os.defpath)}"
        return {"PATH": path} | (
            {"LD_LIBRARY_PATH": ":".join(map(str, self.libraries))} if self.libraries else {}
        )


def ensure() -> Programs:
    """The programs: unpacked from Debian packages where there is apt, otherwise those that are installed."""
    return _unpacked(debian.unpack()) if debian.available() else _installed()


def _unpacked(folder: Path) -> Programs:
    root = folder / "root"
    usr = root / "usr"
    return Programs(
        basedir=usr,
        mariadbd=usr / "sbin/mariadbd",
        mariadb_install_db=usr / "bin/mariadb-install-db",
        mariadb=usr / "bin/mariadb",
        rabbitmq_server=usr / "lib/rabbitmq/bin/rabbitmq-server",
        erl=folder / "bin/erl",
        epmd=usr / "bin/epmd",
        qemu_img=usr / "bin/qemu-img",
        libraries=tuple(path for base in (usr, root) for path in sorted(base.glob("lib/*-linux-gnu*"))),
    )


def _installed() -> Programs:
    names = ("mariadbd", "mariadb-install-db", "mariadb", "rabbitmq-server", "erl", "epmd", "qemu-img")
    # Some distributions keep what only services start out of PATH.
    searched = os.environ.get("PATH", os.defpath)
    folders = f"/usr/lib/rabbitmq/bin:{searched}:/usr/sbin:/usr/libexec:/usr/lib/erlang/bin"
    found = {name: Path(path) for name in names if (path := shutil.which(name, path=folders))}
    missing = [name for name in names if name not in found]
    if missing:
        raise SandboxError(
            f"not found: {', '.join(missing)}. There is no apt here to unpack Debian's packages with: "
            "install MariaDB server, RabbitMQ server, Erlang and qemu-img, or use the image of the "
            "repository's Containerfile"
        )
    return Programs(
        basedir=Path("/usr"),
        mariadbd=found["mariadbd"],
        mariadb_install_db=found["mariadb-install-db"],
        mariadb=found["mariadb"],
        rabbitmq_server=found["rabbitmq-server"],
        erl=found["erl"],
        epmd=found["epmd"],
        qemu_img=found["qemu-img"],
    )
