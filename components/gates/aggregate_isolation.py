"""The gate behind an aggregate's membership."""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi.dynamic import Resource

from components.gates.gate import Gate, Props
from estate.openstack import isolation
from estate.openstack.sdk import Connection


class AggregateIsolationProvider(Gate):
    """Reads isolation back from Nova and placement at every diff, and mends what is missing.

    It also completes an aggregate that its own resource left half-made: after a failed create the
    OpenStack provider takes hosts and metadata for set, whether or not Nova has them.
    """

    def settle(self, cloud: Connection, olds: Props | None, props: Props) -> None:  # noqa: ARG002
        """Mend until placement isolates every host."""
        isolation.mend(
            cloud,
            props["aggregateId"],
            props["hosts"],
            props["trait"],
            props["metadata"],
            seconds=self.patience,
            report=self.say,
        )

    def drifted(self, cloud: Connection, props: Props) -> bool:
        """Whether anything of the isolation is missing now."""
        found = isolation.examine(
            cloud, props["aggregateId"], props["hosts"], props["trait"], props["metadata"]
        )
        if found.missing:
            self.say(found.missing)
        return found.missing is not None


class AggregateIsolation(Resource, module="estate", name="AggregateIsolation"):
    """Named ``AGGREGATE-isolation``."""

    def __init__(
        self,
        aggregate: str,
        *,
        aggregate_id: pulumi.Input[str],
        hosts: Sequence[str],
        trait: str,
        metadata: Mapping[str, str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(
            AggregateIsolationProvider(),
            f"{aggregate}-isolation",
            {
                "aggregateId": aggregate_id,
                "hosts": sorted(hosts),
                "trait": trait,
                "metadata": dict(metadata),
            },
            opts,
        )
