"""What all claims share: one situation, its decisions, each asked once, and the rows that are found."""

from dataclasses import replace
from functools import cached_property

from estate.placement import nova
from estate.placement.proof.requests import Boot, Who, flavors
from estate.placement.proof.rows import Rows
from estate.placement.proof.situation import Declared, Offer, Situation


class Inquiry:
    """A situation with two hosts of each class: the others are decided like them (a move needs one beside
    its own).
    """

    def __init__(self, situation: Situation) -> None:
        self.situation = replace(situation, cloud=_reduced(situation.cloud))
        self.cloud = self.situation.cloud
        self.rows = Rows(self.situation)
        self.decisions: dict[tuple[object, ...], frozenset[str]] = {}
        self._larger: dict[int, tuple[Offer, ...]] = {}

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """One flavor of each class."""
        return flavors(self.situation)

    def larger(self, root_gb: int) -> tuple[Offer, ...]:
        """One flavor of each class, with such a root disk or a larger one where there is any."""
        if root_gb not in self._larger:
            self._larger[root_gb] = flavors(self.situation, root_gb=root_gb)
        return self._larger[root_gb]

    def accepted(self, request: nova.Request) -> frozenset[str]:
        """Hosts that take a request."""
        key = (
            request.operation,
            request.flavor.name,
            request.image.name if request.image is not None else None,
            request.source,
            request.project,
            request.admin,
            request.zone,
            request.host,
            request.on,
            request.made_with_gb,
        )
        if key not in self.decisions:
            self.decisions[key] = nova.decide(self.cloud, request).accepted
        return self.decisions[key]

    def boot(self, declared: Declared, source: nova.Source) -> Boot:
        """What a declared workload boots from, were it made so."""
        if source is nova.Source.BLANK:
            return Boot(image=None, source=source, side=None)
        picture = self.situation.picture[declared.image]
        return Boot(image=picture.image, source=source, side=picture.side)

    def asked(self, declared: Declared, who: Who, boot: Boot, aim: dict[str, str]) -> nova.Request:
        """A server of a declared workload's flavor."""
        return request(self.situation.offer[declared.flavor], boot, who, aim)


def request(offer: Offer, boot: Boot, who: Who, aim: dict[str, str]) -> nova.Request:
    """A server that somebody asks for."""
    return nova.Request(
        flavor=offer.flavor,
        image=boot.image,
        source=boot.source,
        project=who.project,
        admin=who.admin,
        zone=aim.get("zone"),
        host=aim.get("host"),
    )


def workloads(declared: Declared) -> str:
    """Name of a row."""
    more = len(declared.names) - 1
    return declared.names[0] + (f" and {more} alike" if more else "")


def _reduced(cloud: nova.Cloud) -> nova.Cloud:
    kept: dict[str, list[nova.Host]] = {}
    for host in cloud.hosts:
        members = kept.setdefault(cloud.classes[host.name], [])
        if len(members) < 2:
            members.append(host)
    return replace(cloud, hosts=tuple(host for members in kept.values() for host in members))
