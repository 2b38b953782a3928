"""``estate comment FILE``: the review's comment on the pull request of a CI job, edited in place."""

from pathlib import Path
from typing import Annotated

import typer

from cli.common import expected

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("comment")
def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The comment: estate review --output FILE.md")],
    number: Annotated[
        str | None,
        typer.Option("--to", metavar="NUMBER", help="Of the request, where the job does not run for it."),
    ] = None,
) -> None:
    """Put the comment on the pull request (GitHub) or merge request (GitLab) of this CI job, or edit it.

    GitHub: GITHUB_REPOSITORY, GITHUB_API_URL and GITHUB_TOKEN, as its jobs have them. GitLab: CI_PROJECT_ID,
    CI_API_V4_URL, CI_MERGE_REQUEST_IID, and a token with the scope api in ESTATE_GITLAB_TOKEN.
    Exit codes: 0 done; 2 no such job, or the code host refuses.
    """
    from operations import code_hosts  # noqa: PLC0415
    from operations.errors import OperationError  # noqa: PLC0415
    from review.comment import LIMIT, MARKER  # noqa: PLC0415

    with expected(OperationError, OSError):
        text = file.read_text(encoding="utf-8")
        if not text.rstrip().endswith(MARKER) or len(text.encode()) > LIMIT:
            raise OperationError(f"expected a comment of estate review in {file}, at most {LIMIT} bytes long")
        typer.echo(code_hosts.say(code_hosts.talk(number), text, MARKER))
