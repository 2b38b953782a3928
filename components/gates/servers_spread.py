"""The gate that keeps servers of a group on different ESXi hosts."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from components.gates.gate import Gate, Props
from estate.openstack.errors import CloudError
from estate.openstack.sdk import Connection
from estate.openstack.waiting import wait_for
from estate.vsphere import connections, spreading
from estate.vsphere.session import session


class ServersSpreadProvider(Gate):
    """A DRS rule in each cluster that runs several of the servers; looked at again at every diff."""

    def settle(self, cloud: Connection, olds: Props | None, props: Props) -> None:  # noqa: ARG002
        """Write the rules, and wait until DRS has moved the servers apart."""
        for service, clusters in _vcenters(props):
            for line in spreading.mend(service, props["group"], props["servers"], clusters):
                self.say(line)

            def look(service: Any = service) -> list[str]:  # noqa: ANN401 - pyVmomi's objects
                return spreading.together(service, props["servers"])

            wait_for(
                look,
                lambda found: "; ".join(found) or None,
                seconds=self.patience,
                report=self.say,
            )

    def drifted(self, cloud: Connection, props: Props) -> bool:  # noqa: ARG002
        """Whether a rule is missing or lists others, or servers share a host."""
        return any(
            spreading.differs(service, props["group"], props["servers"], clusters)
            or spreading.together(service, props["servers"])
            for service, clusters in _vcenters(props)
        )

    def leave(self, cloud: Connection, props: Props) -> None:  # noqa: ARG002
        """Remove the rules."""
        for service, clusters in _vcenters(props):
            spreading.mend(service, props["group"], [], clusters)


class ServersSpread(Resource, module="estate", name="ServersSpread"):
    """Named ``GROUP-spread``."""

    def __init__(
        self,
        group: str,
        *,
        server_ids: Sequence[pulumi.Input[str]],
        clusters: Mapping[str, Sequence[str]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """``clusters``: vCenter → names of the clusters in which the servers may be."""
        super().__init__(
            ServersSpreadProvider(),
            f"{group}-spread",
            {
                "group": group,
                "servers": list(server_ids),
                "clusters": {vcenter: sorted(names) for vcenter, names in clusters.items()},
            },
            opts,
        )


def _vcenters(props: Props) -> Iterator[tuple[Any, list[str]]]:
    """Each vCenter, logged in, and the clusters in it."""
    for name, clusters in props["clusters"].items():
        with _faults(), session(name, connections.load([name])[name]) as service:
            yield service, clusters


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except connections.ConnectionsError as error:
        raise CloudError(str(error)) from None
