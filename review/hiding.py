"""What no output may show: values that look like secrets, wherever somebody wrote them.

Documents refer to secrets (``!secret NAME``) and the loader refuses literals where it knows a secret
belongs; metadata, descriptions and addresses are free text, and people paste into them.
"""

import re

HIDDEN = "(hidden)"

_WORD = (
    r"(?:pass(?:word|wd|phrase|code)s?|secret|api[_-]?key|access[_-]?key|private[_-]?key|credentials?"
    r"|(?<![a-z])(?:pass|pwd)(?![a-z])|token(?![a-z]))"
)
"""In a key, also between other words: ``db_pwd``, ``db-password-old``; ``tokens``, ``compass`` are none."""
_SPACED = r"(?:pass(?:word|wd|phrase|code)|(?<![a-z])(?:pass|pwd)(?![a-z]))"
"""Words whose value may have spaces."""
_KEY = re.compile(_WORD, re.IGNORECASE)
_QUOTED = r"""\"[^"]*"|'[^']*'"""
_REFERENCE = r"(?!!secret\b|\(hidden\))"
"""What stands for a secret is none."""
_ASSIGNED = re.compile(
    rf"""(?P<key>(?:[\w-]*{_SPACED}[\w-]*["']?\s*:\s+){_REFERENCE})(?P<value>{_QUOTED}|[^\n;}}&]+)"""
    rf"""|(?P<other>(?:[\w-]*{_WORD}[\w-]*["']?\s*[=:]\s*){_REFERENCE})(?:{_QUOTED}|[^\s;}}&]+)""",
    re.IGNORECASE,
)
_OPTION = re.compile(rf"""(?P<option>--[\w-]*{_WORD}[\w-]*\s+)(?:{_QUOTED}|[^\s;]+)""", re.IGNORECASE)
_USER = re.compile(r"(?P<option>(?<!\S)-u\s+[^\s:]+:)\S+")
"""Of curl and wget."""
_LOGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?:[^\s/@]+|[^\s/@:]+:[^\s@]+)@",
    re.IGNORECASE,
)
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9+/=._~-]{8,}", re.IGNORECASE)
_SHAPES = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|AKIA[0-9A-Z]{16}|xox[abeprs]-[\w-]{10,}"
    r"|pul-[0-9a-f]{40}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"
)
"""Tokens of GitHub, GitLab, AWS, Slack and Pulumi, and JSON Web Tokens, wherever they stand."""


def is_secret(key: str) -> bool:
    """Whether a key says that its value is a secret."""
    return _KEY.search(key) is not None


def hidden(text: str) -> str:
    """The text without passwords that it assigns, logins in addresses, tokens and private keys."""
    text = _PEM.sub(HIDDEN, text)
    text = _LOGIN.sub(lambda found: f"{found['scheme']}{HIDDEN}@", text)
    text = _BEARER.sub(lambda found: f"{found[1]} {HIDDEN}", text)
    text = _SHAPES.sub(HIDDEN, text)
    text = _OPTION.sub(lambda found: f"{found['option']}{HIDDEN}", text)
    text = _USER.sub(lambda found: f"{found['option']}{HIDDEN}", text)
    return _ASSIGNED.sub(lambda found: f"{found['key'] or found['other']}{HIDDEN}", text)
