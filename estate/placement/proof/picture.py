"""The matrix of a proof as a picture: who asks for what, and the sides that take any such request."""

from collections.abc import Iterable
from itertools import groupby
from xml.sax.saxutils import escape

from estate.placement.proof.claims import Claim, Proof, Row

_LINE, _CHARACTER, _GAP = 22, 7, 12
_COLOURS = {
    (False, False): ("nowhere", "#e8e8e8", "#555555"),
    (True, False): ("KVM", "#cfe3f7", "#123a5c"),
    (False, True): ("ESXi", "#f9dfb4", "#5c3a06"),
    (True, True): ("both", "#e0d3ee", "#3b2356"),
}
_BROKEN = ("#c62828", "#ffffff")
_STYLE = "font: 13px system-ui, sans-serif"


def svg(proof: Proof, title: str) -> str:
    """One block for each claim: a line for each who and what, a column for each thing to boot from or to do.

    A cell says which sides take any of its requests; it is red where that breaks the claim. Stands for
    itself as a file, and inside an HTML page.
    """
    blocks: list[str] = []
    y, width = 2 * _LINE, _CHARACTER * len(title) + 2 * _GAP
    for claim in Claim:
        rows = [row for row in proof.rows if row.claim is claim]
        if rows:
            lines, height, wide = _block(claim, rows, y)
            blocks += lines
            y, width = y + height + _LINE, max(width, wide)
    verdict = "holds" if proof.holds else f"{len(proof.counterexamples)} ways around it"
    heading = f"{title}: {proof.requests} different requests: {verdict}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {max(width, _wide([heading]))} {y}" '
            f'role="img" style="{_STYLE}" fill="#222222">',
            f"<title>{escape(heading)}</title>",
            _text(_GAP, _LINE, heading, bold=True),
            *blocks,
            "</svg>",
            "",
        ]
    )


def _block(claim: Claim, rows: list[Row], top: int) -> tuple[list[str], int, int]:
    """The lines of a claim's block, its height and its width."""
    boots = list(dict.fromkeys(row.boot for row in rows))
    labels = {key: f"{key[0]}: {key[1]}" for key in dict.fromkeys((row.who, row.flavor) for row in rows)}
    edge = _GAP + _wide([claim.value, *labels.values()])
    columns, x = {}, edge
    for boot in boots:
        columns[boot] = (x, _wide([boot, "nowhere"]))
        x += columns[boot][1]
    found = [_text(_GAP, top, claim.value, bold=True)]
    found += [_text(columns[boot][0] + 4, top, boot) for boot in boots]
    ordered = sorted(rows, key=lambda row: list(labels).index((row.who, row.flavor)))
    y = top
    for key, members in groupby(ordered, key=lambda row: (row.who, row.flavor)):
        y += _LINE
        found.append(_text(_GAP, y, labels[key]))
        for row in members:
            found.append(_cell(row, *columns[row.boot], y))
    return found, y - top + _LINE, x + _GAP


def _cell(row: Row, x: int, width: int, y: int) -> str:
    said, fill, ink = _COLOURS[row.kvm, row.esxi]
    fill, ink = (fill, ink) if row.holds else _BROKEN
    verdict = "holds" if row.holds else "broken"
    what = f"{row.who}: {row.flavor}: {row.boot}: {row.requests} requests, taken by {said}: {verdict}"
    return (
        f"<g><title>{escape(what)}</title>"
        f'<rect x="{x}" y="{y - 15}" width="{width - 2}" height="{_LINE - 2}" rx="3" fill="{fill}"/>'
        f'<text x="{x + 4}" y="{y}" fill="{ink}">{said}</text></g>'
    )


def _text(x: int, y: int, text: str, *, bold: bool = False) -> str:
    weight = 600 if bold else 400
    return f'<text x="{x}" y="{y}" font-weight="{weight}">{escape(text)}</text>'


def _wide(texts: Iterable[str]) -> int:
    return _CHARACTER * max(map(len, texts)) + _GAP
