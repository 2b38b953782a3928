"""Every contradiction that documents can have: its rule, its place, its words; and that none is invented."""

from typing import Any, NamedTuple

import pytest

from estate.placement import contradictions
from tests.estates import changed, sandbox

Change = tuple[str, Any]
SECOND_KVM: Change = (
    "aggregates/batch",
    {
        "hypervisor": "kvm",
        "availability_zone": "az-batch",
        "host_classes": {
            "b": {
                "hosts": "kvmb[1-2].sandbox.example",
                "vcpus": 64,
                "memory": "64 GiB",
                "disk": "100 GiB",
                "nics": {"storage": ["eno1"], "data": ["eno2"]},
            }
        },
    },
)
OLD_BLADE = {
    "hosts": "esxi-old1.sandbox.example",
    "cores": 8,
    "threads": 16,
    "memory": "128 GiB",
    "cpu": "intel-skylake",
    "nics": {"storage": ["vmnic1"], "data": ["vmnic2"]},
}
SECOND_VCENTER: Change = (
    "vcenters/vc2",
    {"server": "vc2.sandbox.example", "datacenter": "dc2", "switch": "dvs2"},
)


VTPM = [
    "COMPUTE_SECURITY_TPM_2_0",
    "COMPUTE_SECURITY_TPM_TIS",
    "COMPUTE_SECURITY_TPM_SECRET_SECURITY_USER",
]
"""What nova-compute reports of a host with ``[libvirt] swtpm_enabled``."""


class Case(NamedTuple):
    rule: str
    loc: tuple[str, ...]
    says: str
    changes: tuple[Change, ...]


CASES = [
    Case(
        "cluster-drs",
        ("clusters", "esx-a", "drs", "automation"),
        "expected drs automation fully-automated, found manual",
        (("clusters/esx-a/drs", {"automation": "manual"}),),
    ),
    Case(
        "cluster-ha",
        ("clusters", "esx-a", "ha", "enabled"),
        "expected vSphere HA on, found it off",
        (("clusters/esx-a/ha", {"enabled": False}),),
    ),
    Case(
        "cluster-ha",
        ("clusters", "esx-b", "ha", "admission_control", "host_failures"),
        "expected host_failures below the cluster's 2 hosts, found 2",
        (("clusters/esx-b/ha", {"admission_control": {"host_failures": 2}}),),
    ),
    Case(
        "aggregate-one-vcenter",
        ("aggregates", "vendor", "clusters"),
        "expected clusters of one vCenter, found vc1 and vc2",
        (SECOND_VCENTER, ("clusters/esx-b/vcenter", "vc2")),
    ),
    Case(
        "trait-of-hypervisor",
        ("aggregates", "general", "host_classes", "standard", "traits"),
        "expected traits of KVM hosts, found CUSTOM_HV_VMWARE, which says that a host is ESXi",
        (("aggregates/general/host_classes/standard/traits", ["CUSTOM_HV_VMWARE"]),),
    ),
    Case(
        "trait-of-hypervisor",
        ("clusters", "esx-a", "traits"),
        "expected traits of ESXi hosts, found CUSTOM_HV_KVM, which says that a host is KVM",
        (("clusters/esx-a/traits", ["CUSTOM_HV_KVM"]),),
    ),
    Case(
        "dedicated-nic",
        ("aggregates", "general", "host_classes", "standard"),
        "expected network cards for storage alone on hosts of class standard, found none",
        (("aggregates/general/host_classes/standard/nics/storage", None),),
    ),
    Case(
        "dedicated-nic",
        ("clusters", "esx-b", "host_classes", "blade"),
        "Say nics: {data: [vmnic2, vmnic3]}.",
        (("clusters/esx-b/host_classes/blade/nics/data", None),),
    ),
    Case(
        "cluster-vmkernel",
        ("clusters", "esx-a"),
        "expected a VMkernel adapter for vmotion on every host, found none: DRS could move no server",
        (("clusters/esx-a/vmkernel/vmotion", None),),
    ),
    Case(
        "cluster-evc",
        ("clusters", "esx-a"),
        "found none for hosts with intel-icelake and intel-skylake",
        (("clusters/esx-a/host_classes/old", OLD_BLADE),),
    ),
    Case(
        "cluster-evc",
        ("clusters", "esx-a", "host_classes"),
        "expected CPUs of one maker, found amd-zen2 and intel-icelake",
        (("clusters/esx-a/host_classes/old", {**OLD_BLADE, "cpu": "amd-zen2"}),),
    ),
    Case(
        "cluster-evc",
        ("clusters", "esx-a", "evc"),
        "expected an EVC mode of intel, found amd-zen2",
        (("clusters/esx-a/evc", "amd-zen2"),),
    ),
    Case(
        "cluster-evc",
        ("clusters", "esx-a", "evc"),
        "intel-skylake or an older one, found intel-icelake. Say evc: intel-skylake.",
        (("clusters/esx-a/host_classes/old", OLD_BLADE), ("clusters/esx-a/evc", "intel-icelake")),
    ),
    Case(
        "cluster-evc",
        ("clusters", "esx-a", "evc"),
        "expected an EVC mode that vCenter has, found intel-cascdelake. Did you mean intel-cascadelake",
        (("clusters/esx-a/evc", "intel-cascdelake"),),
    ),
    Case(
        "cluster-evc",
        ("clusters", "esx-a", "host_classes", "old", "cpu"),
        "A newer one of your vCenter is named first: estate: {evc_modes: [amd-zen9]}.",
        (("clusters/esx-a/host_classes/old", {**OLD_BLADE, "cpu": "amd-zen9"}),),
    ),
    Case(
        "cluster-evc",
        ("clusters", "esx-a", "evc"),
        "intel-icelake or an older one, found intel-graniterapids",
        (
            ("estate/evc_modes", ["intel-graniterapids"]),
            ("clusters/esx-a/host_classes/new", {**OLD_BLADE, "cpu": "intel-graniterapids"}),
            ("clusters/esx-a/evc", "intel-graniterapids"),
        ),
    ),
    Case(
        "aggregate-capacity",
        ("aggregates", "vendor"),
        "found 128 VCPUs asked for and 124 to give (less what HA keeps free and others run)",
        (
            ("workloads/hsm-proxy/members", "hsm-[1-122]"),
            ("clusters/esx-a/mode", "referenced"),
            ("clusters/esx-a/foreign", {"machines": 40, "vcpus": 68, "memory": "64 GiB"}),
        ),
    ),
    Case(
        "aggregate-packing",
        ("aggregates", "general"),
        "no placement was found for kvm-big-6, the largest placed first: together they fit, host by host",
        (
            ("flavors/big", {"hypervisor": "kvm", "vcpus": 2, "memory": "100 GiB", "disk": "10 GiB"}),
            ("workloads/web-1/flavor", "big"),
            ("workloads/web-1/members", "kvm-big-[1-6]"),
        ),
    ),
    Case(
        "aggregate-packing",
        ("aggregates", "vendor"),
        "no placement was found for ledger-db-4, the largest placed first",
        (
            (
                "flavors/wide",
                {
                    "hypervisor": "esxi",
                    "vcpus": 2,
                    "memory": "144 GiB",
                    "disk": "10 GiB",
                    "projects": ["payments"],
                },
            ),
            ("workloads/ledger-db/flavor", "wide"),
            ("workloads/ledger-db/members", "ledger-db-[1-4]"),
        ),
    ),
    Case(
        "server-group",
        ("server_groups", "together"),
        "expected members that fit on one host together, as affinity wants, found 6 VCPUs and 153600 MiB; "
        'the largest host of aggregate "general" has room for 128 VCPUs and 131072 MiB.',
        (
            ("flavors/big", {"hypervisor": "kvm", "vcpus": 2, "memory": "50 GiB", "disk": "10 GiB"}),
            ("server_groups/together", {"policy": "affinity"}),
            ("workloads/web-1/flavor", "big"),
            ("workloads/web-1/members", "kvm-big-[1-3]"),
            ("workloads/web-1/server_group", "together"),
        ),
    ),
    Case(
        "addresses-for-ports",
        ("networks", "small"),
        "expected an IPv4 address for every port, found 20 ports of servers and 5 addresses (10.77.0.0/29)",
        (
            ("networks/small", {"subnets": {"small": {"cidr": "10.77.0.0/29"}}}),
            ("workloads/web-1/networks", ["small"]),
            ("workloads/web-1/members", "web-[101-120]"),
        ),
    ),
    Case(
        "addresses-for-ports",
        ("networks", "small"),
        "found 4 ports of servers and 3 addresses of their pools",
        (
            (
                "networks/small",
                {
                    "subnets": {
                        "small": {
                            "cidr": "10.77.0.0/24",
                            "pools": [{"start": "10.77.0.10", "end": "10.77.0.12"}],
                        }
                    }
                },
            ),
            ("workloads/web-1/networks", ["small"]),
            ("workloads/web-1/members", "web-[101-104]"),
        ),
    ),
    Case(
        "datastore-capacity",
        ("aggregates", "vendor"),
        "GiB to give (a datastore of several clusters counts once, times",
        (("workloads/ledger-db/volumes/data/size", "9 TiB"),),
    ),
    Case(
        "flavor-extra-spec",
        ("flavors", "esxi-small", "extra_specs", "hw:tpm_version"),
        "(Nova's support matrix, [operation.boot-emulated-tpm] driver.vmware=missing)",
        (("flavors/esxi-small/extra_specs", {"hw:tpm_version": "2.0"}),),
    ),
    Case(
        "flavor-extra-spec",
        ("flavors", "kvm-small", "extra_specs", "vmware:hw_version"),
        "only the VMware driver reads it",
        (("flavors/kvm-small/extra_specs", {"vmware:hw_version": "vmx-19"}),),
    ),
    Case(
        "flavor-extra-spec",
        ("flavors", "esxi-medium", "extra_specs", "os:secure_boot"),
        "Nova asks for a host with COMPUTE_SECURITY_UEFI_SECURE_BOOT then, and no ESXi host is said to",
        (("flavors/esxi-medium/extra_specs", {"os:secure_boot": "required"}),),
    ),
    Case(
        "flavor-extra-spec",
        ("flavors", "kvm-small", "extra_specs", "hw:pmem"),
        "Nova asks for CUSTOM_PMEM_NAMESPACE_6GB then, which no host has",
        (("flavors/kvm-small/extra_specs", {"hw:pmem": "6GB"}),),
    ),
    Case(
        "flavor-extra-spec",
        ("flavors", "kvm-small", "extra_specs", "hw:tpm_version"),
        "Nova asks for a host with COMPUTE_SECURITY_TPM_2_0 and COMPUTE_SECURITY_TPM_SECRET_SECURITY_USER ",
        (("flavors/kvm-small/extra_specs", {"hw:tpm_version": "2.0"}),),
    ),
    Case(
        "flavor-extra-spec",
        ("flavors", "esxi-small", "extra_specs", "hw:virtio_packed_ring"),
        "Nova asks for a host with COMPUTE_NET_VIRTIO_PACKED then, and no ESXi host is said to",
        (("flavors/esxi-small/extra_specs", {"hw:virtio_packed_ring": "true"}),),
    ),
    Case(
        "flavor-extra-spec",
        ("flavors", "kvm-small", "extra_specs", "hw:mem_encryption"),
        "memory encryption wants an image with hw_firmware_type = uefi",
        (("flavors/kvm-small/extra_specs", {"hw:mem_encryption": "true"}),),
    ),
    Case(
        "flavor-extra-spec",
        ("flavors", "kvm-small", "extra_specs", "resources:CUSTOM_X"),
        "Nova asks for CUSTOM_X then, which no host has",
        (("flavors/kvm-small/extra_specs", {"resources:CUSTOM_X": "1"}),),
    ),
    Case(
        "flavor-extra-spec",
        ("flavors", "kvm-small", "extra_specs", "hw:of_tomorrow"),
        "it is not known here what Nova asks of placement by it",
        (("flavors/kvm-small/extra_specs", {"hw:of_tomorrow": "1"}),),
    ),
    Case(
        "flavor-extra-spec",
        ("flavors", "kvm-small", "extra_specs", "accel:device_profile"),
        "it is not known here what Nova asks of placement by it",
        (("flavors/kvm-small/extra_specs", {"accel:device_profile": "gpu"}),),
    ),
    Case(
        "no-host",
        ("workloads", "web-1"),
        'expected a host of aggregate "general" that takes its servers, found none even in an empty cloud: '
        "ComputeCapabilitiesFilter: fails extra_spec requirements.",
        (("flavors/kvm-small/extra_specs", {"capabilities:hypervisor_type": "VMware"}),),
    ),
    Case(
        "no-host",
        ("workloads", "ledger-db"),
        "found none even in an empty cloud: isolate_aggregates: the provider is in aggregate",
        (("aggregates/vendor/metadata", {"trait:CUSTOM_Y": "required"}),),
    ),
    Case(
        "flavor-traits",
        ("flavors", "kvm-small", "traits"),
        "expected KVM hosts with CUSTOM_NVME, found none (their traits: none)",
        (("flavors/kvm-small/traits", ["CUSTOM_NVME"]),),
    ),
    Case(
        "unsupported-need",
        ("workloads", "ledger-db", "needs", "multi-writer-disk"),
        "found multi-writer-disk: Nova's support matrix, [operation.multiattach-volume] driver.vmware=missing"
        ". Run it on KVM, or remove the need.",
        (("workloads/ledger-db/needs", ["multi-writer-disk"]),),
    ),
    Case(
        "unsupported-need",
        ("workloads", "web-1", "needs", "fault-tolerance"),
        "Leave its machine outside of the cloud, or remove the need.",
        (("workloads/web-1/needs", ["fault-tolerance", "vtpm"]),),
    ),
    Case(
        "unsupported-need",
        ("workloads", "ledger-db", "config_drive"),
        "expected needs that Nova serves on ESXi, found config-drive: nova/virt/vmwareapi/images.py "
        "upload_iso_to_datastore reads the drive as text and fails. Run it on KVM, or remove the need.",
        (("workloads/ledger-db/config_drive", True),),
    ),
    Case(
        "server-group",
        ("server_groups", "apart"),
        "expected at most 2 members under anti-affinity, found 3: to Nova a whole cluster is one host",
        (
            ("server_groups/apart", {"policy": "anti-affinity"}),
            ("workloads/hsm-proxy/members", "hsm-[1-3]"),
            ("workloads/hsm-proxy/server_group", "apart"),
        ),
    ),
    Case(
        "server-group",
        ("server_groups", "apart"),
        "have 5 ESXi hosts, so that a DRS rule could not keep all members apart",
        (
            ("server_groups/apart", {"policy": "soft-anti-affinity"}),
            ("workloads/hsm-proxy/members", "hsm-[1-6]"),
            ("workloads/hsm-proxy/server_group", "apart"),
        ),
    ),
    Case(
        "server-group",
        ("server_groups", "apart"),
        'found 6: aggregate "general" has 5 hosts',
        (
            ("server_groups/apart", {"policy": "anti-affinity"}),
            ("workloads/web-1/members", "web-[11-16]"),
            ("workloads/web-1/server_group", "apart"),
        ),
    ),
    Case(
        "server-group",
        ("server_groups", "together"),
        "expected members of one aggregate, found general and vendor",
        (
            ("server_groups/together", {"policy": "affinity"}),
            ("workloads/hsm-proxy/server_group", "together"),
            ("workloads/web-1/server_group", "together"),
        ),
    ),
    Case(
        "flavor-and-image",
        ("workloads", "web-1", "flavor"),
        'flavor "esxi-small" is for ESXi, but image "linux-kvm" runs on KVM only. '
        "Use a flavor for KVM: kvm-medium, kvm-small.",
        (("workloads/web-1/flavor", "esxi-small"),),
    ),
    Case(
        "flavor-disk",
        ("workloads", "cache", "flavor"),
        'flavor "kvm-medium" has a root disk of 20 GiB, smaller than the 40 GiB of image "big"',
        (
            ("images/big", {"hypervisor": "kvm", "file": "big.qcow2", "virtual_size": "40 GiB"}),
            ("workloads/cache/image", "big"),
        ),
    ),
    Case(
        "flavor-disk",
        ("workloads", "cache", "flavor"),
        "Use a flavor with at least 1 GiB, or boot from a volume (boot_volume).",
        (("flavors/kvm-medium/disk", "0 GiB"), ("workloads/api-1/boot_volume", {"type": "standard-kvm"})),
    ),
    Case(
        "flavor-fits-host",
        ("workloads", "cache", "flavor"),
        'flavor "huge" (33 VCPUs, 2048 MiB) is larger than any single host that may take it; '
        "the largest has 32 VCPUs and 131072 MiB",
        (
            ("flavors/huge", {"hypervisor": "kvm", "vcpus": 33, "memory": "2 GiB", "disk": "10 GiB"}),
            ("workloads/cache/flavor", "huge"),
        ),
    ),
    Case(
        "ambiguous-aggregate",
        ("workloads", "web-1"),
        'found none: image "linux-kvm" runs on KVM, and there are 2 KVM aggregates. '
        "Say availability_zone: one of az-batch, az-kvm.",
        (SECOND_KVM,),
    ),
    Case(
        "zone-hypervisor",
        ("workloads", "web-1", "availability_zone"),
        'availability zone "az-esxi" is ESXi (aggregate "vendor"), but image "linux-kvm" runs on KVM only',
        (("workloads/web-1/availability_zone", "az-esxi"),),
    ),
    Case(
        "volume-type-side",
        ("workloads", "reports", "volumes", "archive", "type"),
        'volume type "standard-esxi" serves ESXi servers, but image "linux-kvm" runs on KVM only. '
        "Use a volume type for KVM: encrypted-kvm, standard-kvm.",
        (("workloads/reports/volumes/archive/type", "standard-esxi"),),
    ),
    Case(
        "volume-type-reach",
        ("workloads", "ledger-db", "volumes", "data", "type"),
        'which cluster esx-b of aggregate "vendor" does not mount',
        (
            ("storage/array1/datastores/ds-shared-1/clusters", "esx-a"),
            ("storage/array1/datastores/ds-shared-2/clusters", "esx-a"),
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.loc[-1]}")
def test_a_contradiction_is_found_where_it_is(case: Case) -> None:
    found = [one for one in contradictions.check(changed(*case.changes)) if one.loc == case.loc]
    assert [one.rule for one in found] == [case.rule]
    assert case.says in found[0].message


def test_a_side_without_aggregate() -> None:
    estate = changed(("aggregates/vendor", None), ("clusters", None), ("storage/array1/datastores", None))
    found = [one for one in contradictions.check(estate) if one.rule == "no-aggregate"]
    assert {one.loc[1] for one in found} == {"ledger-db", "ledger-app", "swift-gateway", "hsm-proxy"}
    assert 'image "linux-esxi" runs on ESXi only, but there is no ESXi aggregate' in found[0].message


def test_a_zone_of_two_aggregates_is_no_matter_of_the_workloads() -> None:
    estate = changed(SECOND_KVM, ("aggregates/batch/availability_zone", "az-kvm"))
    assert contradictions.check(estate) == []  # estate.model.references says it, once


def test_the_sandbox_contradicts_nothing() -> None:
    assert contradictions.check(sandbox()) == []


def test_what_fits_is_not_refused() -> None:
    """The other side of the cases above."""
    assert (
        contradictions.check(
            changed(
                ("aggregates/general/host_classes/standard/traits", ["CUSTOM_NVME", *VTPM]),
                ("flavors/kvm-small/traits", ["CUSTOM_NVME"]),
                ("flavors/esxi-small/extra_specs", {"quota:cpu_reservation": "500"}),
                ("flavors/esxi-medium/extra_specs", {"os:secure_boot": "optional", "hw:cpu_cores": "2"}),
                ("flavors/kvm-medium/extra_specs", {"hw:tpm_version": "2.0", "hw:cpu_policy": "dedicated"}),
                ("clusters/esx-a/host_classes/old", OLD_BLADE),
                ("clusters/esx-a/evc", "intel-skylake"),
                ("server_groups/apart", {"policy": "soft-anti-affinity"}),
                ("workloads/hsm-proxy/members", "hsm-[1-5]"),
                ("workloads/hsm-proxy/server_group", "apart"),
                ("workloads/web-1/needs", ["vtpm", "sr-iov"]),
            )
        )
        == []
    )


def test_what_does_not_resolve_is_left_to_others() -> None:
    estate = changed(
        ("workloads/web-1/image", "nowhere"),
        ("workloads/web-2/flavor", "nowhere"),
        ("workloads/reports/volumes/archive/type", "nowhere"),
        ("workloads/ledger-app/availability_zone", "nowhere"),
        ("aggregates/vendor/clusters", ["esx-a", "nowhere"]),
    )
    assert contradictions.check(estate) == []


def test_the_duty_to_stay_on_esxi_is_said_by_the_policies_alone() -> None:
    for field, value in (("image", "linux-kvm"), ("flavor", "kvm-small"), ("availability_zone", "az-kvm")):
        assert contradictions.check(changed((f"workloads/ledger-db/{field}", value))) == []


def test_volumes_of_the_other_vcenter_are_out_of_reach() -> None:
    estate = changed(SECOND_VCENTER, ("storage/array1/volume_types/standard-esxi/vcenter", "vc2"))
    (found,) = contradictions.check(estate)
    assert found.rule == "volume-type-reach"
    assert "in vCenter vc2, which cluster esx-a and esx-b" in found.message
