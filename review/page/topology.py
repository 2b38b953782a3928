"""Pictures of what there is: hosts in their aggregates and clusters, networks at their routers, storage.

What the change brings is marked with a plus, what it takes away with a minus; never by colour alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from estate.model import Hypervisor
from review.page.drawing import WIDTH, Box, Mark, Picture, Ribbon, Words, chip, fitted
from review.value import (
    AggregateShape,
    ArrayShape,
    ClusterShape,
    DatastoreShape,
    NetworkShape,
    RouterShape,
    Shape,
    ShapeChange,
    VolumeTypeShape,
)

_GAP = 16
_PAD = 14
_MOST = 48
"""Unchanged hosts that are drawn of one group; the others are counted."""
_SIGNS = {"new": "+ ", "gone": "\N{MINUS SIGN} ", "same": ""}


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_N = TypeVar("_N", bound=_Named)


def pictures(change: ShapeChange, servers: dict[str, int]) -> tuple[Picture, ...]:
    """Compute, networks and storage. ``servers``: how many each aggregate will have."""
    before, after = change.before, change.after
    shown = after or before
    if shown is None:
        return ()
    was = before if before is not None and after is not None else shown
    drawn = (_compute(was, shown, servers), _networks(was, shown), _storage(was, shown))
    return tuple(one for one in drawn if one is not None)


def _both(was: Iterable[_N], now: Iterable[_N]) -> list[tuple[_N, str]]:
    """What is there after the change, then what is no longer; with its state."""
    known = {one.name for one in was}
    names = {one.name for one in now}
    return [
        *((one, "same" if one.name in known else "new") for one in now),
        *((one, "gone") for one in was if one.name not in names),
    ]


def _changed(pairs: Iterable[tuple[_Named, str]], what: str) -> Iterator[str]:
    for word, state in (("new", "new"), ("removed", "gone")):
        names = [one.name for one, found in pairs if found == state]
        if names:
            yield f"{what} {word}: {', '.join(names)}"


@dataclass(frozen=True, kw_only=True)
class _Panel:
    """A box with a heading; ``body`` draws the rest at x, y, within a width."""

    head: str
    sub: str
    state: str
    kind: str
    body: Callable[[float, float, float], Iterable[Mark]]


def _grid(panels: Sequence[_Panel], columns: int) -> tuple[float, tuple[Mark, ...]]:
    """Panels side by side, equally high in a row: how high all are, and their marks."""
    width = (WIDTH - 2 - (columns - 1) * _GAP) / columns
    marks: list[Mark] = []
    y = 1.0
    for first in range(0, len(panels), columns):
        row = []
        for number, panel in enumerate(panels[first : first + columns]):
            x = 1 + number * (width + _GAP)
            row.append((x, panel, list(panel.body(x + _PAD, y + 54, width - 2 * _PAD))))
        bottom = max((_bottom(body) for _, _, body in row if body), default=y + 40) + _PAD
        for x, panel, body in row:
            kind = f"panel {panel.kind} {panel.state}"
            marks.append(Box(x=x, y=y, width=width, height=bottom - y, kind=kind, radius=6, title=panel.head))
            head = fitted(f"{_SIGNS[panel.state]}{panel.head}", width - 2 * _PAD, 14)
            marks.append(Words(x=x + _PAD, y=y + 24, text=head, kind="name"))
            sub = fitted(panel.sub, width - 2 * _PAD, 11)
            marks.append(Words(x=x + _PAD, y=y + 41, text=sub, kind="muted"))
            marks += body
        y = bottom + _GAP
    return y - _GAP + 1, tuple(marks)


def _bottom(marks: Iterable[Mark]) -> float:
    return max(
        mark.y + (mark.height if isinstance(mark, Box) else 4)
        for mark in marks
        if not isinstance(mark, Ribbon)
    )


def _chips(
    x: float, y: float, width: float, each: float, chips: Iterable[tuple[str, tuple[str, ...], str]]
) -> Iterator[Mark]:
    """Chips in rows: of each its kind, its lines and what a pointer shows."""
    columns = max(1, int((width + 6) // (each + 6)))
    wide = (width - (columns - 1) * 6) / columns
    for number, (kind, lines, title) in enumerate(chips):
        row, column = divmod(number, columns)
        at = y + row * (16 + 13 * len(lines))
        yield from chip(x + column * (wide + 6), at, wide, kind=kind, lines=lines, title=title)


def _hosts(
    x: float, y: float, width: float, *, was: Sequence[str], now: Sequence[str], side: str
) -> Iterator[Mark]:
    states = [
        *((host, "same" if host in was else "new") for host in now),
        *((host, "gone") for host in was if host not in now),
    ]
    same = [host for host, state in states if state == "same"]
    hidden = set(same[_MOST:])
    shown = [
        (f"host {side} {state}", (f"{_SIGNS[state]}{host.partition('.')[0]}",), host)
        for host, state in states
        if host not in hidden
    ]
    if hidden:
        shown.append(("host more", (f"and {len(hidden):,} more",), f"{len(hidden):,} more hosts"))
    yield from _chips(x, y, width, 82, shown)


def _compute(was: Shape, now: Shape, servers: dict[str, int]) -> Picture | None:
    aggregates = _both(was.aggregates, now.aggregates)
    if not aggregates:
        return None
    clusters = {one.name: (one, state) for one, state in _both(was.clusters, now.clusters)}
    before = {one.name: one for one in was.aggregates}
    clusters_before = {one.name: one for one in was.clusters}

    def panel(one: AggregateShape, state: str) -> _Panel:
        old = before.get(one.name, one)
        hosts = () if state == "gone" else one.hosts

        def body(x: float, y: float, width: float) -> Iterator[Mark]:
            if one.hosts or old.hosts:
                yield from _hosts(
                    x, y, width, was=() if state == "new" else old.hosts, now=hosts, side=one.hypervisor
                )
            for name in dict.fromkeys([*one.clusters, *old.clusters]):
                found, change = clusters[name]
                if name not in one.clusters or state == "gone":
                    change = "gone"
                marks = list(cluster(found, change, x, y, width))
                yield from marks
                y = _bottom(marks) + 10

        count = f"{servers.get(one.name, 0):,} servers"
        side = Hypervisor(one.hypervisor).label
        return _Panel(
            head=one.name,
            sub=f"{side} · zone {one.zone} · {count}",
            state=state,
            kind=one.hypervisor,
            body=body,
        )

    def cluster(one: ClusterShape, state: str, x: float, y: float, width: float) -> Iterator[Mark]:
        old = clusters_before.get(one.name)
        hosts = list(
            _hosts(
                x + 10,
                y + 44,
                width - 20,
                was=() if old is None or state == "new" else old.hosts,
                now=() if state == "gone" else one.hosts,
                side="esxi",
            )
        )
        bottom = _bottom(hosts) if hosts else y + 40
        yield Box(
            x=x, y=y, width=width, height=bottom + 10 - y, kind=f"cluster {state}", radius=4, title=one.name
        )
        head = fitted(f"{_SIGNS[state]}{one.name}", width - 20, 12)
        yield Words(x=x + 10, y=y + 19, text=head, kind="label")
        mode = "" if one.mode == "managed" else f" · {one.mode}"
        sub = fitted(f"{one.vcenter} · {one.compute_host}{mode}", width - 20, 10)
        yield Words(x=x + 10, y=y + 34, text=sub, kind="small")
        yield from hosts

    height, marks = _grid([panel(*one) for one in aggregates], min(3, len(aggregates)))
    hosts_was, hosts_now = _all_hosts(was), _all_hosts(now)
    told = [
        f"{len(now.aggregates)} aggregates, {len(now.clusters)} vSphere clusters, {len(hosts_now)} hosts",
        *_changed(aggregates, "Aggregates"),
        *_changed(clusters.values(), "Clusters"),
    ]
    if new := sorted(hosts_now - hosts_was):
        told.append(f"Hosts new: {', '.join(new)}")
    if gone := sorted(hosts_was - hosts_now):
        told.append(f"Hosts removed: {', '.join(gone)}")
    return Picture(
        title="Aggregates, clusters and hosts", description=f"{'. '.join(told)}.", height=height, marks=marks
    )


def _all_hosts(shape: Shape) -> set[str]:
    of_aggregates = {host for one in shape.aggregates for host in one.hosts}
    return of_aggregates | {host for one in shape.clusters for host in one.hosts}


def _networks(was: Shape, now: Shape) -> Picture | None:
    networks = _both(was.networks, now.networks)
    if not networks:
        return None
    found = {one.name: (one, state) for one, state in networks}
    routers = _both(was.routers, now.routers)
    routed = {name for one, _ in routers for name in one.networks}

    def body(names: Iterable[str]) -> Callable[[float, float, float], Iterable[Mark]]:
        def draw(x: float, y: float, width: float) -> Iterable[Mark]:
            return _chips(x, y, width, 142, (network(*found[name]) for name in names if name in found))

        return draw

    def network(one: NetworkShape, state: str) -> tuple[str, tuple[str, ...], str]:
        facts = [*([f"VLAN {one.vlan}"] if one.vlan is not None else []), *one.cidrs]
        facts = facts or ["external" if one.external else "no subnet"]
        more = f" +{len(facts) - 1}" if len(facts) > 1 else ""
        side = "external" if one.external else "network"
        return (
            f"host {side} {state}",
            (f"{_SIGNS[state]}{one.name}", f"{facts[0]}{more}"),
            f"{one.name}: {', '.join(facts)}",
        )

    def panel(one: RouterShape, state: str) -> _Panel:
        out = f"router to {one.external_network}" if one.external_network else "router within the estate"
        return _Panel(
            head=one.name,
            sub=f"{out} · {_networks_of(len(one.networks))}",
            state=state,
            kind="plain",
            body=body(one.networks),
        )

    panels = [panel(*one) for one in routers]
    alone = [name for name, (one, _) in found.items() if name not in routed and not one.external]
    outside = [name for name, (one, _) in found.items() if one.external]
    for head, sub, names in (
        ("no router", "reached directly, or not at all", alone),
        ("outside", "external networks", outside),
    ):
        if names:
            panels.append(_Panel(head=head, sub=sub, state="same", kind="plain", body=body(names)))
    height, marks = _grid(panels, 1)
    told = [
        f"{_networks_of(len(now.networks))}, {len(now.routers)} routers",
        *_changed(networks, "Networks"),
        *_changed(routers, "Routers"),
    ]
    return Picture(title="Networks", description=f"{'. '.join(told)}.", height=height, marks=marks)


def _networks_of(number: int) -> str:
    return f"{number:,} network{'' if number == 1 else 's'}"


def _storage(was: Shape, now: Shape) -> Picture | None:
    arrays = _both(was.storage, now.storage)
    if not arrays:
        return None
    before = {one.name: one for one in was.storage}

    def panel(one: ArrayShape, state: str) -> _Panel:
        old = before.get(one.name, one)
        stores, kinds = _both(old.datastores, one.datastores), _both(old.volume_types, one.volume_types)

        def body(x: float, y: float, width: float) -> Iterator[Mark]:
            yield from _shares(x, y, width, one)
            y += 26
            for store, change in stores:
                yield from _store(x, y, width, store, change if state == "same" else state)
                y += 19
            rest = max(0, one.capacity - sum(store.capacity for store in one.datastores))
            yield Words(x=x, y=y + 10, text="for volumes of KVM", kind="chip")
            yield Words(x=x + width, y=y + 10, text=size(rest), kind="chip", anchor="end")
            yield from _chips(x, y + 24, width, 110, (kind(*pair) for pair in kinds))

        return _Panel(
            head=one.name,
            sub=f"shared array · {size(one.capacity)}"
            + (f", was {size(old.capacity)}" if old.capacity != one.capacity else ""),
            state=state,
            kind="plain",
            body=body,
        )

    def kind(one: VolumeTypeShape, state: str) -> tuple[str, tuple[str, ...], str]:
        return (
            f"host {one.serves} {state}",
            (f"{_SIGNS[state]}{one.name}",),
            f"volume type {one.name}, serves {one.serves}",
        )

    height, marks = _grid([panel(*one) for one in arrays], min(3, len(arrays)))
    told = [
        f"{len(now.storage)} arrays",
        *_changed(arrays, "Arrays"),
        *(
            f"{one.name}: {size(one.capacity)}, of which for ESXi "
            f"{size(sum(store.capacity for store in one.datastores))}"
            for one in now.storage
        ),
    ]
    return Picture(title="Storage", description=f"{'. '.join(told)}.", height=height, marks=marks)


def _shares(x: float, y: float, width: float, one: ArrayShape) -> Iterator[Mark]:
    """A bar: datastores of ESXi, and what is left for KVM."""
    at = x
    for store in one.datastores:
        wide = min(width * store.capacity / max(1, one.capacity), x + width - at)
        yield Box(x=at, y=y, width=max(0, wide - 2), height=14, kind="bar esxi", radius=2, title=store.name)
        at += wide
    yield Box(x=at, y=y, width=max(0, x + width - at), height=14, kind="bar kvm", radius=2, title="KVM")


def _store(x: float, y: float, width: float, one: DatastoreShape, state: str) -> Iterator[Mark]:
    clusters = f" · {', '.join(one.clusters)}" if one.clusters else ""
    text = fitted(f"{_SIGNS[state]}{one.name}{clusters}", width - 64, 11)
    yield Words(x=x, y=y + 10, text=text, kind=f"chip {state}")
    yield Words(x=x + width, y=y + 10, text=size(one.capacity), kind="chip", anchor="end")


def size(gibibytes: int) -> str:
    """A capacity as documents say it."""
    whole = gibibytes >= 1024 and gibibytes % 1024 == 0
    return f"{gibibytes // 1024:,} TiB" if whole else f"{gibibytes:,} GiB"
