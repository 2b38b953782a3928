"""Kind ``keypairs``: public keys that servers let in. A private key never belongs into a document."""

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, Field

from estate.model.block import ResourceBlock


def _public_key(value: str) -> str:
    # What was found is not repeated: it may be a private key.
    if "PRIVATE KEY" in value:
        raise ValueError("expected a public key, got a private one; remove it, and make a new pair")
    kind, _, rest = value.strip().partition(" ")
    try:
        blob = base64.b64decode(rest.split(" ")[0], validate=True)
    except binascii.Error:
        blob = b""
    # RFC 4253, section 6.6: the blob begins with the length and the name of the key's kind.
    if not kind or blob[4 : 4 + len(kind)] != kind.encode() or int.from_bytes(blob[:4]) != len(kind):
        raise ValueError("expected a public key as OpenSSH writes it, such as ssh-ed25519 AAAA… operations")
    if kind in ("ssh-dss", "ssh-rsa1"):
        raise ValueError(f"expected a key that OpenSSH still takes, such as ssh-ed25519, got {kind}")
    return value.strip()


PublicKey = Annotated[str, AfterValidator(_public_key)]
"""One line of an ``authorized_keys`` file, without options."""


class Keypair(ResourceBlock):
    """A public key in Nova. It belongs to the user of the login."""

    public_key: PublicKey = Field(description="Public key as OpenSSH writes it: `ssh-ed25519 AAAA… name`.")
