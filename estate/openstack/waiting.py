"""Waiting with progress and a clear end."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, retry_if_result, wait_exponential
from tenacity.stop import stop_after_delay

from estate.openstack import sdk
from estate.openstack.errors import CloudError

Report = Callable[[str], None]
"""Takes one line of progress."""

INTERRUPTED = "ESTATE_INTERRUPTED"
"""Variable with the path of a file; once it is there, nothing is waited for any more. Pulumi tells its
dynamic providers of a Ctrl-C, but they do not listen (``Cancel`` in pulumi/dynamic/__main__.py)."""

_QUIET = 20.0  # seconds between two lines that say the same

T = TypeVar("T")


def wait_for(
    look: Callable[[], T], missing: Callable[[T], str | None], *, seconds: float, report: Report
) -> T:
    """Call ``look`` until ``missing`` has nothing to say about what it returns, which is then returned.

    A cloud that does not answer for a while is waited for too; a login that is refused is not.

    :param missing: what is still missing, a sentence; ``None`` if nothing is.
    :param seconds: how long to wait.
    :param report: gets what is missing when it changes, and every 20 s with the elapsed time.
    :raises CloudError: after ``seconds``, or interrupted, with what was missing at last.
    """
    started = time.monotonic()
    said: tuple[str, float] = ("", started)

    def before_sleep(state: RetryCallState) -> None:
        nonlocal said
        what, now = _what(state, missing), time.monotonic()
        if what != said[0] or now - said[1] >= _QUIET:
            report(f"waiting ({now - started:.0f} of at most {seconds:.0f} s): {what}")
            said = (what, now)

    def give_up(state: RetryCallState) -> T:
        what = _what(state, missing)
        why = "interrupted" if _interrupted() else "gave up"
        raise CloudError(f"{why} after {time.monotonic() - started:.0f} s: {what}")

    after = stop_after_delay(seconds)
    return Retrying(
        stop=lambda state: after(state) or _interrupted(),
        wait=wait_exponential(multiplier=0.5, min=0.5, max=5),
        retry=retry_if_result(lambda found: missing(found) is not None) | retry_if_exception(_transient),
        before_sleep=before_sleep,
        retry_error_callback=give_up,
    )(look)


def _interrupted() -> bool:
    flag = os.environ.get(INTERRUPTED)
    return flag is not None and Path(flag).exists()


def _what(state: RetryCallState, missing: Callable[[T], str | None]) -> str:
    outcome = state.outcome
    if outcome is None:
        return ""
    error = outcome.exception()
    if error is not None:
        return f"the cloud does not answer: {error}"
    return missing(outcome.result()) or ""


def _transient(error: BaseException) -> bool:
    if isinstance(error, sdk.auth.ConnectFailure):
        return True
    if isinstance(error, sdk.auth.HttpError):
        return error.http_status >= 500
    return isinstance(error, sdk.exceptions.HttpException) and (error.status_code or 0) >= 500
