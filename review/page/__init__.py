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
from review.value import Review

_CODE = re.compile(r"`([^`]+)`")
_LONGEST = 2000
"""Characters of one text; nobody reads more, and a page stays under its size."""


def text(review: Review) -> str:
    """The whole file. The same review gives the same bytes."""
    return _template().render(review=review, parts=parts(review), sections=SECTIONS)


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
    environment.filters |= {"listed": _listed, "prose": _prose}
    assert environment.loader is not None
    style, _, _ = environment.loader.get_source(environment, "style.css")
    environment.globals |= {
        "style": Markup(style),  # noqa: S704 - our own file
        "style_hash": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    }
    return environment.get_template("page.html")


def _prose(value: str) -> Markup:
    """A sentence in which `words` between backticks are code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(plain(value, _LONGEST)))))  # noqa: S704 - escaped before


def _listed(values: Iterable[str]) -> Markup:
    """All of them, each as long as one text may be."""
    return Markup(", ").join(plain(value, _LONGEST) for value in values)


def _plain(value: object) -> object:
    return plain(value, _LONGEST) if isinstance(value, str) and not isinstance(value, Markup) else value
