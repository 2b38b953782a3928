"""The simulated vCenters of a sandbox: certificates, inventory, start, and which clusters exist by now."""

import datetime
import ipaddress
import json
import uuid
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox import files, process
from sandbox.process import Program, Record
from sandbox.settings import Settings
from sandbox.shape import Shape, VCenter
from toolchain import golang
from toolchain.progress import Progress

HOST = "127.0.0.1"
USERNAME = "administrator@vsphere.local"
CPU_MHZ = 2600
"""Clock of every simulated ESXi host; the documents name none, and Nova does not read it."""


@dataclass(frozen=True)
class Connection:
    """How to reach one simulated vCenter; TLS is verified against ``ca_file``."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    ca_file: str


def connection(settings: Settings, shape: Shape, name: str) -> Connection:
    """How to reach the vCenter ``name``."""
    index = shape.vcenters.index(shape.vcenter(name))
    return Connection(
        HOST, settings.ports.vcenters[index], USERNAME, settings.secrets.vcenter, str(_ca_file(settings))
    )


@dataclass(frozen=True)
class Simulator:
    """What it takes to run a vCenter."""

    binary: Path
    wsdl: Path


def prepare(progress: Progress) -> Simulator:
    """The simulator, built now unless it is current, and the WSDL that it serves."""
    binary = golang.build(Path(__file__).parent / "vcenter", "vcenter", progress)
    # As current as the binary: both are made from the same folder's sources.
    target = binary.with_name(f"vimService-{version('pyvmomi')}.wsdl")
    if not target.exists():
        from sandbox.vcenter import wsdl  # noqa: PLC0415 - brings pyVmomi, half a second

        files.write(target, wsdl.document())
    return Simulator(binary, target)


def start(settings: Settings, shape: Shape, simulator: Simulator) -> tuple[Record, ...]:
    """Start one simulator per vCenter; each answers when this returns."""
    if not shape.vcenters:
        return ()
    certify(settings)
    records = [
        process.start(settings.run, program(settings, shape, one, simulator)) for one in shape.vcenters
    ]
    for record, one in zip(records, shape.vcenters, strict=True):
        process.wait_ready(record, _ready_file(settings, one).exists)
    return tuple(records)


def program(settings: Settings, shape: Shape, one: VCenter, simulator: Simulator) -> Program:
    """The simulator process of ``one``, its inventory written."""
    folder = settings.folder("vcenters", one.name)
    _ready_file(settings, one).unlink(missing_ok=True)
    where = connection(settings, shape, one.name)
    files.write(folder / "inventory.json", json.dumps(_inventory(settings, one), indent=1))
    credentials = {"username": where.username, "password": where.password}
    files.write(folder / "credentials.json", json.dumps(credentials), mode=0o600)
    return Program(
        name=process_name(one.name),
        command=(
            str(simulator.binary),
            *("-inventory", str(folder / "inventory.json")),
            *("-listen", f"{where.host}:{where.port}"),
            *("-cert", str(settings.run / "tls" / "server.pem")),
            *("-key", str(settings.run / "tls" / "server.key")),
            *("-state-dir", str(settings.folder("vcenters", one.name, "state"))),
            *("-credentials", str(folder / "credentials.json")),
            *("-ready-file", str(_ready_file(settings, one))),
            *("-wsdl", str(simulator.wsdl)),
        ),
        ports=(where.port,),
    )


def process_name(vcenter: str) -> str:
    """What the process of a vCenter is called."""
    return f"vcenter-{vcenter}"


def clusters(where: Connection) -> dict[str, str]:
    """Managed object ids of the clusters that exist in a vCenter now, by name."""
    from sandbox.openstack_plugins.estate_sandbox import vcenter as client  # noqa: PLC0415 - as above

    with client.session(client.Login(**asdict(where))) as content:
        return client.clusters(content)


def certify(settings: Settings) -> None:
    """A certificate authority of the sandbox's own, and one certificate for its vCenters on loopback."""
    folder = settings.folder("tls")
    now = datetime.datetime.now(datetime.UTC)
    ca_key, ca_name = ec.generate_private_key(ec.SECP256R1()), _name(f"Sandbox {settings.run.name}")
    ca = (
        _certificate(ca_name, ca_name, ca_key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = [x509.IPAddress(ipaddress.ip_address(HOST)), x509.DNSName("localhost")]
    server = (
        _certificate(_name("Sandbox vCenter"), ca_name, key, now)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    files.write(_ca_file(settings), ca.public_bytes(serialization.Encoding.PEM).decode())
    files.write(folder / "server.pem", server.public_bytes(serialization.Encoding.PEM).decode())
    files.write(folder / "server.key", private.decode(), mode=0o600)


def _ca_file(settings: Settings) -> Path:
    return settings.run / "tls" / "ca.pem"


def _ready_file(settings: Settings, one: VCenter) -> Path:
    return settings.run / "vcenters" / one.name / "ready.json"


def _inventory(settings: Settings, one: VCenter) -> dict[str, object]:
    return {
        # A vCenter keeps its id for life: Nova's node names end in it.
        "instance_uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{settings.run}/{one.name}")),
        "datacenter": one.datacenter,
        "hosts": [
            {
                "name": host.name,
                "cpu_cores": host.cores,
                "cpu_threads": host.threads,
                "cpu_mhz": CPU_MHZ,
                "memory_mib": host.memory_mib,
                "cpu": host.cpu,
                "vmotion": host.vmotion,
            }
            for host in one.hosts
        ],
        "datastores": [
            {"name": store.name, "capacity_gib": store.capacity_gib, "hosts": list(store.hosts)}
            for store in one.datastores
        ],
        "switches": [{"name": name} for name in one.switches],
        "clusters": [
            {
                "name": cluster.name,
                "hosts": list(cluster.hosts),
                "drs": cluster.drs,
                "ha": cluster.ha,
                "admission_control": cluster.admission_control,
                "evc": cluster.evc,
                "machines": [
                    {
                        "name": machine.name,
                        "cpus": machine.vcpus,
                        "memory_mib": machine.memory_mib,
                        "disk_gib": machine.disk_gib,
                        "datastore": machine.datastore,
                    }
                    for machine in cluster.machines
                ],
            }
            for cluster in one.clusters
        ],
        "storage_policies": [
            {"name": policy.name, "datastores": list(policy.datastores)} for policy in one.policies
        ],
    }


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A little earlier: clocks of containers and laptops that slept differ.
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=365))
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
