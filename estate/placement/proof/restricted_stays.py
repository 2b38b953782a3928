"""Claim ``restricted-stays``: no server of a restricted workload reaches a KVM host, however it is made, and
by whatever its project's members, or administrators, do with it afterwards.

Operations change step by step what the server carries (flavor by resize, image by rebuild, zone by unpinning
and unshelving). These states are finitely many, and are searched breadth first: the first way to a KVM host
is a shortest one.

Nova keeps the image of a server twice: for the scheduler (``RequestSpec.image``), and as the server's own. A
rebuild writes the first before it asks anybody (nova/compute/api.py rebuild); refused, it takes back the
second only (nova/conductor/manager.py rebuild_instance). A rebuild with the server's own image then asks
nobody, and the scheduler is told of the wrong one from there on.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from estate.placement import nova
from estate.placement.building import OPERATORS
from estate.placement.nova import Operation
from estate.placement.proof.claims import Claim, Counterexample, Step, step
from estate.placement.proof.inquiry import Inquiry, request, workloads
from estate.placement.proof.requests import Boot, Who, flavor_class, image_class, images, zones
from estate.placement.proof.situation import Declared, Situation


def look(inquiry: Inquiry) -> None:
    """Every restricted workload, by the members of its projects and by administrators."""
    for declared in _alike(inquiry.situation):
        owners = inquiry.situation.offer[declared.flavor].granted or {OPERATORS}
        people = [*(Who(project=one) for one in sorted(owners)), Who(project=OPERATORS, admin=True)]
        for who in people:
            _Search(inquiry, declared, who).run()


def _alike(situation: Situation) -> Iterator[Declared]:
    """Restricted workloads, those together that differ by size or by what no rule reads."""
    alike: dict[object, list[Declared]] = {}
    for one in situation.declared:
        if one.restricted:
            offer, picture = situation.offer[one.flavor], situation.picture[one.image]
            key = (flavor_class(offer), image_class(situation, picture), one.source, one.zone)
            alike.setdefault(key, []).append(one)
    for members in alike.values():
        # What the one with the smallest root disk cannot be resized to, none can.
        smallest = min(members, key=lambda one: situation.offer[one.flavor].flavor.root_gb)
        others = [name for one in members if one is not smallest for name in one.names]
        yield replace(smallest, names=(*smallest.names, *others))


class _Error(StrEnum):
    """Why a server is in ERROR, if it is."""

    NONE = ""
    REFUSED = "refused"
    """Conductor or scheduler refused a rebuild: the virtual machine is as it was."""
    BROKEN = "broken"
    """The driver could not do a rebuild: there is no virtual machine."""


@dataclass(frozen=True)
class _State:
    """What a restricted server carries, and where it is."""

    flavor: str
    boot: str
    """The image that the scheduler is told of."""
    image: str
    """The server's own."""
    zone: str | None
    on: str
    made_with_gb: int
    """Root disk of the flavor with which it was made or last rebuilt."""
    error: _Error = _Error.NONE


@dataclass(frozen=True, kw_only=True)
class _Move:
    """Something that can be done with a server."""

    call: Step
    label: str
    """Its row of the matrix."""
    after: Callable[[Iterable[str]], Iterable[_State]]
    """What the server is then, from ESXi hosts that take it."""
    asks: bool = True
    """Whether a scheduler is asked."""


class _Search:
    """What one person can do with one restricted workload."""

    def __init__(self, inquiry: Inquiry, declared: Declared, who: Who) -> None:
        self._inquiry, self._declared, self._who = inquiry, declared, who
        self._situation, self._cloud = inquiry.situation, inquiry.cloud
        self._known = {"": inquiry.boot(declared, declared.source)}
        for one in images(self._situation, who):
            assert one.image is not None
            self._known[one.image.name] = replace(one, source=declared.source)

    def run(self) -> None:
        """Make it in every way; then make it as declared and do everything with it."""
        for source in nova.Source:
            boot = self._inquiry.boot(self._declared, source)
            for aim in zones(self._situation, self._who):
                asked = self._inquiry.asked(self._declared, self._who, boot, aim)
                self._stays((step(asked),), boot.label)
        self._operate()

    def _stays(self, steps: tuple[Step, ...], label: str) -> frozenset[str]:
        """Hosts that take the last step; a counterexample if one of them is KVM."""
        last = steps[-1].request
        assert last is not None
        lands = self._inquiry.accepted(last)
        key = self._inquiry.rows.add(
            Claim.RESTRICTED_STAYS, self._who, workloads(self._declared), label, lands
        )
        if kvm := lands & self._situation.kvm:
            self._inquiry.rows.break_(
                key,
                Counterexample(
                    claim=Claim.RESTRICTED_STAYS,
                    who=self._who,
                    workload=self._declared.names[0],
                    steps=steps,
                    lands=tuple(sorted(kvm)),
                    why=f"after {steps[-1].operation} a KVM host takes a server that must stay on ESXi",
                ),
            )
        return lands

    def _operate(self) -> None:
        """Breadth first over what the server carries."""
        declared = self._declared
        made = self._inquiry.asked(
            declared,
            Who(project=OPERATORS, admin=True),
            self._known[""],
            {"zone": declared.zone} if declared.zone is not None else {},
        )
        queue: deque[tuple[_State, tuple[Step, ...]]] = deque()
        seen: set[_State] = set()

        def reach(states: Iterable[_State], steps: tuple[Step, ...]) -> None:
            for state in states:
                if state not in seen:
                    seen.add(state)
                    queue.append((state, steps))

        disk = made.flavor.root_gb
        places = self._places(self._inquiry.accepted(made))
        reach((_State(declared.flavor, "", "", declared.zone, on, disk) for on in places), (step(made),))
        while queue:
            state, steps = queue.popleft()
            for move in self._moves(state):
                done = (*steps, move.call)
                places = self._places(self._stays(done, move.label)) if move.asks else [state.on]
                reach(move.after(places), done)

    def _places(self, hosts: frozenset[str]) -> list[str]:
        """One ESXi host of each class."""
        return sorted({self._cloud.classes[host] for host in hosts & self._situation.esxi})

    def _boots(self, host: str, image: nova.Image | None) -> bool:
        formats = self._cloud.by_name[host].boots
        return image is None or formats is None or image.disk_format in formats

    def _moves(self, state: _State) -> Iterator[_Move]:
        """What can be done with a server; in ERROR little (check_instance_state in nova/compute/api.py)."""
        aim = {"zone": state.zone} if state.zone is not None else {}
        boot = self._known[state.boot]
        now = replace(request(self._situation.offer[state.flavor], boot, self._who, aim), on=state.on)

        def moved(**changes: Any) -> Callable[[Iterable[str]], Iterable[_State]]:  # noqa: ANN401
            return lambda places: (replace(state, on=on, **changes) for on in places)

        if state.zone is not None:
            unpin = Step(operation="unpin", request=None)
            yield _Move(call=unpin, label="unpin", after=moved(zone=None), asks=False)
        if self._cloud.conf.rebuild and not (now.is_bfv and state.error is _Error.BROKEN):
            yield from self._rebuilds(state, now)
        # A member with role manager may migrate, too (nova/policies/migrate_server.py, since 2025.2).
        operations = [Operation.UNSHELVE, Operation.MIGRATE, Operation.LIVE_MIGRATE]
        if state.error is not _Error.NONE:
            operations = []
        else:
            for zone in sorted(self._cloud.zones - {state.zone}):
                asked = replace(now, operation=Operation.UNSHELVE, zone=zone)
                yield _Move(call=step(asked), label="unshelve", after=moved(zone=zone))
            yield from self._resizes(state, now, moved)
        if self._who.admin:
            operations.append(Operation.EVACUATE)
        for operation in operations:
            asked = replace(now, operation=operation)
            # An evacuation makes it anew, of its own image.
            whole = now.is_bfv or self._boots(state.on, self._known[state.image].image)
            error = _Error.NONE if whole else state.error
            yield _Move(call=step(asked), label=operation.value, after=moved(error=error))

    def _resizes(
        self,
        state: _State,
        now: nova.Request,
        moved: Callable[..., Callable[[Iterable[str]], Iterable[_State]]],
    ) -> Iterator[_Move]:
        for offer in self._inquiry.larger(state.made_with_gb):
            flavor = offer.flavor
            if flavor.name != state.flavor and flavor.usable(self._who.project, admin=self._who.admin):
                asked = replace(
                    now, operation=Operation.RESIZE, flavor=flavor, made_with_gb=state.made_with_gb
                )
                yield _Move(call=step(asked), label="resize", after=moved(flavor=flavor.name))

    def _rebuilds(self, state: _State, now: nova.Request) -> Iterator[_Move]:
        """The VMware driver puts no image on a root volume: nova-compute first destroys the virtual machine,
        from which it then cannot detach the volume (nova/compute/manager.py _rebuild_volume_backed_instance).
        """
        disk = now.flavor.root_gb
        for name, other in self._known.items():
            asked = replace(now, operation=Operation.REBUILD, image=other.image)
            if name == state.image:  # its own: nobody is asked
                whole = now.is_bfv or self._boots(state.on, other.image)
                same = replace(state, made_with_gb=disk, error=_Error.NONE if whole else _Error.BROKEN)
                yield _Move(call=step(asked), label="rebuild", after=lambda _, one=same: [one], asks=False)  # type: ignore[misc]
                continue

            def rebuilt(places: Iterable[str], name: str = name, other: Boot = other) -> list[_State]:
                taken = bool(list(places))
                whole = taken and not now.is_bfv and self._boots(state.on, other.image)
                error = _Error.NONE if whole else _Error.BROKEN if taken else _Error.REFUSED
                image = name if taken and not now.is_bfv else state.image
                return [replace(state, boot=name, image=image, made_with_gb=disk, error=error)]

            yield _Move(call=step(asked), label="rebuild", after=rebuilt)
