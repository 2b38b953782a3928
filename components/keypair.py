"""A public key in Nova."""

import pulumi
import pulumi_openstack as openstack

from components.component import Component
from estate.model import Keypair as Model


class Keypair(Component):
    """``name``: known once the key is in Nova. Its private half is nowhere in here."""

    def __init__(self, keypair: Model, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(keypair.name, {}, opts, was=keypair.was)
        self.name = openstack.compute.Keypair(
            keypair.name,
            name=keypair.name,
            public_key=keypair.public_key,
            # Nova allows a name once per user, and cannot rename a key.
            opts=self.child(delete_before_replace=True, ignore_changes=["name"]),
        ).name
        self.done(keypair=self.name)
