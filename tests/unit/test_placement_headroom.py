"""N+1 on both sides: what is left, and what no longer fits."""

from estate.placement.headroom import Headroom, View, headroom
from tests.estates import changed, sandbox


def of(found: tuple[Headroom, ...], aggregate: str, view: View) -> Headroom:
    (one,) = [one for one in found if (one.aggregate, one.view) == (aggregate, view)]
    return one


def test_all_of_the_sandbox_fits() -> None:
    found = headroom(sandbox())
    assert [one.does_not_fit for one in found] == [(), (), ()]
    kvm = of(found, "general", View.KVM)
    assert kvm.lost == "kvm01.sandbox.example"
    assert (kvm.capacity.vcpus, kvm.capacity.memory) == (4 * 32 * 4, 4 * (128 * 1024 - 512))
    assert kvm.demand.vcpus == 12
    nova = of(found, "vendor", View.NOVA)
    assert nova.lost is None
    # 3 + 2 hosts of 32 threads, less one each for HA, at 2 VCPUs per thread.
    assert nova.capacity.vcpus == (2 + 1) * 32 * 2
    hosts = of(found, "vendor", View.HOSTS)
    assert hosts.lost == "esxi-a1.sandbox.example"
    assert hosts.capacity.memory == (2 + 1) * 256 * 1024


def test_what_does_not_fit_is_named() -> None:
    members = {"workloads/ledger-db/members": "ledger-db-[1-50]"}
    found = headroom(changed(*members.items()))
    hosts = of(found, "vendor", View.HOSTS)
    # 16 GiB each: 16 on each of three hosts.
    assert len(hosts.does_not_fit) == 50 - 3 * 16 + len({"ledger-app", "swift-gateway", "hsm-proxy"})
    assert {name for name in hosts.does_not_fit if name.startswith("ledger-db-")} == {
        "ledger-db-8",
        "ledger-db-9",
    }
    assert of(found, "general", View.KVM).does_not_fit == ()


def test_nova_would_take_what_no_host_can() -> None:
    """To Nova a cluster is one provider: room that is left in pieces on its hosts looks like one."""
    estate = changed(
        (
            "flavors/wide",
            {
                "hypervisor": "esxi",
                "vcpus": 8,
                "memory": "144 GiB",
                "disk": "10 GiB",
                "projects": ["payments"],
            },
        ),
        ("workloads/ledger-db/flavor", "wide"),
        ("workloads/ledger-db/members", "ledger-db-[1-4]"),
    )
    found = headroom(estate)
    assert of(found, "vendor", View.NOVA).does_not_fit == ()
    assert of(found, "vendor", View.HOSTS).does_not_fit == ("ledger-db-4",)


def test_a_small_kvm_aggregate_does_not_survive() -> None:
    found = headroom(
        changed(
            (
                "aggregates/general/host_classes",
                {
                    "one": {
                        "hosts": "kvm01.sandbox.example",
                        "vcpus": 64,
                        "memory": "256 GiB",
                        "disk": "1000 GiB",
                    }
                },
            )
        )
    )
    kvm = of(found, "general", View.KVM)
    assert kvm.capacity.vcpus == 0
    assert len(kvm.does_not_fit) == 8


def test_without_admission_control_a_lost_host_is_still_lost() -> None:
    with_it = of(headroom(sandbox()), "vendor", View.HOSTS)
    without = of(headroom(changed(("clusters/esx-b/ha", {"admission_control": None}))), "vendor", View.HOSTS)
    assert without.capacity.memory == with_it.capacity.memory + 256 * 1024
