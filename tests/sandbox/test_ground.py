"""What every sandbox stands on: MariaDB from the golden copy, RabbitMQ, and the APIs, for real."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path

import openstack.exceptions
import psutil
import pytest
import requests
from keystoneauth1.access import AccessInfo
from keystoneauth1.identity import BaseIdentityPlugin
from openstack.connection import Connection
from openstack.identity.v3._proxy import Proxy

from sandbox import broker, databases, golden, identity, process, settings
from sandbox.errors import SandboxError
from sandbox.lifecycle import Running
from sandbox.parts import openstack as openstack_parts
from sandbox.parts import programs
from sandbox.settings import Settings
from tests.sandbox.cloud import numbers, wait_for
from toolchain.home import home
from toolchain.progress import Step

pytestmark = pytest.mark.sandbox

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def pair(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Settings]]:
    """Two sandboxes side by side: the whole one, and one with its database and broker."""
    one = settings.load(running.run)
    # The longest path that a Unix socket may have is 107 characters; a blank is legal as well.
    folder = tmp_path_factory.mktemp("ground") / ("long " + "x" * 100) / "two"
    two = settings.create(folder, "RegionTwo")
    try:
        golden.restore(two, Step("golden"))
        broker.start(two)
        yield one, two
    finally:
        process.stop(two.run)


@pytest.fixture(scope="module")
def one(pair: tuple[Settings, Settings]) -> Settings:
    return pair[0]


@pytest.fixture(scope="module")
def admin(one: Settings) -> Iterator[Connection]:
    with identity.connect(one) as cloud:
        yield cloud


def test_secrets_and_ports_are_each_ones_own(pair: tuple[Settings, Settings]) -> None:
    copy = golden.ensure(programs.ensure(), Step("golden"))
    for mine, other in (pair, pair[::-1]):
        secrets = [value.encode() for value in asdict(mine.secrets).values()]
        assert _files_with(mine.run, secrets)
        assert _files_with(other.run, secrets) == []
        assert _files_with(copy, secrets) == []
        listening = {
            connection.laddr.port
            for status in process.status(mine.run)
            for connection in psutil.Process(status.pid).net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening
        assert listening <= {port for status in process.status(mine.run) for port in status.ports}
    assert not numbers(pair[0].ports) & numbers(pair[1].ports)


def test_everything_listens_on_the_loopback_address_only(one: Settings) -> None:
    addresses = {
        connection.laddr.ip
        for status in process.status(one.run)
        for connection in psutil.Process(status.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses <= {"127.0.0.1", "::1"}


def test_one_sandbox_cannot_log_in_to_the_other(pair: tuple[Settings, Settings]) -> None:
    one, two = pair
    stranger = Settings(one.run, one.region, two.ports, one.secrets)
    with pytest.raises(SandboxError, match="Access denied"):
        databases.sql(stranger, programs.ensure(), "SELECT 1")


def test_the_golden_copy_has_schemas_only(pair: tuple[Settings, Settings]) -> None:
    _, fresh = pair  # restored, and no service has touched it
    tools = programs.ensure()
    hosts = "SELECT COUNT(*) FROM nova_api.host_mappings UNION ALL SELECT COUNT(*) FROM nova.compute_nodes"
    identities = "SELECT COUNT(*) FROM keystone.user UNION ALL SELECT COUNT(*) FROM keystone.endpoint"
    services = "SELECT COUNT(*) FROM nova.services UNION ALL SELECT COUNT(*) FROM cinder.services"
    for query in (hosts, identities, services):
        assert set(databases.sql(fresh, tools, query).split()) == {"0"}
    cells = databases.sql(
        fresh, tools, "SELECT name, database_connection FROM nova_api.cell_mappings ORDER BY name"
    )
    assert cells.splitlines() == [
        "cell0\t{scheme}://{username}:{password}@{hostname}:{port}/nova_cell0?{query}",
        "cell1\t{scheme}://{username}:{password}@{hostname}:{port}/nova?{query}",
    ]
    accounts = databases.sql(fresh, tools, "SELECT User, Host FROM mysql.user WHERE User <> 'mariadb.sys'")
    assert {line.split("\t")[1] for line in accounts.splitlines()} == {"localhost", "127.0.0.1"}


def test_no_secret_is_among_the_arguments_of_a_process(pair: tuple[Settings, Settings]) -> None:
    for each in pair:
        secrets = list(asdict(each.secrets).values())
        for running in psutil.process_iter():
            try:
                line = " ".join(running.cmdline())
            except psutil.Error:
                continue
            assert not [secret for secret in secrets if secret in line]


def test_no_secret_is_in_a_log_or_readable_by_others(pair: tuple[Settings, Settings]) -> None:
    for each in pair:
        secrets = [value.encode() for value in asdict(each.secrets).values()]
        assert _files_with(each.run / "logs", secrets) == []
        assert each.run.stat().st_mode & 0o077 == 0
        for path in _files_with(each.run, secrets):
            assert path.stat().st_mode & 0o077 == 0, path


def test_no_service_of_the_system_is_used(pair: tuple[Settings, Settings]) -> None:
    for each in pair:
        assert {"mariadbd", "beam.smp", "epmd"} <= {running.name() for running in _running(each)}
    began = min(record.created for each in pair for record in process.records(each.run))
    # There may be other sandboxes, but nothing new that belongs to none; one that is ending shows no
    # environment any more, so only what stays is a stranger.
    wait_for("the end of what belongs to no sandbox", lambda: not _strangers(began), 10)


def _strangers(began: float) -> list[psutil.Process]:
    """Databases, brokers and API servers, begun since ``began``, that no sandbox started."""
    found = []
    for running in psutil.process_iter():
        with suppress(psutil.NoSuchProcess):
            served = running.name() in {"mariadbd", "beam.smp", "epmd", "uwsgi"}
            if served and running.create_time() >= began and process.RUN_MARK not in running.environ():
                found.append(running)
    return found


def test_the_catalogue_is_this_sandboxes(one: Settings, admin: Connection) -> None:
    found = {
        (entry["type"], endpoint["interface"], endpoint["region_id"], endpoint["url"].split("/")[2])
        for entry in _access(admin).service_catalog.catalog
        for endpoint in entry["endpoints"]
    }
    ports = {
        "identity": one.ports.keystone,
        **{kind: getattr(one.ports, name) for name, (kind, _) in identity.CATALOGUE.items()},
    }
    assert found == {
        (kind, interface, "RegionOne", f"127.0.0.1:{port}")
        for kind, port in ports.items()
        for interface in identity.INTERFACES
    }


def test_services_log_in_with_both_roles(one: Settings) -> None:
    login = identity.login(one, "nova")
    with Connection(
        auth={key: login[key] for key in login if key not in {"auth_type", "region_name"}}
    ) as nova:
        roles = set(_access(nova).role_names or ())
    assert {"admin", "service"} <= roles


def test_the_apis_work(admin: Connection) -> None:
    network = admin.network.create_network(name="ground")
    subnet = admin.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.9.0.0/24")
    router = admin.network.create_router(name="ground")
    admin.network.add_interface_to_router(router, subnet=subnet.id)
    port = admin.network.create_port(network_id=network.id)
    assert port.fixed_ips[0]["ip_address"].startswith("10.9.0.")
    assert admin.placement.get("/traits", microversion="1.6").json()["traits"]


def test_glance_checks_the_content_of_an_image(admin: Connection, tmp_path: Path) -> None:
    tools = programs.ensure()
    for kind, name in (("qcow2", "good.qcow2"), ("vmdk", "good.vmdk")):
        path = tmp_path / name
        options = ("-o", "subformat=monolithicSparse") if kind == "vmdk" else ()
        subprocess.run(
            (tools.qemu_img, "create", "-q", "-f", kind, *options, path, "16M"),
            env=os.environ | tools.environment,
            check=True,
        )
        image = _upload(admin, path, kind)
        assert admin.image.get_image(image).status == "active"
    with pytest.raises(openstack.exceptions.HttpException, match="415"):
        _upload(admin, tmp_path / "good.vmdk", "qcow2")


def test_glance_protects_properties(one: Settings, admin: Connection) -> None:
    keystone = admin.identity
    assert isinstance(keystone, Proxy)
    project = keystone.create_project(name="tenant")
    user = keystone.create_user(name="tenant", password="only-for-this-test", domain_id="default")
    (member,) = keystone.roles(name="member")
    keystone.assign_project_role_to_user(project, user, member)
    auth = {
        "auth_url": one.auth_url,
        "username": "tenant",
        "password": "only-for-this-test",
        "project_name": "tenant",
        "user_domain_id": "default",
        "project_domain_id": "default",
    }
    body = {"name": "mine", "disk_format": "qcow2", "container_format": "bare"}
    with Connection(auth=auth, region_name=one.region) as tenant:
        assert tenant.image.post("/images", json=body).status_code == 201
        refused = tenant.image.post("/images", json=body | {"trait:CUSTOM_HV_VMWARE": "required"})
    assert refused.status_code == 403
    allowed = admin.image.post("/images", json=body | {"trait:CUSTOM_HV_VMWARE": "required"})
    assert allowed.status_code == 201


def test_rabbitmq_takes_its_own_password_only(pair: tuple[Settings, Settings]) -> None:
    probe = (
        "import os; from kombu import Connection; c = Connection(os.environ['URL']); "
        "c.connect(); q = c.SimpleQueue('t'); q.put('x'); print(q.get(timeout=5).payload)"
    )
    one, two = pair

    def speak(url: str) -> str:
        command = (openstack_parts.program("python"), "-c", probe)
        return process.run_once(
            one.run, process.Program("probe", command, {"URL": url.replace("rabbit:", "amqp:")})
        )

    assert speak(one.transport_url) == "x\n"
    assert speak(two.transport_url) == "x\n"
    with pytest.raises(SandboxError, match="ACCESS_REFUSED"):
        speak(Settings(two.run, two.region, two.ports, one.secrets).transport_url)


def test_a_killed_part_is_seen_and_the_next_start_does_not_trip(one: Settings, tmp_path: Path) -> None:
    three = settings.create(tmp_path, "RegionThree")
    try:
        golden.restore(three, Step("golden"))
        broker.start(three)
        for record in process.records(three.run):
            os.kill(record.pid, signal.SIGKILL)
            wait_for(f"the end of {record.name}", partial(_ended, record), 5)
        assert not any(status.running for status in process.status(three.run))
        again = settings.create(three.run, three.region)
        assert again.secrets != three.secrets
        golden.restore(again, Step("golden"))
        broker.start(again)
        assert databases.sql(again, programs.ensure(), "SELECT COUNT(*) FROM keystone.user").strip() == "0"
    finally:
        process.stop(three.run)
    assert _running(three) == []
    for port in (again.ports.database, again.ports.broker, again.ports.epmd):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    # The other sandbox has not noticed.
    assert all(status.running for status in process.status(one.run))
    assert requests.get(one.auth_url, timeout=30).status_code == 200


MAKER = """\
import sys
from sandbox import golden
from sandbox.parts import programs
from tests.sandbox.cloud import wait_for
from toolchain.home import home
from toolchain.progress import Step
# A few of the schemas only: a quarter of the time.
golden._neutron = lambda settings: None
golden._nova = lambda settings: golden._manage(settings, "nova", "nova-manage", "api_db", "sync")
golden._smaller = lambda settings: golden._manage(settings, "keystone", "keystone-manage", "db_sync")
step = Step("golden")
step.note = lambda text: print(text, flush=True)
print(golden.ensure(programs.ensure(), step), flush=True)
"""


def test_a_killed_maker_and_two_at_a_time_do_no_harm(tmp_path: Path) -> None:
    for part in ("openstack", "debian"):
        (tmp_path / part).symlink_to(home() / part)

    def maker() -> subprocess.Popen[str]:
        environment = os.environ | {"ESTATE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            (sys.executable, "-c", MAKER), env=environment, stdout=subprocess.PIPE, text=True
        )

    killed = maker()
    assert killed.stdout is not None
    while "schemas" not in killed.stdout.readline():
        assert killed.poll() is None
    time.sleep(2)
    killed.kill()
    killed.wait()
    (workshop,) = (tmp_path / "golden").glob("*.making")
    assert list(process._marked(workshop, None))
    two = [maker(), maker()]
    outputs = [each.communicate(timeout=300)[0].splitlines() for each in two]
    assert [each.returncode for each in two] == [0, 0]
    assert outputs[0][-1] == outputs[1][-1]
    assert sorted(map(len, outputs)) == [1, 3]  # one made it, the other waited
    assert list(process._marked(workshop, None)) == []
    assert [path.name for path in (tmp_path / "golden").iterdir() if path.is_dir()] == [
        Path(outputs[0][-1]).name
    ]


def _ended(record: process.Record) -> bool:
    return not process.is_mine(record)


def _running(each: Settings) -> list[psutil.Process]:
    return list(process._marked(each.run, None))


def _access(cloud: Connection) -> AccessInfo:
    plugin = cloud.session.auth
    assert isinstance(plugin, BaseIdentityPlugin)
    return plugin.get_access(cloud.session)


def _upload(admin: Connection, path: Path, disk_format: str) -> str:
    image = admin.image.create_image(path.name, disk_format=disk_format, container_format="bare")
    answer = admin.image.put(
        f"/images/{image.id}/file",
        data=path.read_bytes(),
        headers={"Content-Type": "application/octet-stream"},
    )
    openstack.exceptions.raise_from_response(answer)
    return str(image.id)


def _files_with(folder: Path, needles: list[bytes]) -> list[Path]:
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if any(needle in content for needle in needles):
                found.append(path)
    return found
