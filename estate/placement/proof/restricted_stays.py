"""Claim ``restricted-stays``: no server of a restricted workload reaches a KVM host, however it is made, and
by whatever its project's members, or administrators, do with it afterwards.

Operations change step by step what the server carries (flavor by resize, image by rebuild, zone by unpinning
and unshelving). These states are finitely many, and are searched breadth first: the first way to a KVM host
is a shortest one.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

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


@dataclass(frozen=True)
class _State:
    """What a restricted server carries, and where it is."""

    flavor: str
    boot: str
    zone: str | None
    on: str
    made_with_gb: int
    """Root disk of the flavor with which it was made or last rebuilt."""


_After = Callable[[str], _State]
"""The state of a server once it is on a host."""


class _Search:
    """What one person can do with one restricted workload."""

    def __init__(self, inquiry: Inquiry, declared: Declared, who: Who) -> None:
        self._inquiry, self._declared, self._who = inquiry, declared, who
        self._situation, self._cloud = inquiry.situation, inquiry.cloud
        self._images = images(self._situation, who)

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
        boot = self._inquiry.boot(declared, declared.source)
        made = self._inquiry.asked(
            declared,
            Who(project=OPERATORS, admin=True),
            boot,
            {"zone": declared.zone} if declared.zone is not None else {},
        )
        known = {"": boot}
        queue: deque[tuple[_State, tuple[Step, ...]]] = deque()
        seen: set[_State] = set()

        def reach(state: _State, steps: tuple[Step, ...]) -> None:
            if state not in seen:
                seen.add(state)
                queue.append((state, steps))

        for on in self._places(self._inquiry.accepted(made)):
            disk = made.flavor.root_gb
            reach(_State(declared.flavor, "", declared.zone, on, disk), (step(made),))
        while queue:
            state, steps = queue.popleft()
            for after, call, label in self._operations(state, known):
                done = (*steps, call)
                if call.request is None:
                    reach(after(state.on), done)
                    continue
                lands = self._stays(done, label)
                if call.operation == Operation.REBUILD.value and not self._boots(state.on, call.request):
                    continue
                for on in self._places(lands):
                    reach(after(on), done)

    def _places(self, hosts: frozenset[str]) -> list[str]:
        """One ESXi host of each class."""
        return sorted({self._cloud.classes[host] for host in hosts & self._situation.esxi})

    def _boots(self, host: str, asked: nova.Request) -> bool:
        formats = self._cloud.by_name[host].boots
        return asked.image is None or formats is None or asked.image.disk_format in formats

    def _operations(self, state: _State, known: dict[str, Boot]) -> Iterator[tuple[_After, Step, str]]:
        """What can be done with a server: the state after it, the call, and its row of the matrix."""
        boot = known[state.boot]
        aim = {"zone": state.zone} if state.zone is not None else {}
        now = replace(request(self._situation.offer[state.flavor], boot, self._who, aim), on=state.on)
        if state.zone is not None:
            yield (
                lambda on: replace(state, on=on, zone=None),
                Step(operation="unpin", request=None),
                "unpin",
            )
        for zone in sorted(self._cloud.zones - {state.zone}):
            yield (
                lambda on, zone=zone: replace(state, on=on, zone=zone),  # type: ignore[misc]
                step(replace(now, operation=Operation.UNSHELVE, zone=zone)),
                "unshelve",
            )
        for offer in self._inquiry.larger(state.made_with_gb):
            if offer.flavor.name != state.flavor and offer.flavor.usable(
                self._who.project, admin=self._who.admin
            ):
                yield (
                    lambda on, name=offer.flavor.name: replace(state, on=on, flavor=name),  # type: ignore[misc]
                    step(
                        replace(
                            now,
                            operation=Operation.RESIZE,
                            flavor=offer.flavor,
                            made_with_gb=state.made_with_gb,
                        )
                    ),
                    "resize",
                )
        if not now.is_bfv or self._situation.rights.reimage:
            for other in self._images:
                assert other.image is not None
                known.setdefault(
                    other.image.name, Boot(image=other.image, source=boot.source, side=other.side)
                )
                yield (
                    lambda on, name=other.image.name: replace(  # type: ignore[misc]
                        state, on=on, boot=name, made_with_gb=now.flavor.root_gb
                    ),
                    step(replace(now, operation=Operation.REBUILD, image=other.image)),
                    "rebuild",
                )
        # A member with role manager may migrate, too (nova/policies/migrate_server.py, since 2025.2).
        moves = [Operation.UNSHELVE, Operation.MIGRATE, Operation.LIVE_MIGRATE]
        if self._who.admin:
            moves.append(Operation.EVACUATE)
        for operation in moves:
            yield (
                lambda on: replace(state, on=on),
                step(replace(now, operation=operation)),
                operation.value,
            )
