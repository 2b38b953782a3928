"""A review as one HTML file for a change board: without network or script, on a screen or on paper.

Whatever comes from documents is escaped by Jinja, and its control characters are named. A content security
policy in the page allows its own style sheet, by its hash, and nothing else.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from review.escaping import plain
from review.page.parts import SECTIONS, parts
from review.things import DONE, asked, named, told
from review.value import Review, Step

_CODE = re.compile(r"`([^`]+)`")
_LONGEST = 2000
"""Characters of one text; nobody reads more, and a page stays under its size."""


def text(review: Review) -> str:
    """The whole file. The same review gives the same bytes."""
    sections = [one for one in SECTIONS if one[0] != "engine" or review.previews]
    return _template().render(review=review, parts=parts(review), sections=sections, asked=asked(review))


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("review.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_plain,
    )
    environment.filters |= {"listed": _listed, "prose": _prose, "told": told, "named": _named}
    assert environment.loader is not None
    style, _, _ = environment.loader.get_source(environment, "style.css")
    environment.globals |= {
        "done": DONE,
        "style": Markup(style),  # noqa: S704 - our own file
        "style_hash": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    }
    return environment.get_template("page.html")


def _prose(value: str) -> Markup:
    """A sentence in which `words` between backticks are code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(plain(value, _LONGEST)))))  # noqa: S704 - escaped before


def _named(one: Step | str | None) -> str:
    """A resource in words."""
    return named(one.urn if isinstance(one, Step) else one)


def _listed(values: Iterable[str]) -> Markup:
    """All of them, each as long as one text may be."""
    return Markup(", ").join(plain(value, _LONGEST) for value in values)


def _plain(value: object) -> object:
    return plain(value, _LONGEST) if isinstance(value, str) and not isinstance(value, Markup) else value
