"""What no output shows, in texts that people write."""

import pytest

from review.hiding import hidden, is_secret

PLANTED = "pl4nt3d"


@pytest.mark.parametrize(
    "text",
    [
        f"password={PLANTED},{PLANTED}",
        f"password: a {PLANTED} b",
        f'"password": "a {PLANTED}", "size": 3',
        f"pwd={PLANTED}",
        f"pass={PLANTED}; more",
        f"DbPassword={PLANTED}",
        f"metadata: {{db-password-old: {PLANTED}, size: 3}}",
        f"restic --password {PLANTED} --repo x",
        f"curl -u backup:{PLANTED} https://x",
        f"https://u:p/{PLANTED}@host/x",
        f"postgres://u:{PLANTED}@host",
        f"Authorization: Bearer {PLANTED}abc",
        f"ghp_{PLANTED}ABCDEFGHIJKLMNOPQRST",
        f"eyJhbGciOiJI.eyJzdWIi{PLANTED}.x",
        f"-----BEGIN RSA PRIVATE KEY-----\n{PLANTED}\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_hidden(text: str) -> None:
    assert PLANTED not in hidden(text)


@pytest.mark.parametrize(
    "text",
    [
        "{secret: !secret NAME}",
        "compass: north",
        "a token is needed",
        "tokens: 3",
        "http://host:80/a",
        "the key password is unknown",
    ],
)
def test_shown(text: str) -> None:
    assert hidden(text) == text


def test_keys_of_secrets() -> None:
    secret = ["db_pwd", "db-password-old", "pass", "token", "auth-token", "dbPassword", "api_key"]
    others = ["tokens", "compass", "passthrough", "bypass"]
    assert [key for key in [*secret, *others] if is_secret(key)] == secret


def test_aws_keys() -> None:
    assert hidden("AKIA" + "IOSFODNN7EXAMPLE") == "(hidden)"
