"""``estate comment FILE``: the review's comment on the pull request of a CI job, edited in place."""

from pathlib import Path
from typing import Annotated

import typer

from cli.common import expected

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("comment")
def command(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Of estate review --output: FILE.md; or FILE.json, and those of reviews with --preview.",
        ),
    ],
    page: Annotated[
        str | None,
        typer.Option(
            "--page", metavar="URL", help="Where the page is; in FILE.md the review has said it already."
        ),
    ] = None,
    number: Annotated[
        str | None,
        typer.Option("--to", metavar="NUMBER", help="Of the request, where the job does not run for it."),
    ] = None,
) -> None:
    """Put the comment on the pull request (GitHub) or merge request (GitLab) of this CI job, or edit it.

    GitHub: GITHUB_REPOSITORY, GITHUB_API_URL and GITHUB_TOKEN, as its jobs have them. GitLab: CI_PROJECT_ID,
    CI_API_V4_URL, CI_MERGE_REQUEST_IID, and a token with the scope api in ESTATE_GITLAB_TOKEN.
    Of several reviews one comment is made: the first has all environments, and in the place of some come
    those of the further ones, in which the engine was asked.
    Exit codes: 0 done; 2 no such job, or the code host refuses.
    """
    from operations import code_hosts  # noqa: PLC0415
    from operations.errors import OperationError  # noqa: PLC0415
    from review.comment import LIMIT, MARKER  # noqa: PLC0415

    with expected(OperationError, OSError):
        if len(files) == 1 and files[0].suffix != ".json":
            text = files[0].read_text(encoding="utf-8")
        else:
            text = _made(files, page)
        if not text.rstrip().endswith(MARKER) or len(text.encode()) > LIMIT:
            raise OperationError(
                f"expected a comment of estate review in {files[0]}, at most {LIMIT} bytes long"
            )
        typer.echo(code_hosts.say(code_hosts.talk(number), text, MARKER))


def _made(files: list[Path], page: str | None) -> str:
    from operations.errors import OperationError  # noqa: PLC0415
    from review.comment import comment  # noqa: PLC0415
    from review.document import read  # noqa: PLC0415
    from review.together import together  # noqa: PLC0415

    reviews = []
    for file in files:
        try:
            reviews.append(read(file.read_text(encoding="utf-8")))
        except ValueError as error:
            first = str(error).partition("\n")[0]
            raise OperationError(f"expected the JSON of a review in {file}: {first}") from error
    return comment(together(reviews[0], reviews[1:]), page=page)
