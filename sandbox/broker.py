"""A private RabbitMQ: own node, own epmd, own Erlang cookie, everything on the loopback address."""

import shutil
import socket

from sandbox import files, process
from sandbox.parts import programs as parts
from sandbox.process import Program
from sandbox.settings import Settings

NAME = "rabbitmq"


def start(settings: Settings) -> None:
    """Start a fresh broker and return when it accepts connections; its one user is ``openstack``."""
    programs = parts.ensure()
    run, ports = settings.run, settings.ports
    process.stop(run, [NAME, "epmd"])
    shutil.rmtree(run / NAME, ignore_errors=True)
    folder = settings.folder(NAME)
    files.write(folder / "home" / ".erlang.cookie", settings.secrets.erlang_cookie, mode=0o400)
    files.write(folder / "enabled_plugins", "[].\n")
    files.write(
        folder / "rabbitmq.conf",
        f"""\
listeners.tcp.1 = 127.0.0.1:{ports.broker}
default_user = openstack
default_pass = {settings.secrets.broker}
# Longer than any pause of a busy machine with two cores.
heartbeat = 120
# The sandbox shares its machine with other work: never stop publishers because others fill memory or disk.
vm_memory_high_watermark.relative = 0.9
disk_free_limit.absolute = 50MB
""",
        mode=0o600,
    )
    epmd = {"ERL_EPMD_PORT": str(ports.epmd), "ERL_EPMD_ADDRESS": "127.0.0.1", "HOME": str(folder / "home")}
    # Started here, not by Erlang, which would leave it behind as a daemon.
    mapper = process.start(
        run, Program("epmd", (str(programs.epmd),), programs.environment | epmd, ports=(ports.epmd,))
    )
    process.wait_ready(mapper, lambda: _listens(ports.epmd))
    environment = (
        programs.environment
        | epmd
        | {
            "RABBITMQ_NODENAME": "estate@localhost",
            "RABBITMQ_BASE": str(folder),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none.conf"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "none.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
            "RABBITMQ_SCHEMA_DIR": str(folder / "schema"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_DIST_PORT": str(ports.broker_distribution),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 -kernel inet_dist_use_interface {127,0,0,1}",
            # The start script then becomes Erlang instead of waiting for it as a parent.
            "RABBITMQ_ALLOW_INPUT": "",
            "detached": "1",
        }
    )
    broker = process.start(
        run,
        Program(
            NAME,
            (str(programs.rabbitmq_server),),
            environment,
            ports=(ports.broker, ports.broker_distribution),
        ),
    )
    process.wait_ready(broker, lambda: _listens(ports.broker))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
