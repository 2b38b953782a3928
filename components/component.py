"""What all components share: token, facts, and the one place that makes options of children."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi


class Component(pulumi.ComponentResource):
    """A component of type ``estate:index:KIND``.

    ``facts`` are plain values in camelCase: they are its props, which policies read at preview, and
    its outputs, which stack policies and hooks read afterwards. No Outputs in there: a component
    whose props wait for a resource would hold up all its children.
    """

    def __init__(
        self, name: str, facts: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        self._facts = {"name": name, **facts}
        super().__init__(f"estate:index:{type(self).__name__}", name, dict(self._facts), opts)

    def child(
        self,
        *,
        depends_on: Sequence[pulumi.Resource] = (),
        provider: pulumi.ProviderResource | None = None,
        delete_before_replace: bool = False,
        replace_on_changes: Sequence[str] = (),
        custom_timeouts: pulumi.CustomTimeouts | None = None,
    ) -> pulumi.ResourceOptions:
        """Options of a child. ``protect`` comes from the parent by itself (pulumi/resource.py)."""
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=list(depends_on),
            provider=provider,
            delete_before_replace=delete_before_replace,
            replace_on_changes=list(replace_on_changes),
            custom_timeouts=custom_timeouts,
        )

    def done(self, **outputs: pulumi.Input[Any]) -> None:
        """Register the facts again as outputs, with ``outputs`` besides; the last line of a component."""
        self.register_outputs({**self._facts, **outputs})
