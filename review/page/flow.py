"""Where servers land before and after: aggregates on both sides, and bands as wide as servers are many."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from review.page.drawing import WIDTH, Box, Mark, Picture, Ribbon, Words, fitted
from review.value import Landing, Spot

_LEFT, _RIGHT, _BAR = 270, WIDTH - 270, 12
_SCALE = 240
"""Height of all servers together."""
_LEAST = 2.5
_GAP = 22
_NEW, _GONE, _HOMELESS = "new", "gone", "no place"
_OUTSIDE = (_NEW, _GONE, _HOMELESS)

_Ends = tuple[str, str]


def flow(landings: Iterable[Landing], order: Sequence[str]) -> Picture | None:
    """The picture, aggregates in their order; none without servers."""
    found = tuple(landings)
    befores = {server: one for one in found if one.before is not None for server in one.servers_before}
    afters = {server: one for one in found if one.after is not None for server in one.servers}
    amounts: Counter[_Ends] = Counter()
    movers: dict[_Ends, dict[str, None]] = {}
    sides: dict[str, str] = {_NEW: "none", _GONE: "none", _HOMELESS: "bad"}
    for server in dict.fromkeys([*afters, *befores]):
        was, now = befores.get(server), afters.get(server)
        before, after = was.before if was else None, now.after if now else None
        ends = (_name(before, _NEW), _name(after, _GONE))
        amounts[ends] += 1
        known = now or was
        assert known is not None
        movers.setdefault(ends, {})[known.workload] = None
        for spot in (before, after):
            if spot is not None and spot.aggregate is not None:
                sides[spot.aggregate] = spot.hypervisor or "none"
    if not amounts:
        return None
    names = [name for name in dict.fromkeys([*order, *sides]) if any(name in ends for ends in amounts)]
    names.sort(key=_OUTSIDE.__contains__)
    total = sum(amounts.values())
    heights = {ends: max(_LEAST, _SCALE * amount / total) for ends, amount in amounts.items()}
    marks: list[Mark] = []
    tops = [
        _column(names, side, amounts=amounts, heights=heights, sides=sides, movers=movers, marks=marks)
        for side in (0, 1)
    ]
    for start in names:
        for end in names:
            if amount := amounts[start, end]:
                stays = start == end
                height = heights[start, end]
                marks.append(
                    Ribbon(
                        left=_LEFT + _BAR,
                        top=tops[0][start],
                        right=_RIGHT,
                        end=tops[1][end],
                        height=height,
                        kind=f"stays {sides[end]}" if stays else f"moves {sides[end]}",
                        title=_told(start, end, amount),
                    )
                )
                tops[0][start] += height
                tops[1][end] += height
    bottom = max(mark.y + mark.height for mark in marks if isinstance(mark, Box))
    told = [_told(*ends, amount) for ends, amount in amounts.items() if ends[0] != ends[1]]
    return Picture(
        title="Where servers land, before and after",
        description=". ".join(told) + "." if told else "Every server stays on its aggregate.",
        height=bottom + 36,
        marks=tuple(marks),
    )


def _name(spot: Spot | None, without: str) -> str:
    return without if spot is None else spot.aggregate or _HOMELESS


def _told(start: str, end: str, amount: int) -> str:
    servers = f"{amount:,} server{'' if amount == 1 else 's'}"
    if start == end:
        return f"{servers} on {end}, before and after"
    return f"{servers} from {start} to {end}"


def _column(
    names: Iterable[str],
    side: int,
    *,
    amounts: Mapping[_Ends, int],
    heights: Mapping[_Ends, float],
    sides: Mapping[str, str],
    movers: Mapping[_Ends, Iterable[str]],
    marks: list[Mark],
) -> dict[str, float]:
    """Bars of one side, with their names; where each begins."""
    x, y = (_LEFT, _RIGHT)[side], 40.0
    edge, anchor = ((x - 12, "end"), (x + _BAR + 12, "start"))[side]
    marks.append(Words(x=edge, y=14, text=("Before", "After")[side], kind="head", anchor=anchor))
    tops = {}
    for name in names:
        amount = sum(count for ends, count in amounts.items() if ends[side] == name)
        if not amount:
            continue
        height = sum(tall for ends, tall in heights.items() if ends[side] == name)
        tops[name] = y
        marks.append(Box(x=x, y=y, width=_BAR, height=height, kind=f"bar {sides[name]}", radius=1))
        middle = y + height / 2
        marks.append(
            Words(x=edge, y=middle - 2, text=fitted(name, _LEFT - 30, 13), kind="name", anchor=anchor)
        )
        kind = {"kvm": " · KVM", "esxi": " · ESXi"}.get(sides[name], "")
        servers = f"{amount:,} server{'' if amount == 1 else 's'}{kind}"
        marks.append(Words(x=edge, y=middle + 13, text=servers, kind="muted", anchor=anchor))
        moving = [
            one for ends, found in movers.items() if ends[side] == name != ends[1 - side] for one in found
        ]
        if moving:
            what = "" if name in _OUTSIDE else ("leave: ", "come: ")[side]
            words = f"{what}{', '.join(moving)}"
            text = fitted(words, _LEFT - 30, 10)
            marks.append(Words(x=edge, y=middle + 27, text=text, kind="small", anchor=anchor))
        y = max(y + height, middle + (32 if moving else 18)) + _GAP
    return tops
