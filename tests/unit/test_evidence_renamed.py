"""Renamed blocks: what keeps its old name in the cloud is no difference; what is another thing is one."""

from dataclasses import replace

from estate.evidence.landing import compare
from estate.model import Estate
from estate.openstack.servers import RESTRICTION_KEY, AttachedVolume, Cloud, Port, Server
from estate.vsphere.inventory import Machine, Nic
from policies.catalogue import config_of
from tests.estates import sandbox
from tests.renaming import NEW, renamed

ESTATE = Estate.model_validate(renamed(sandbox()))
NAME = NEW.format("ledger-db")
WORKLOAD = ESTATE.workloads[NAME]
NETWORKS = {
    name: f"{number}0000000-aaaa-bbbb-cccc-ddddddddddd{number}"
    for number, name in enumerate(WORKLOAD.networks)
}
SERVER = Server(
    id="server",
    name=NAME,
    status="ACTIVE",
    host="nova-esx-a",
    aggregates=(NEW.format("vendor"),),
    image=NEW.format("linux-esxi"),
    flavor="esxi-medium",
    metadata={RESTRICTION_KEY: str(WORKLOAD.restriction and WORKLOAD.restriction.reason.value)},
    ports=tuple(Port(name=name, network=name, network_id=id_, mac=id_) for name, id_ in NETWORKS.items()),
    volumes=(AttachedVolume(id="volume", name="data", type="standard-esxi", backend="array1-vc1-az-esxi"),),
)
MACHINE = Machine(
    vcenter=NEW.format("vc1"),
    name="ledger-db",
    uuid="server",
    managed_by="org.openstack.compute",
    host="esxi-a1.sandbox.example",
    cluster=NEW.format("esx-a"),
    powered_on=True,
    nics=tuple(
        Nic(mac=id_, backing=f"{name.removesuffix(NEW.format(''))}_{id_}") for name, id_ in NETWORKS.items()
    ),
    disks=(),
)
VOLUME = replace(MACHINE, name="volume", uuid="volume", nics=(), disks=("[ds-shared-1] volume/volume.vmdk",))


def said(server: Server, machine: Machine = MACHINE) -> tuple[str, ...]:
    cloud = Cloud(servers=(server,), volumes=frozenset({"volume"}))
    return next(row.differences for row in compare(ESTATE, cloud, [machine, VOLUME]) if row.server == NAME)


def test_flavor_volume_type_and_port_group_may_have_their_old_names() -> None:
    assert said(SERVER) == ()


def test_the_new_name_of_a_flavor_is_that_of_another_one() -> None:
    assert said(replace(SERVER, flavor="esxi-medium-renamed")) == (
        "its flavor is esxi-medium-renamed, declared is esxi-medium",
    )


def test_another_network_is_told_by_its_id() -> None:
    first, *others = MACHINE.nics
    other = replace(first, backing=first.backing[:-1] + "f")
    (difference,) = said(SERVER, replace(MACHINE, nics=(other, *others)))
    assert f"is backed by {other.backing} in vCenter" in difference


def test_the_pack_knows_both_names_of_a_flavor_and_a_volume_type() -> None:
    config = config_of(ESTATE)
    assert config["flavors"]["esxi-medium"] == config["flavors"]["esxi-medium-renamed"]
    assert config["volumeTypes"]["standard-esxi"] == config["volumeTypes"]["standard-esxi-renamed"] == "esxi"
