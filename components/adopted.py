"""Resources that exist already: taken into the stack, and what of them is left as it was found."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pulumi
from pulumi.runtime import register_stack_transformation
from pydantic.alias_generators import to_camel

from components.gates.gate import IMPORTING, LEFT

Left = Mapping[str, Sequence[str]]
"""``TYPE::NAME`` → property paths; of a gate anything."""


def adopt(left: Left) -> None:
    """Have every resource that is registered from now on leave alone what is left as found.

    In an import (``IMPORTING`` names a file of ids by ``TYPE::NAME``) those that it names are taken into the
    stack, and nothing of any resource is compared: nothing can change then. For what has no name in the cloud
    an empty one is said, else the provider would make one up and the engine set it at once.
    """
    file = os.environ.get(IMPORTING)
    told = json.loads(Path(file).read_text()) if file else {}
    ids: Mapping[str, str] = told.get("ids", {})
    unnamed: Sequence[str] = told.get("unnamed", ())
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
        props, ignored = args.props, ["*"] if file else list(left.get(key, ()))
        if key in unnamed:
            props, ignored = {**props, "name": ""}, [to_camel(one) for one in props if one != "name"]
        more = pulumi.ResourceOptions(import_=ids.get(key), ignore_changes=ignored)
        return pulumi.ResourceTransformationResult(props, pulumi.ResourceOptions.merge(args.opts, more))

    register_stack_transformation(adopted)
