"""Resources that exist already: taken into the stack, and what of them is left as it was found."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pulumi
from pulumi.runtime import register_stack_transformation

from components.gates.gate import IMPORTING, LEFT

Left = Mapping[str, Sequence[str]]
"""``TYPE::NAME`` → property paths; of a gate anything."""


def adopt(left: Left) -> None:
    """Have every resource that is registered from now on leave alone what is left as found.

    In an import (``IMPORTING`` names a file of ids by ``TYPE::NAME``) those that it names are taken into the
    stack, and nothing of any resource is compared: nothing can change then.
    """
    file = os.environ.get(IMPORTING)
    ids: Mapping[str, str] = json.loads(Path(file).read_text()) if file else {}
    if not left and not file:
        return

    def adopted(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        if not isinstance(args.resource, pulumi.CustomResource) or isinstance(
            args.resource, pulumi.ProviderResource
        ):
            return None
        key = f"{args.type_}::{args.name}"
        if isinstance(args.resource, pulumi.dynamic.Resource):
            props = {**args.props, LEFT: True} if key in left else args.props
            return pulumi.ResourceTransformationResult(props, args.opts)
        more = pulumi.ResourceOptions(
            import_=ids.get(key), ignore_changes=["*"] if file else list(left.get(key, ()))
        )
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, more))

    register_stack_transformation(adopted)
