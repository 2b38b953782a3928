"""What no output may show: values that look like secrets, wherever somebody wrote them.

Documents refer to secrets (``!secret NAME``) and the loader refuses literals where it knows a secret
belongs; metadata, descriptions and addresses are free text, and people paste into them.
"""

import re

HIDDEN = "(hidden)"

_KEY = re.compile(
    r"pass(word|wd|phrase)?$|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(
    r"""(?P<key>[\w-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|"""
    r"""credentials?)["']?\s*[=:]\s*)(?P<value>"[^"]*"|'[^']*'|[^\s,;}&]+)""",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^\s/@]+@", re.IGNORECASE)
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9+/=._~-]{8,}", re.IGNORECASE)


def is_secret(key: str) -> bool:
    """Whether a key says that its value is a secret."""
    return _KEY.search(key) is not None


def hidden(text: str) -> str:
    """The text without passwords that it assigns, logins in addresses and private keys."""
    text = _PEM.sub(HIDDEN, text)
    text = _LOGIN.sub(lambda found: f"{found['scheme']}{HIDDEN}@", text)
    text = _BEARER.sub(lambda found: f"{found[1]} {HIDDEN}", text)
    return _ASSIGNED.sub(lambda found: f"{found['key']}{HIDDEN}", text)
