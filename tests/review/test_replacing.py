"""What forces a replacement is what the plugins say today."""

import pytest

from tests.review import replacing


@pytest.mark.engine
def test_the_committed_answers_are_those_of_the_plugins() -> None:
    assert replacing.FILE.read_text() == replacing.text(), "run: .venv/bin/python -m tests.review.replacing"
