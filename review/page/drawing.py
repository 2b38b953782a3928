"""Marks of a picture: boxes, words and ribbons at their places, in pixels.

``templates/picture.html`` draws them. Colours are the style sheet's: a mark has only the name of its kind, so
that pictures follow light, dark and print.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from review.escaping import plain

WIDTH = 960
"""Of every picture."""
_CHARACTER = 0.62
"""Width of a character in font sizes; of the wide ones among the usual fonts."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle, with words that a pointer shows."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str | None = None
    radius: int = 3


@dataclass(frozen=True, kw_only=True)
class Words:
    """One line of text; ``y`` is its base line, ``anchor`` start, middle or end."""

    x: float
    y: float
    text: str
    kind: str = "name"
    anchor: str = "start"


@dataclass(frozen=True, kw_only=True)
class Ribbon:
    """A band from the left to the right, as wide at its end as at its beginning."""

    left: float
    top: float
    right: float
    end: float
    height: float
    kind: str
    title: str

    @property
    def path(self) -> str:
        """As SVG has it."""
        middle = (self.left + self.right) / 2
        return (
            f"M{self.left:g},{self.top:.1f}C{middle:g},{self.top:.1f},{middle:g},{self.end:.1f},"
            f"{self.right:g},{self.end:.1f}v{self.height:.1f}C{middle:g},{self.end + self.height:.1f},"
            f"{middle:g},{self.top + self.height:.1f},{self.left:g},{self.top + self.height:.1f}z"
        )


Mark = Box | Words | Ribbon


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Marks, and what somebody is told who does not see them."""

    title: str
    description: str
    height: float
    marks: tuple[Mark, ...]
    width: int = WIDTH


def fitted(text: str, width: float, size: float) -> str:
    """As much of a text as fits into a width, in a font of that size."""
    return plain(text, max(2, int(width / (size * _CHARACTER))))


def chip(
    x: float, y: float, width: float, *, kind: str, lines: tuple[str, ...], title: str
) -> Iterator[Mark]:
    """A small box with one or two lines of text."""
    yield Box(x=x, y=y, width=width, height=10 + 13 * len(lines), kind=kind, title=title)
    for number, line in enumerate(lines):
        size = 11 if number == 0 else 10
        yield Words(
            x=x + 7,
            y=y + 15.5 + 13 * number,
            text=fitted(line, width - 10, size),
            kind="chip" if number == 0 else "small",
        )
