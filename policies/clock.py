"""The day on which reviews and exemptions are judged."""

import os
from datetime import UTC, date, datetime

VARIABLE = "ESTATE_TODAY"


class ClockError(Exception):
    """The variable holds no day; the message says so."""


def today() -> date:
    """Today (UTC), or the day in ``ESTATE_TODAY``, e.g. ``2027-06-30``. Raises :class:`ClockError`."""
    said = os.environ.get(VARIABLE)
    if not said:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise ClockError(f"expected {VARIABLE} to be a day such as 2027-06-30, found {said!r}") from None
