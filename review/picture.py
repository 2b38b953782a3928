"""What changes, as a Mermaid flowchart: workloads that come, go, move or change, in their aggregates."""

import re
from collections.abc import Iterator, Mapping

from review.things import comparable, labels, workload_of
from review.value import Landing, Review

_MOST = 30
"""Workloads in one picture; the others are counted."""
_UNSAFE = re.compile(r"[^][A-Za-z0-9 ,._/-]")


def picture(review: Review) -> tuple[str, ...]:
    """Lines of the chart; none if no workload is touched. Labels hold letters, digits, ``[],._/-``."""
    lines = list(_lines(review))
    return ("flowchart LR", *lines) if lines else ()


def _lines(review: Review) -> Iterator[str]:
    names = labels(review.landings)
    for number, part in enumerate(review.environments):
        changed = {
            one.name for one in review.changes if one.environment == part.name and one.kind == "workloads"
        }
        touched = [
            one
            for one in review.landings
            if one.environment == part.name
            and comparable(part)
            and (one.moved or one.before is None or one.after is None or workload_of(one.workload) in changed)
        ]
        if touched:
            yield from _environment(f"e{number}", part.name, touched, names)


def _environment(
    key: str, name: str, touched: list[Landing], names: Mapping[tuple[str, str], str]
) -> Iterator[str]:
    ids: dict[str, str] = {}

    def aggregate(label: str | None) -> str:
        return ids.setdefault(label or "no place", f"{key}a{len(ids)}")

    edges = []
    for number, one in enumerate(touched[:_MOST]):
        node = f"{key}w{number}"
        lock = " (must stay on ESXi)" if one.restricted else ""
        label = _label(names[one.environment, one.workload])
        was, now = one.before, one.after
        if was is not None and now is not None and not one.moved:
            edges.append(f'{aggregate(now.aggregate)} --- {node}["changed: {label}{lock}"]')
            continue
        sign = "new: " if was is None else "gone: " if now is None else ""
        if was is not None:
            edges.append(f'{aggregate(was.aggregate)} --> {node}["{sign}{label}{lock}"]')
        if now is not None:
            start = node if was is not None else f'{node}["{sign}{label}{lock}"]'
            edges.append(f"{start} ==> {aggregate(now.aggregate)}")
    if len(touched) > _MOST:
        edges.append(f'{key}more["and {len(touched) - _MOST} more"]')
    yield f'  subgraph {key}["{_label(name)}"]'
    yield from (f'    {node}(["{_label(label)}"])' for label, node in ids.items())
    yield from (f"    {edge}" for edge in edges)
    yield "  end"


def _label(text: str) -> str:
    return _UNSAFE.sub("·", text)[:80]
