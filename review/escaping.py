"""Text from documents inside Markdown: shown as it is, never read as markup.

Entities keep a character from being Markdown or HTML (CommonMark 6.2: "cannot be used in place of symbols
indicating structure"). Mentions, references and emoji are found by code hosts in the rendered text, but not
inside ``<code>``; in prose a word joiner after the sign stops them.
"""

import re

_SPECIAL = re.compile(r"[&<>`*_\[\]|~\\@$#]|:(?!\s|$)|(?<=www)\.", re.IGNORECASE)
_SIGNS = re.compile(r"(?<=[@#])(?=\w)")
_WORD_JOINER = "\u2060"


def plain(text: str, most: int | None = None) -> str:
    """One line without control characters: those (ANSI codes, line ends, marks of direction) are named."""
    if most is not None and len(text) > most:
        text = f"{text[: most - 1]}…"
    return text if text.isprintable() else "".join(_named(one) for one in text)


def _named(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else f"<U+{ord(character):04X}>"


def code(text: str, most: int = 120) -> str:
    """As inline code."""
    return f"<code>{_escaped(plain(text, most))}</code>"


def prose(text: str, most: int = 300) -> str:
    """As a sentence."""
    return _escaped(_SIGNS.sub(_WORD_JOINER, plain(text, most)))


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", text)
