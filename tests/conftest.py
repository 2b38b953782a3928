"""Options of the whole suite."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--environment",
        metavar="FOLDER",
        help="rehearse this folder on its running sandbox, not a fresh copy; it is left running",
    )
