"""Secrets: the model holds references to them, never their values.

A document says ``!secret NAME``. The program looks the value up when it runs (``components.secrets``): in
the variable ``ESTATE_SECRET_NAME``, else in the stack's secret configuration. Whatever is shown, written
or rendered carries the reference.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, PlainSerializer, WithJsonSchema

from estate.model.finding import Loc

TAG = "!secret"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class Secret:
    """A reference to a secret. ``str()`` gives it as documents write it."""

    name: str

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for a name that is none: it must give exactly one variable."""
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                "expected the name of a secret in lower-case letters, digits and hyphens after !secret, "
                "such as ledger-db-password"
            )

    def __str__(self) -> str:
        return f"{TAG} {self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that may hold its value."""
        return f"ESTATE_SECRET_{self.name.upper().replace('-', '_')}"

    @property
    def placeholder(self) -> str:
        """What stands in rendered configuration, where the value would: an operator replaces it."""
        return f"<secret:{self.name}>"


def _reference(value: object) -> object:
    if isinstance(value, Secret):
        return value
    if isinstance(value, Mapping) and list(value) == [TAG] and isinstance(value[TAG], str):
        return Secret(value[TAG])  # as JSON has it
    # What was found instead is not repeated: it may be the secret.
    raise ValueError(f"expected a reference to a secret ({TAG} NAME), got a literal; {_WAY_OUT}")


_WAY_OUT = (
    "set it with `pulumi config set --secret estate:NAME` or the variable ESTATE_SECRET_NAME, "
    "and change the one that stood here"
)

SecretText = Annotated[
    Secret,
    BeforeValidator(_reference),
    PlainSerializer(lambda secret: {TAG: secret.name}, return_type=dict[str, str]),
    WithJsonSchema({"type": "string", "description": "Written with the tag !secret: the name of a secret."}),
]
"""A text that is a secret: ``!secret NAME`` in documents, ``{"!secret": NAME}`` in JSON."""


def secrets(value: object, loc: Loc = ()) -> Iterator[tuple[Loc, Secret]]:
    """Every reference to a secret inside a value of the model, with its place."""
    match value:
        case Secret():
            yield loc, value
        case BaseModel():
            for field in type(value).model_fields:
                yield from secrets(getattr(value, field), (*loc, field))
        case Mapping():
            for key, inner in value.items():
                yield from secrets(inner, (*loc, key))
        case tuple() | list():
            for index, inner in enumerate(value):
                yield from secrets(inner, (*loc, index))
