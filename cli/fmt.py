"""``estate fmt ENV``: the documents of an environment in one form."""

from typing import Annotated

import typer

from cli.common import Env, Exit, expected
from estate.documents import DocumentsError

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def fmt(
    env: Env,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; say what would be changed.")
    ] = False,
) -> None:
    """Write the YAML documents of ENV in one form; comments and meaning stay. Not those that it extends.

    Exit codes: 0 done, or nothing to do; 1 with --check, if something would be changed; 2 if a document
    is left as it is, because it has errors or its form cannot be changed.
    """
    from estate.documents.folder import documents, find  # noqa: PLC0415 - only this command needs them
    from estate.documents.formatting import NotFormattedError, formatted  # noqa: PLC0415

    with expected(DocumentsError, OSError):
        paths = [path for path in documents(find(env)) if path.suffix == ".yaml" and path.is_file()]
        contents = {path: path.read_bytes() for path in paths}
    changed, left = 0, False
    for path, content in contents.items():
        try:
            text = formatted(content, str(path))
        except NotFormattedError as error:
            left = True
            typer.echo(str(error), err=True)
            continue
        if text.encode() != content:
            changed += 1
            typer.echo(f"{path}: {'would be changed' if check else 'changed'}")
            if not check:
                with expected(OSError):
                    path.write_text(text, encoding="utf-8", newline="\n")
    typer.echo(f"{len(paths)} documents, {changed} {'to change' if check else 'changed'}.")
    if left:
        raise typer.Exit(Exit.UNUSABLE)
    if check and changed:
        raise typer.Exit(Exit.FINDINGS)
