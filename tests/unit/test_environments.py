"""The environments under ``stacks/``: a company of 20 hosts and 300 servers, and what it tries on."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from cli import app
from estate.documents import load
from estate.documents.attachments import user_data
from estate.documents.folder import documents
from estate.documents.nodes import Mapping, Node, Scalar, Sequence, parse, plain
from estate.model import Estate, Hypervisor
from estate.model.block import Block, NamedBlock
from estate.model.differences import Difference
from estate.model.ownership import Mode
from estate.placement.headroom import headroom
from estate.placement.landing import Lander

STACKS = Path(__file__).parents[2] / "stacks"
COMPANY = ("dev", "staging", "prod")
ENVIRONMENTS = (*COMPANY, "sandbox")

NOT_SHOWN = {
    ("Network", "mtu"): "nsx-policy, the back end of all environments, has no MTU of networks",
    ("Settings", "evc_modes"): "the hosts of all environments have CPUs whose EVC modes are known",
    ("SecurityGroup", "stateful"): "nsx-policy has no stateless security groups, and stateful is the default",
}
"""Fields that no environment says, with the reason."""


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_each_has_a_stack_that_names_it_and_nothing_else(name: str) -> None:
    """No salt, no secret, no address: those belong to who applies it."""
    document = YAML(typ="safe").load(STACKS / f"Pulumi.{name}.yaml")
    assert document == {"config": {"estate:environment": name}}


@cache
def estate_of(name: str) -> Estate:
    loaded = load(STACKS / name)
    assert loaded.estate is not None, loaded.problems
    return loaded.estate


@pytest.fixture(scope="module")
def prod() -> Estate:
    return estate_of("prod")


# -- the company -------------------------------------------------------------------------------------------


def test_hosts_of_prod(prod: Estate) -> None:
    kvm = [host for one in prod.aggregates_of(Hypervisor.KVM) for host in one.hosts]
    esxi = [host for one in prod.clusters.values() for host in one.hosts]
    assert (len(set(kvm)), len(set(esxi)), len(prod.clusters)) == (12, 8, 2)
    assert {one.vcenter for one in prod.clusters.values()} == set(prod.vcenters)
    assert {one.mode for one in prod.clusters.values()} == set(Mode)


def test_servers_of_prod(prod: Estate) -> None:
    servers = prod.servers()
    restricted = {name: one.restriction for name, one in servers.items() if one.restriction is not None}
    assert len(servers) == 300
    assert 45 <= len(restricted) <= 55
    assert {one.reason for one in restricted.values()} == {
        "vendor-support",
        "licence",
        "certification",
        "technical",
    }
    # Those that are not restricted, yet on ESXi, wait for their wave: what binds a server is never implied.
    on_esxi = {name for name, one in servers.items() if prod.images[one.image].hypervisor is Hypervisor.ESXI}
    assert set(restricted) < on_esxi
    assert all("wave-7" in servers[name].tags for name in on_esxi - set(restricted))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_reviews_are_ahead(name: str) -> None:
    reviews = [
        one.restriction.review for one in estate_of(name).workloads.values() if one.restriction is not None
    ]
    assert min(reviews) > date(2026, 12, 31)
    if name == "prod":
        by_month = Counter(review.month for review in reviews)
        assert len(by_month) >= 10
        assert max(by_month.values()) <= len(reviews) / 4


def test_kinds_of_servers_of_prod(prod: Estate) -> None:
    flavors = Counter(one.flavor for one in prod.servers().values())
    images = Counter(one.image for one in prod.servers().values())
    assert set(flavors) == set(prod.flavors)
    assert set(images) == set(prod.images)
    for system in ("rhel8", "rhel9", "ubuntu", "sles", "win2016", "win2022", "win2025", "appliance"):
        assert any(system in image for image in images), system
    assert len({one.owner for one in prod.workloads.values()}) >= 15


def test_tiers_of_prod(prod: Estate) -> None:
    """Three tiers, each an array that serves both sides and shares its datastores between the clusters."""
    assert len(prod.storage) == 3
    for array in prod.storage.values():
        assert {one.serves for one in array.volume_types.values()} == set(Hypervisor)
        assert all(set(one.clusters) == set(prod.clusters) for one in array.datastores.values())


def test_networks_of_prod(prod: Estate) -> None:
    sites = [{name[:-2] for name in prod.networks if name.endswith(end)} for end in ("-a", "-b")]
    assert len(sites[0] & sites[1]) >= 10
    assert {subnet.cidr.version for one in prod.networks.values() for subnet in one.subnets.values()} == {
        4,
        6,
    }
    vlans = [one.name for one in prod.networks.values() if one.vlan is not None]
    assert len(vlans) == 1
    used = {name for one in prod.servers().values() for name in one.networks}
    assert {one.name for one in prod.networks.values() if one.external is None} == used
    # Servers of both hypervisors stand in one network.
    sides = {
        (name, prod.images[one.image].hypervisor) for one in prod.servers().values() for name in one.networks
    }
    assert sum(all((name, side) in sides for side in Hypervisor) for name in used) >= 5


# -- every environment -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_nothing_is_wrong(name: str) -> None:
    result = CliRunner().invoke(app, ["check", str(STACKS / name)])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_all_servers_fit_when_a_host_is_lost(name: str) -> None:
    estate = estate_of(name)
    found = headroom(estate)
    assert {one.aggregate for one in found} == set(estate.aggregates)
    assert [(one.aggregate, one.view, one.does_not_fit) for one in found if one.does_not_fit] == []


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_workload_lands_on_its_side(name: str) -> None:
    estate = estate_of(name)
    lander = Lander(estate)
    for workload in (variant.workload for one in estate.workloads.values() for variant in one.variants):
        landing = lander.landing(workload)
        assert landing.aggregate is not None, workload.name
        hypervisor = estate.aggregates[landing.aggregate].hypervisor
        assert hypervisor is estate.images[workload.image].hypervisor
        assert workload.restriction is None or hypervisor is Hypervisor.ESXI


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_volumes_fit_without_oversubscription(name: str) -> None:
    """What arrays hold today has room even if every volume fills up."""
    estate = estate_of(name)
    taken: Counter[str] = Counter()
    for server in estate.servers().values():
        volumes = [(one.type, one.size) for one in server.volumes.values()]
        if server.boot_volume is not None:
            size = server.boot_volume.size or estate.images[server.image].virtual_size
            volumes.append((server.boot_volume.type, size))
        for kind, size in volumes:
            if estate.volume_types[kind].serves is Hypervisor.KVM:
                taken[estate.array_of(kind)] += size
    for array in estate.storage.values():
        datastores = sum(one.capacity for one in array.datastores.values())
        assert taken[array.name] <= array.capacity - datastores, array.name


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_user_data_is_there_and_holds_no_secret(name: str) -> None:
    loaded = load(STACKS / name)
    assert loaded.estate is not None
    _, findings = user_data(loaded)
    assert findings == []


def test_nothing_secret_lies_in_the_folders() -> None:
    secret = re.compile(r"PRIVATE KEY|\b(passw(or)?d|api_key|token)\s*[:=]\s*\S", re.IGNORECASE)
    files = [path for path in STACKS.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert len(files) > 40
    assert [str(path) for path in files if secret.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("name", ["base", *ENVIRONMENTS])
def test_the_form_is_that_of_fmt(name: str) -> None:
    result = CliRunner().invoke(app, ["fmt", "--check", str(STACKS / name)])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", COMPANY)
def test_an_environment_says_only_what_is_different(name: str) -> None:
    base = _said(STACKS / "base")
    repeated = [" ".join(key) for key, value in _said(STACKS / name).items() if base.get(key) == value]
    assert repeated == []


def _said(folder: Path) -> dict[tuple[str, ...], object]:
    """Every single value and every list that the YAML documents of one folder say, by its keys."""

    def leaves(node: Node, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
        if isinstance(node, Mapping):
            for key, inner in node.items.items():
                yield from leaves(inner, (*above, key))
        elif isinstance(node, Scalar | Sequence):  # neither a removal nor a table
            yield above, plain(node)

    found: dict[tuple[str, ...], object] = {}
    for path in documents(folder):
        if path.suffix == ".yaml":
            root = parse(path.read_bytes(), str(path)).root
            assert root is not None
            found |= leaves(root, ())
    return found


# -- the whole language ------------------------------------------------------------------------------------


def test_every_field_of_the_language_is_said_somewhere() -> None:
    said = {field for name in ENVIRONMENTS for field in _fields_said(estate_of(name))}
    missing = _fields_of(Estate) - said
    assert missing == set(NOT_SHOWN)


def test_every_way_to_write_is_used() -> None:
    texts = "\n".join(path.read_text(encoding="utf-8") for path in STACKS.glob("*/*.yaml"))
    for tag in ("extends: ", "!remove", "!table ", "!secret ", "members: ledger-db-[01-02,04]"):
        assert tag in texts, tag
    prod = {path.name for path in load(STACKS / "prod").files}
    assert {"estate.py", "office.csv", "flavors.yaml"} <= prod


def _declared_in(model: type[Block], field: str) -> str:
    """The class that brings a field: common fields of several kinds are said by one of them."""
    return next(one.__name__ for one in reversed(model.__mro__) if field in getattr(one, "model_fields", {}))


def _fields_of(model: type[Block]) -> set[tuple[str, str]]:
    """All fields that a document may say, from a block downward. A difference has those of its workload."""
    found: set[tuple[str, str]] = set()
    waiting, seen = [model], {model}
    while waiting:
        one = waiting.pop()
        for name, field in one.model_fields.items():
            if name != "name" or not issubclass(one, NamedBlock):
                found.add((_declared_in(one, name), name))
            for inner in _blocks_in(field.annotation):
                if inner not in seen and not issubclass(inner, Difference):
                    seen.add(inner)
                    waiting.append(inner)
    return found


def _blocks_in(annotation: object) -> Iterator[type[Block]]:
    if isinstance(annotation, type) and issubclass(annotation, Block):
        yield annotation
    for part in get_args(annotation):
        yield from _blocks_in(part)


def _fields_said(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Block) and not isinstance(value, Difference):
        for name in value.model_fields_set:
            yield _declared_in(type(value), name), name
            yield from _fields_said(getattr(value, name))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _fields_said(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _fields_said(inner)
