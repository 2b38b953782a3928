"""The proof: four claims, every request and every sequence of operations that could break one, and the
shortest counterexample where one does.

Claims:

- ``esxi-by-grant``: no request reaches an ESXi host unless the documents grant its flavor to the project
  (to an administrator: unless the flavor is one for ESXi).
- ``restricted-stays``: no server of a restricted workload reaches a KVM host, however it is made, and by
  whatever its project's members, or administrators, do with it afterwards.
- ``untagged-nowhere``: a request that carries no tag of operators, neither by flavor nor by image, lands
  nowhere: a forgotten tag is noticed at once.
- ``lands``: every declared workload is taken by its own aggregate, whatever it boots from.

A decision depends only on what the request carries, so requests need no history; only for a restricted
server do operations change step by step what it carries (flavor by resize, image by rebuild, zone by
unpinning and unshelving). These states are finitely many, and are searched breadth first: the first way to
a KVM host is a shortest one.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from estate.model import Hypervisor
from estate.placement import nova
from estate.placement.building import OPERATORS
from estate.placement.nova import Operation, Source
from estate.placement.proof.requests import (
    Boot,
    Who,
    boots,
    everybody,
    flavor_class,
    flavors,
    image_class,
    images,
    zones,
)
from estate.placement.proof.situation import Declared, Offer, Situation


class Claim(StrEnum):
    """What is proven."""

    ESXI_BY_GRANT = "esxi-by-grant"
    RESTRICTED_STAYS = "restricted-stays"
    UNTAGGED_NOWHERE = "untagged-nowhere"
    LANDS = "lands"


ASSUMPTIONS = (
    "Flavors that no document declares carry no trait of this estate: only administrators make flavors "
    "(nova/policies/flavor_extra_specs.py).",
    "An image that operators tagged for ESXi and published is a grant to all that have a flavor without "
    "trait: with the documents' own flavors it lands nowhere but by grant.",
    "Administrators name no host with force (microversions before 2.68) and reset no states: Nova then asks "
    "no scheduler (nova/compute/api.py evacuate, live_migrate).",
    "A server that a rebuild left in ERROR, because its driver cannot boot the format, takes no further "
    "operation but rebuild (check_instance_state in nova/compute/api.py).",
)
"""What the proof takes for granted, with its source."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One call, in a form that can be run."""

    operation: str
    """An ``Operation``, or ``unpin`` (PUT servers, microversion 2.104: pinned_availability_zone null)."""
    request: nova.Request | None
    """What Nova's scheduler is asked; ``None`` for ``unpin``."""


@dataclass(frozen=True, kw_only=True)
class Counterexample:
    """A way to break a claim."""

    claim: Claim
    who: Who
    workload: str | None
    steps: tuple[Step, ...]
    lands: tuple[str, ...]
    """Hosts that take it; empty where it should land and does not."""
    why: str
    """One sentence."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Part of the matrix: requests that look alike, and the sides that take any of them."""

    claim: Claim
    who: str
    flavor: str
    boot: str
    requests: int
    kvm: bool
    esxi: bool
    holds: bool


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What was found."""

    rows: tuple[Row, ...]
    counterexamples: tuple[Counterexample, ...]
    """One per claim and row of the matrix, the shortest; the shortest of all first."""
    requests: int
    """Decisions of different requests that were looked at."""

    @property
    def holds(self) -> bool:
        """Whether there is no counterexample."""
        return not self.counterexamples


def prove(situation: Situation) -> Proof:
    """Prove all claims about a situation, or find what breaks them. Pure."""
    return _Prover(situation).proof()


@dataclass(frozen=True)
class _State:
    """What a restricted server carries, and where it is."""

    flavor: str
    boot: str
    zone: str | None
    on: str


class _Table:
    """Rows of the matrix, and the shortest counterexample of each."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._rows: dict[tuple[Claim, str, str, str], list[int]] = {}
        self._shortest: dict[tuple[Claim, str, str, str], Counterexample] = {}

    def add(
        self, claim: Claim, who: Who, flavor: str, boot: str, lands: frozenset[str]
    ) -> tuple[Claim, str, str, str]:
        """Count a request; the key of its row."""
        key = (claim, who.label, flavor, boot)
        row = self._rows.setdefault(key, [0, 0, 0])
        row[0] += 1
        row[1] |= bool(lands & self._situation.kvm)
        row[2] |= bool(lands & self._situation.esxi)
        return key

    def break_(self, key: tuple[Claim, str, str, str], found: Counterexample) -> None:
        """Keep a counterexample if it is shorter than what the row has."""
        known = self._shortest.get(key)
        if known is None or _length(found) < _length(known):
            self._shortest[key] = found

    def rows(self) -> tuple[Row, ...]:
        """All rows, in the order of their first request."""
        return tuple(
            Row(
                claim=key[0],
                who=key[1],
                flavor=key[2],
                boot=key[3],
                requests=count,
                kvm=bool(kvm),
                esxi=bool(esxi),
                holds=key not in self._shortest,
            )
            for key, (count, kvm, esxi) in self._rows.items()
        )

    def counterexamples(self) -> tuple[Counterexample, ...]:
        """The shortest first."""
        return tuple(
            sorted(self._shortest.values(), key=lambda one: (list(Claim).index(one.claim), _length(one)))
        )


def _length(one: Counterexample) -> tuple[int, int, int]:
    """Steps, then whether it takes an administrator, then what the steps name."""
    named = sum(
        len(step.request.image.properties if step.request.image is not None else ())
        + (step.request.zone is not None)
        + (step.request.zone or "").count(":")
        + (step.request.image is not None)
        for step in one.steps
        if step.request is not None
    )
    return len(one.steps), one.who.admin, named


class _Prover:
    def __init__(self, situation: Situation) -> None:
        self._situation = replace(situation, cloud=_reduced(situation.cloud))
        self._cloud = self._situation.cloud
        self._decisions: dict[tuple[object, ...], frozenset[str]] = {}
        self._table = _Table(self._situation)
        self._pictures: dict[Who, tuple[Boot, ...]] = {}
        self._kvm, self._esxi = self._situation.kvm, self._situation.esxi

    @cached_property
    def _offers(self) -> tuple[Offer, ...]:
        return flavors(self._situation)

    def _images(self, who: Who) -> tuple[Boot, ...]:
        if who not in self._pictures:
            self._pictures[who] = images(self._situation, who)
        return self._pictures[who]

    def proof(self) -> Proof:
        people = everybody(self._situation)
        for who in people:
            self._general(who)
        for declared in self._situation.declared:
            self._lands(declared)
        for declared in self._alike():
            self._restricted(declared)
        return Proof(
            rows=self._table.rows(),
            counterexamples=self._table.counterexamples(),
            requests=len(self._decisions),
        )

    def _alike(self) -> Iterator[Declared]:
        """Restricted workloads, those together that differ by size or by what no rule reads."""
        alike: dict[object, list[Declared]] = {}
        for one in self._situation.declared:
            if one.restricted:
                offer, picture = self._situation.offer[one.flavor], self._situation.picture[one.image]
                key = (flavor_class(offer), image_class(self._situation, picture), one.source, one.zone)
                alike.setdefault(key, []).append(one)
        for members in alike.values():
            yield replace(members[0], names=tuple(name for one in members for name in one.names))

    def _accepted(self, request: nova.Request) -> frozenset[str]:
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
        )
        if key not in self._decisions:
            self._decisions[key] = nova.decide(self._cloud, request).accepted
        return self._decisions[key]

    def _general(self, who: Who) -> None:
        """``esxi-by-grant`` and ``untagged-nowhere``."""
        bootable = boots(self._situation, who)
        aims = zones(self._situation, who)
        for offer in self._offers:
            if not offer.flavor.usable(who.project, admin=who.admin) or _granted(offer, who):
                continue
            for boot in bootable:
                if offer.side is None and _tagged_by_operators(boot, who):
                    continue
                untagged = offer.side is None and boot.side is None
                for aim in aims:
                    self._one(who, offer, boot, aim, untagged=untagged)

    def _one(self, who: Who, offer: Offer, boot: Boot, aim: dict[str, str], *, untagged: bool) -> None:
        request = _request(offer, boot, who, aim)
        lands = self._accepted(request)
        flavor = _flavor_label(offer)
        steps = (_step(request),)
        key = self._table.add(Claim.ESXI_BY_GRANT, who, flavor, boot.label, lands)
        if lands & self._esxi:
            self._table.break_(
                key,
                Counterexample(
                    claim=Claim.ESXI_BY_GRANT,
                    who=who,
                    workload=None,
                    steps=steps,
                    lands=tuple(sorted(lands & self._esxi)),
                    why=f"{flavor}, {boot.label}: an ESXi host takes it, and no document grants that",
                ),
            )
        if untagged:
            key = self._table.add(Claim.UNTAGGED_NOWHERE, who, flavor, boot.label, lands)
            if lands:
                self._table.break_(
                    key,
                    Counterexample(
                        claim=Claim.UNTAGGED_NOWHERE,
                        who=who,
                        workload=None,
                        steps=steps,
                        lands=tuple(sorted(lands)),
                        why="nothing that operators tagged says where it belongs, and a host takes it",
                    ),
                )

    def _declared_boot(self, declared: Declared, source: Source) -> Boot:
        if source is Source.BLANK:
            return Boot(image=None, source=source, side=None)
        picture = self._situation.picture[declared.image]
        return Boot(image=picture.image, source=source, side=picture.side)

    def _asked(self, declared: Declared, who: Who, boot: Boot, aim: dict[str, str]) -> nova.Request:
        return _request(self._situation.offer[declared.flavor], boot, who, aim)

    def _lands(self, declared: Declared) -> None:
        """``lands``: hosts that refuse it may do so only because a server of its size does not fit there."""
        who = Who(project=OPERATORS, admin=True)
        aim = {"zone": declared.zone} if declared.zone is not None else {}
        own = declared.hosts & set(self._cloud.by_name)
        for source in Source:
            boot = self._declared_boot(declared, source)
            request = self._asked(declared, who, boot, aim)
            decision = nova.decide(self._cloud, request)
            key = self._table.add(Claim.LANDS, who, _workloads(declared), str(source), decision.accepted)
            refused = [
                (host, decision.rejected_by(host))
                for host in sorted(own - decision.accepted)
                if any(one.rule != "resources" for one in decision.verdicts[host])
            ]
            if not refused and decision.accepted & own:
                continue
            why = "; ".join(f"{host}: {by.rule}: {by.words}" for host, by in refused if by is not None)
            self._table.break_(
                key,
                Counterexample(
                    claim=Claim.LANDS,
                    who=who,
                    workload=declared.names[0],
                    steps=(_step(request),),
                    lands=tuple(sorted(decision.accepted)),
                    why=why or "no host of its aggregate takes it",
                ),
            )

    def _restricted(self, declared: Declared) -> None:
        """``restricted-stays``: how it is made, then what is done with it."""
        owners = self._situation.offer[declared.flavor].granted or {OPERATORS}
        people = [*(Who(project=one) for one in sorted(owners)), Who(project=OPERATORS, admin=True)]
        for who in people:
            for source in Source:
                boot = self._declared_boot(declared, source)
                for aim in zones(self._situation, who):
                    request = self._asked(declared, who, boot, aim)
                    self._stays(declared, who, (_step(request),), boot.label)
            self._search(declared, who)

    def _stays(self, declared: Declared, who: Who, steps: tuple[Step, ...], label: str) -> frozenset[str]:
        """Hosts that take the last step; a counterexample if one of them is KVM."""
        last = steps[-1].request
        assert last is not None
        lands = self._accepted(last)
        key = self._table.add(Claim.RESTRICTED_STAYS, who, _workloads(declared), label, lands)
        if lands & self._kvm:
            self._table.break_(
                key,
                Counterexample(
                    claim=Claim.RESTRICTED_STAYS,
                    who=who,
                    workload=declared.names[0],
                    steps=steps,
                    lands=tuple(sorted(lands & self._kvm)),
                    why=f"after {steps[-1].operation} a KVM host takes a server that must stay on ESXi",
                ),
            )
        return lands

    def _search(self, declared: Declared, who: Who) -> None:
        """Breadth first over what the server carries."""
        boot = self._declared_boot(declared, declared.source)
        made = self._asked(
            declared,
            Who(project=OPERATORS, admin=True),
            boot,
            {"zone": declared.zone} if declared.zone is not None else {},
        )
        first = (_step(made),)
        known = {"": boot}
        queue: deque[tuple[_State, tuple[Step, ...]]] = deque()
        seen: set[_State] = set()

        def reach(state: _State, steps: tuple[Step, ...]) -> None:
            if state not in seen:
                seen.add(state)
                queue.append((state, steps))

        for on in self._places(self._accepted(made)):
            reach(_State(declared.flavor, "", declared.zone, on), first)
        while queue:
            state, steps = queue.popleft()
            for after, step, label in self._operations(state, who, known):
                done = (*steps, step)
                if step.request is None:
                    reach(after(state.on), done)
                    continue
                lands = self._stays(declared, who, done, label)
                if step.operation == Operation.REBUILD.value and not self._boots(state.on, step.request):
                    continue
                for on in self._places(lands & self._esxi):
                    reach(after(on), done)

    def _places(self, hosts: frozenset[str]) -> list[str]:
        """One host of each class."""
        return sorted({self._cloud.classes[host] for host in hosts & self._esxi})

    def _boots(self, host: str, request: nova.Request) -> bool:
        formats = self._cloud.by_name[host].boots
        return request.image is None or formats is None or request.image.disk_format in formats

    def _operations(
        self, state: _State, who: Who, known: dict[str, Boot]
    ) -> Iterator[tuple[Callable[[str], _State], Step, str]]:
        """What somebody can do with a server: the state after it, the call, and its row of the matrix."""
        boot = known[state.boot]
        aim = {"zone": state.zone} if state.zone is not None else {}
        now = replace(_request(self._situation.offer[state.flavor], boot, who, aim), on=state.on)
        if state.zone is not None:
            yield (
                lambda on: replace(state, on=on, zone=None),
                Step(operation="unpin", request=None),
                "unpin",
            )
        for zone in sorted(self._cloud.zones - {state.zone}):
            request = replace(now, operation=Operation.UNSHELVE, zone=zone)
            yield (
                lambda on, zone=zone: replace(state, on=on, zone=zone),  # type: ignore[misc]
                _step(request),
                "unshelve",
            )
        for offer in self._offers:
            if offer.flavor.name != state.flavor and offer.flavor.usable(who.project, admin=who.admin):
                request = replace(now, operation=Operation.RESIZE, flavor=offer.flavor)
                yield (
                    lambda on, name=offer.flavor.name: replace(state, on=on, flavor=name),  # type: ignore[misc]
                    _step(request),
                    "resize",
                )
        if not now.is_bfv or self._situation.rights.reimage:
            for other in self._images(who):
                assert other.image is not None
                known.setdefault(
                    other.image.name, Boot(image=other.image, source=boot.source, side=other.side)
                )
                request = replace(now, operation=Operation.REBUILD, image=other.image)
                yield (
                    lambda on, name=other.image.name: replace(state, on=on, boot=name),  # type: ignore[misc]
                    _step(request),
                    "rebuild",
                )
        moves = [Operation.UNSHELVE]
        if who.admin:
            moves += [Operation.MIGRATE, Operation.LIVE_MIGRATE, Operation.EVACUATE]
        for operation in moves:
            yield (
                lambda on: replace(state, on=on),
                _step(replace(now, operation=operation)),
                operation.value,
            )


def _request(offer: Offer, boot: Boot, who: Who, aim: dict[str, str]) -> nova.Request:
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


def _step(request: nova.Request) -> Step:
    return Step(operation=request.operation.value, request=request)


def _granted(offer: Offer, who: Who) -> bool:
    return offer.side is Hypervisor.ESXI and (who.admin or who.project in offer.granted)


def _tagged_by_operators(boot: Boot, who: Who) -> bool:
    """An ESXi image of the documents, or what an administrator tagged."""
    return boot.side is Hypervisor.ESXI or (who.admin and boot.side is None and _has_traits(boot))


def _has_traits(boot: Boot) -> bool:
    return boot.image is not None and bool(boot.image.properties)


def _flavor_label(offer: Offer) -> str:
    if offer.side is None:
        return "a flavor without traits"
    return f"{offer.side.label} flavor" + (" that is not theirs" if offer.side is Hypervisor.ESXI else "")


def _workloads(declared: Declared) -> str:
    more = len(declared.names) - 1
    return declared.names[0] + (f" and {more} alike" if more else "")


def _reduced(cloud: nova.Cloud) -> nova.Cloud:
    """Two hosts of each class: the others are decided like them (a move needs one beside its own)."""
    kept: dict[str, list[nova.Host]] = {}
    for host in cloud.hosts:
        members = kept.setdefault(cloud.classes[host.name], [])
        if len(members) < 2:
            members.append(host)
    return replace(cloud, hosts=tuple(host for members in kept.values() for host in members))
