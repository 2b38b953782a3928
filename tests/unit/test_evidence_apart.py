"""Servers that a group keeps apart and that share a host: said of each, and of nobody else."""

import pytest

from estate.evidence.landing import compare
from estate.model import Estate
from estate.openstack.servers import RESTRICTION_KEY, Cloud, Server
from estate.vsphere.inventory import Machine
from tests.estates import changed

APART = (
    ("workloads/hsm-proxy/members", "hsm-[1-3]"),
    ("workloads/hsm-proxy/server_group", "apart"),
    ("workloads/web-1/members", "web-[11-12]"),
    ("workloads/web-1/server_group", "apart"),
)


def shared(estate: Estate, esxi: dict[str, str], kvm: dict[str, str]) -> dict[str, list[str]]:
    """Differences about shared hosts, by server. ``esxi``, ``kvm``: server → ESXi host, Nova's host."""
    servers, machines = [], []
    for name, host in {**esxi, **kvm}.items():
        servers.append(
            Server(
                id=name,
                name=name,
                status="ACTIVE",
                host="nova-esx-a" if name in esxi else host,
                aggregates=("vendor",) if name in esxi else ("general",),
                image="",
                flavor="",
                metadata={RESTRICTION_KEY: "licence"},
                ports=(),
                volumes=(),
            )
        )
        if name in esxi:
            machines.append(
                Machine(
                    vcenter="vc1",
                    name=name,
                    uuid=name,
                    managed_by="org.openstack.compute",
                    host=host,
                    cluster="esx-a",
                    powered_on=True,
                    nics=(),
                    disks=(),
                )
            )
    rows = compare(estate, Cloud(servers=tuple(servers), volumes=frozenset()), machines)
    return {
        row.server: said for row in rows if (said := [one for one in row.differences if "it shares" in one])
    }


@pytest.mark.parametrize("policy", ["soft-anti-affinity", "anti-affinity"])
def test_on_esxi_the_host_that_vcenter_names_counts(policy: str) -> None:
    estate = changed(("server_groups/apart", {"policy": policy}), *APART)
    assert shared(estate, {"hsm-1": "a1", "hsm-2": "a2", "hsm-3": "a1"}, {}) == {
        "hsm-1": ['it shares a1 with hsm-3, which server group "apart" keeps apart'],
        "hsm-3": ['it shares a1 with hsm-1, which server group "apart" keeps apart'],
    }


def test_on_kvm_only_a_hard_policy_is_kept_by_nova() -> None:
    together = {"web-11": "kvm01.sandbox.example", "web-12": "kvm01.sandbox.example"}
    soft = changed(("server_groups/apart", {"policy": "soft-anti-affinity"}), *APART)
    hard = changed(("server_groups/apart", {"policy": "anti-affinity"}), *APART)
    assert shared(soft, {}, together) == {}
    assert set(shared(hard, {}, together)) == {"web-11", "web-12"}


def test_servers_that_may_be_together_are_no_difference() -> None:
    estate = changed(("server_groups/apart", {"policy": "soft-affinity"}), *APART)
    assert shared(estate, {"hsm-1": "a1", "hsm-2": "a1"}, {}) == {}
