"""One comment on a pull request (GitHub) or merge request (GitLab), edited in place by every run."""

import os
from dataclasses import dataclass
from typing import Any

import requests

from operations.errors import OperationError

_TIMEOUT = 30.0
"""Seconds that a code host may take to answer."""
_PAGE = 100


@dataclass(frozen=True, kw_only=True)
class Talk:
    """The comments of one request."""

    address: str
    """Address under which comments are listed and made."""
    edit: str
    """Address under which one comment is changed; its id follows."""
    headers: dict[str, str]
    way: str
    """Method of HTTP that changes a comment."""
    author: str
    """Who comments: a comment of anybody else is left alone, whatever it contains."""


def talk(number: str | None = None) -> Talk:
    """The request of the CI job that runs this, by the variables that the code host sets.

    :param number: of the request, where the job does not run for it itself.
    :raises OperationError: this is no such job, or a token is missing.
    """
    if os.environ.get("GITHUB_REPOSITORY"):
        api = f"{_variable('GITHUB_API_URL')}/repos/{_variable('GITHUB_REPOSITORY')}/issues"
        return Talk(
            address=f"{api}/{_number(number)}/comments",
            edit=f"{api}/comments",
            headers={
                "Authorization": f"Bearer {_variable('GITHUB_TOKEN')}",
                "Accept": "application/vnd.github+json",
            },
            way="PATCH",
            author=os.environ.get("ESTATE_COMMENT_AUTHOR", "github-actions[bot]"),
        )
    if os.environ.get("CI_PROJECT_ID"):
        api = f"{_variable('CI_API_V4_URL')}/projects/{_variable('CI_PROJECT_ID')}"
        request = _number(number or os.environ.get("CI_MERGE_REQUEST_IID"))
        headers = {"PRIVATE-TOKEN": _variable("ESTATE_GITLAB_TOKEN")}
        notes = f"{api}/merge_requests/{request}/notes"
        me = _asked("GET", f"{_variable('CI_API_V4_URL')}/user", headers).json()
        return Talk(address=notes, edit=notes, headers=headers, way="PUT", author=str(me["username"]))
    raise OperationError("expected to run in a job of GitHub (GITHUB_REPOSITORY) or GitLab (CI_PROJECT_ID)")


def say(where: Talk, text: str, marker: str) -> str:
    """Put the comment there, or edit the one that ends with the marker; further ones of ours go.

    :returns: ``made`` or ``edited``.
    :raises OperationError: the code host does not answer, or refuses.
    """
    ours = [one["id"] for one in _comments(where) if _is_ours(one, where.author, marker)]
    if not ours:
        _asked("POST", where.address, where.headers, {"body": text})
        return "made"
    _asked(where.way, f"{where.edit}/{ours[0]}", where.headers, {"body": text})
    for double in ours[1:]:
        _asked("DELETE", f"{where.edit}/{double}", where.headers)
    return "edited"


def _comments(where: Talk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page = 1
    while True:
        some = _asked("GET", f"{where.address}?per_page={_PAGE}&page={page}", where.headers).json()
        found += some
        if len(some) < _PAGE:
            return found
        page += 1


def _is_ours(one: dict[str, Any], author: str, marker: str) -> bool:
    user = one.get("user") or one.get("author") or {}
    name = user.get("login") or user.get("username")
    return name == author and str(one.get("body") or "").rstrip().endswith(marker)


def _asked(
    method: str, address: str, headers: dict[str, str], body: dict[str, str] | None = None
) -> requests.Response:
    try:
        answer = requests.request(method, address, headers=headers, json=body, timeout=_TIMEOUT)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise OperationError(f"the code host refuses or does not answer: {error}") from error
    return answer


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise OperationError(f"expected the variable {name}, found none")
    return value


def _number(said: str | None) -> str:
    if not said or not said.isascii() or not said.isdigit():
        raise OperationError(f"expected the number of a pull or merge request, found {said or 'none'}")
    return said
