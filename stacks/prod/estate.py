"""The workers of the risk grid: every second one has a disk for the scenarios, which its neighbour reads.

That is a rule and no list, so it is a loop.
"""

from collections.abc import Iterator

from estate.model import Volume, Workload

WORKERS = 24
FIRST = 11  # Numbers from 11 on are at site B.


def estate() -> Iterator[Workload]:
    """The workers, as a document of this environment."""
    for number in range(FIRST, FIRST + WORKERS):
        scenarios = {"scenarios": Volume(type="silver-kvm", size="500 GiB")} if number % 2 else {}
        yield Workload(
            name=f"risk-worker-{number}",
            description="Valuations of the risk grid",
            owner="risk-it",
            image="rhel9-kvm",
            flavor="kvm-grid",
            networks="risk-grid-b",
            security_groups=("managed", "grid"),
            availability_zone="az-kvm-b",
            keypair="operations",
            tags=("grid", "may-be-stopped"),
            volumes=scenarios,
        )
