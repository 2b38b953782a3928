"""Many rows as one Pulumi program: what they register, row by row."""

from collections.abc import Iterable

import pulumi_openstack as openstack

from review.recording import record
from review.registration import Registration
from tests.adversarial.kit import Kit
from tests.adversarial.rows import ROWS, Row

TOGETHER = tuple(row for row in ROWS if not row.alone)
APART = tuple(row for row in ROWS if row.alone)


def run(rows: Iterable[Row], *, wrong: bool) -> None:
    """Register the wrong or the right variant of all rows."""
    here, elsewhere = (
        openstack.Provider(
            name,
            auth_url="http://127.0.0.1:9/v3",
            user_name="u",
            password="p",
            tenant_name="t",
            domain_name="Default",
            region="r",
            delayed_auth=True,
        )
        for name in ("here", "elsewhere")
    )
    for row in rows:
        (row.wrong if wrong else row.right)(Kit(row.key, here, elsewhere))


def recorded(*, wrong: bool, preview: bool) -> list[dict[str, Registration]]:
    """The programs that there are, one for all rows that can share one, under mocks: key → registration."""
    return [
        record(lambda rows=rows: run(rows, wrong=wrong), preview=preview)  # type: ignore[misc]
        for rows in (TOGETHER, *((row,) for row in APART))
    ]


def row_of(name: str) -> str:
    """The row that a resource belongs to."""
    return name.partition("/")[0]
