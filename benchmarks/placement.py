"""How long placement and proof take for a large estate: ``python -m benchmarks.placement``.

3,000 workloads on 200 hosts and, to see how it grows, a third and three times as many workloads.
Everything is pure, so one process measures it; the best of five runs counts.
"""

import platform
import time
from collections.abc import Callable
from typing import Any

from estate.model import Estate
from estate.placement.landing import landings
from estate.placement.proof import prove, situation_of

KVM_HOSTS = 176
CLUSTERS = 24
RUNS = 5
WORKLOADS = (1_000, 3_000, 9_000)


def estate(workloads: int) -> Estate:
    """KVM hosts of two makes and 24 clusters in four aggregates; every 60th workload restricted."""
    esxi = {
        f"esx-{number:02}": {
            "vcenter": "vc1",
            "compute_host": f"nova-esx-{number:02}",
            "host_classes": {
                "blade": {
                    "hosts": f"esxi-{number:02}-[1-8].example",
                    "cores": 32,
                    "threads": 64,
                    "memory": "512 GiB",
                }
            },
        }
        for number in range(CLUSTERS)
    }
    half = KVM_HOSTS // 2
    return Estate.model_validate(
        {
            "estate": {"name": "large"},
            "vcenters": {"vc1": {"server": "vc1.example", "datacenter": "dc1", "switch": "dvs"}},
            "clusters": esxi,
            "aggregates": {
                "general": {
                    "hypervisor": "kvm",
                    "availability_zone": "az-kvm",
                    "host_classes": {
                        "large": _kvm(f"kvm[001-{half:03}].example", 128),
                        "small": _kvm(f"kvm[{half + 1:03}-{KVM_HOSTS - 20:03}].example", 64),
                    },
                },
                "batch": {
                    "hypervisor": "kvm",
                    "availability_zone": "az-batch",
                    "host_classes": {"small": _kvm(f"kvmb[001-{20:03}].example", 64)},
                },
                **{
                    f"vendor-{side}": {
                        "hypervisor": "esxi",
                        "availability_zone": f"az-vendor-{side}",
                        "clusters": list(esxi)[side::2],
                    }
                    for side in (0, 1)
                },
            },
            "storage": {
                "array1": {
                    "capacity": "900 TiB",
                    "datastores": {"ds1": {"capacity": "800 TiB", "clusters": list(esxi)}},
                }
            },
            "networks": {"app": {"subnets": {"v4": {"cidr": "10.0.0.0/8"}}}},
            "images": {
                **{
                    f"kvm-{number}": {
                        "hypervisor": "kvm",
                        "file": f"{number}.qcow2",
                        "virtual_size": "10 GiB",
                    }
                    for number in range(12)
                },
                **{
                    f"esxi-{number}": {
                        "hypervisor": "esxi",
                        "file": f"{number}.vmdk",
                        "virtual_size": "10 GiB",
                        "disk_type": "sparse",
                        "adapter": "lsiLogic",
                        "guest": f"rhel{number}_64Guest",
                    }
                    for number in range(6)
                },
            },
            "flavors": {
                f"{side}-{size}": {
                    "hypervisor": side,
                    "vcpus": 2**size,
                    "memory": f"{4 * 2**size} GiB",
                    "disk": "20 GiB",
                    **({"projects": ["one", "two"]} if side == "esxi" else {}),
                }
                for side in ("kvm", "esxi")
                for size in range(6)
            },
            "projects": {"one": {}, "two": {}, "three": {}},
            "workloads": {f"w{number:05}": _workload(number) for number in range(workloads)},
        }
    )


def _kvm(hosts: str, vcpus: int) -> dict[str, Any]:
    return {"hosts": hosts, "vcpus": vcpus, "memory": "1024 GiB", "disk": "8000 GiB"}


def _workload(number: int) -> dict[str, Any]:
    side = "esxi" if number % 60 == 0 else "kvm"
    turn = number // 60
    zones = ["az-vendor-0", "az-vendor-1"] if side == "esxi" else ["az-kvm", "az-batch"]
    restriction = {
        "reason": "licence",
        "evidence": "contract",
        "owner": "somebody",
        "review": "2030-01-01",
    }
    return {
        "image": f"{side}-{(number if side == 'kvm' else turn) % (12 if side == 'kvm' else 6)}",
        "flavor": f"{side}-{(number // 7 if side == 'kvm' else turn // 3) % 6}",
        "networks": ["app"],
        "availability_zone": zones[turn % 2],
        **({"restriction": restriction} if side == "esxi" else {}),
    }


def seconds(run: Callable[[], object]) -> float:
    """CPU seconds of the best of several runs: other programs of the machine do not count."""
    best = float("inf")
    for _ in range(RUNS):
        began = time.process_time()
        run()
        best = min(best, time.process_time() - began)
    return best


def both(made: Estate) -> bool:
    """Placement and proof of one estate."""
    return all(one.aggregate is not None for one in landings(made)) and prove(situation_of(made)).holds


def main() -> None:
    """Measure and print a Markdown table."""
    print(f"Python {platform.python_version()}\n\n| workloads | hosts | placement and proof |\n|---|---|---|")
    for count in WORKLOADS:
        made = estate(count)
        assert both(made)
        hosts = sum(len(made.compute_hosts(one)) for one in made.aggregates.values())
        print(f"| {count} | {hosts} | {seconds(lambda made=made: both(made)):.2f} s |")  # type: ignore[misc]


if __name__ == "__main__":
    main()
