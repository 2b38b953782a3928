"""What one side amounts to: landing, proof, headroom, budget, figures and shape."""

from dataclasses import dataclass, field
from datetime import date

from estate.model import Estate
from estate.model.members import flat
from estate.placement import proof as proving
from estate.placement.headroom import headroom
from estate.placement.landing import Lander
from estate.placement.proof.words import words
from policies import register
from review import digest as digests
from review.hiding import hidden
from review.side import Side
from review.value import (
    AggregateShape,
    Amount,
    ArrayShape,
    Budget,
    ClusterFigures,
    ClusterShape,
    Counterexample,
    DatastoreShape,
    Digest,
    EsxiFigures,
    NetworkShape,
    Proof,
    ProofRow,
    RegisterEntry,
    Room,
    RouterShape,
    Shape,
    Spot,
    VolumeTypeShape,
)


@dataclass(frozen=True, kw_only=True)
class Landed:
    """A workload, or a group of equal members of one."""

    workload: str
    """Its name, of a group ``WORKLOAD/KEY``."""
    servers: tuple[str, ...]
    restricted: bool
    spot: Spot


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All of it; what could not be found out is ``None`` or empty."""

    landed: dict[str, Landed] = field(default_factory=dict)
    proof: Proof | None = None
    rooms: dict[tuple[str, str], Room] = field(default_factory=dict)
    """By aggregate and view."""
    budget: Budget | None = None
    esxi: EsxiFigures | None = None
    shape: Shape | None = None
    digest: Digest | None = None


def facts(side: Side, day: date) -> Facts:
    """Of one side. What is sound in itself of faulty documents is placed; what needs all of them is not."""
    estate = side.estate
    if estate is None:
        return Facts(landed=_landed(side.draft) if side.draft is not None else {})
    return Facts(
        landed=_landed(estate),
        proof=_proof(estate),
        rooms=_rooms(estate),
        budget=_budget(estate),
        esxi=_esxi(estate),
        shape=_shape(estate, day),
        digest=digests.contents(side.data, side.texts or {}, side.sources).digest,
    )


def _landed(estate: Estate) -> dict[str, Landed]:
    whole = flat(estate)
    lander = Lander(whole)
    found = {}
    for name, workload in whole.workloads.items():
        if workload.image not in whole.images or workload.flavor not in whole.flavors:
            continue  # only in faulty documents
        landing = lander.landing(workload)
        side = whole.aggregates[landing.aggregate].hypervisor if landing.aggregate else None
        found[name] = Landed(
            workload=name,
            servers=workload.servers,
            restricted=landing.restricted,
            spot=Spot(
                aggregate=landing.aggregate,
                hypervisor=side.value if side else None,
                zone=landing.zone,
                hosts=landing.hosts,
                decided_by=landing.decided_by,
                why=landing.why,
            ),
        )
    return found


def _proof(estate: Estate) -> Proof:
    found = proving.prove(proving.situation_of(estate))
    return Proof(
        holds=found.holds,
        requests=found.requests,
        counterexamples=tuple(
            Counterexample(
                claim=one.claim.value,
                project=one.who.project,
                admin=one.who.admin,
                workload=one.workload,
                steps=tuple(words(step) for step in one.steps),
                lands=one.lands,
                why=one.why,
            )
            for one in found.counterexamples
        ),
        matrix=tuple(
            ProofRow(
                claim=row.claim.value,
                who=row.who,
                flavor=row.flavor,
                boot=row.boot,
                requests=row.requests,
                kvm=row.kvm,
                esxi=row.esxi,
                holds=row.holds,
            )
            for row in found.rows
        ),
    )


def _rooms(estate: Estate) -> dict[tuple[str, str], Room]:
    return {
        (one.aggregate, one.view.value): Room(
            lost=one.lost,
            capacity=Amount(vcpus=one.capacity.vcpus, memory=one.capacity.memory),
            demand=Amount(vcpus=one.demand.vcpus, memory=one.demand.memory),
            does_not_fit=one.does_not_fit,
        )
        for one in headroom(estate)
    }


def _budget(estate: Estate) -> Budget:
    restricted = [one for one in estate.workloads.values() if one.restriction is not None]
    return Budget(
        restricted=sum(len(one.servers) for one in restricted), limit=estate.estate.restriction_budget
    )


def _esxi(estate: Estate) -> EsxiFigures:
    clusters = tuple(
        ClusterFigures(
            cluster=name,
            vcenter=one.vcenter,
            hosts=len(one.hosts),
            cores=sum(made.cores * len(made.hosts) for made in one.host_classes.values()),
        )
        for name, one in estate.clusters.items()
    )
    return EsxiFigures(
        hosts=sum(one.hosts for one in clusters), cores=sum(one.cores for one in clusters), clusters=clusters
    )


def _shape(estate: Estate, day: date) -> Shape:
    return Shape(
        aggregates=tuple(
            AggregateShape(
                name=name,
                hypervisor=one.hypervisor.value,
                zone=one.availability_zone,
                hosts=one.hosts,
                clusters=one.clusters,
            )
            for name, one in estate.aggregates.items()
        ),
        clusters=tuple(
            ClusterShape(
                name=name,
                vcenter=one.vcenter,
                compute_host=one.compute_host,
                mode=one.mode.value,
                hosts=one.hosts,
            )
            for name, one in estate.clusters.items()
        ),
        networks=tuple(
            NetworkShape(
                name=name,
                cidrs=tuple(str(subnet.cidr) for subnet in one.subnets.values()),
                vlan=one.vlan.id if one.vlan else None,
                external=one.external is not None,
            )
            for name, one in estate.networks.items()
        ),
        routers=tuple(
            RouterShape(name=name, networks=one.networks, external_network=one.external_network)
            for name, one in estate.routers.items()
        ),
        storage=tuple(
            ArrayShape(
                name=name,
                capacity=one.capacity,
                datastores=tuple(
                    DatastoreShape(name=key, capacity=store.capacity, clusters=store.clusters)
                    for key, store in one.datastores.items()
                ),
                volume_types=tuple(
                    VolumeTypeShape(name=key, serves=kind.serves.value)
                    for key, kind in one.volume_types.items()
                ),
            )
            for name, one in estate.storage.items()
        ),
        register=tuple(
            RegisterEntry(
                workload=one.workload,
                servers=one.servers,
                reason=one.reason,
                evidence=hidden(one.evidence),
                owner=hidden(one.owner),
                review=one.review.isoformat(),
                overdue=one.overdue,
            )
            for one in register.entries(estate, day)
        ),
        servers=sum(len(one.servers) for one in estate.workloads.values()),
    )
