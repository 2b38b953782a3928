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
        self,
        name: str,
        facts: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
        *,
        was: str | None = None,
    ) -> None:
        """``was``: its name before a rename. What exists then keeps its id and takes the new name."""
        self._facts = {"name": name, **facts}
        token = f"estate:index:{type(self).__name__}"
        self._before: list[pulumi.Alias] = []
        if was is not None:
            opts = pulumi.ResourceOptions.merge(
                opts, pulumi.ResourceOptions(aliases=[pulumi.Alias(name=was)])
            )
            # Children named after the component follow its alias by themselves (pulumi/resource.py
            # inherited_child_alias); those with names of their own need their old parent.
            self._before = [pulumi.Alias(parent=pulumi.create_urn(name=was, type_=token))]
        super().__init__(token, name, dict(self._facts), opts)

    def child(
        self,
        *,
        depends_on: Sequence[pulumi.Resource] = (),
        provider: pulumi.ProviderResource | None = None,
        delete_before_replace: bool = False,
        replace_on_changes: Sequence[str] = (),
        ignore_changes: Sequence[str] = (),
        was: str | None = None,
        custom_timeouts: pulumi.CustomTimeouts | None = None,
    ) -> pulumi.ResourceOptions:
        """Options of a child. ``protect`` comes from the parent by itself (pulumi/resource.py).

        ``was``: its own name before a rename, where it differs from what the component's rename tells.
        """
        aliases = [*self._before, *([pulumi.Alias(name=was)] if was is not None else [])]
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=list(depends_on),
            provider=provider,
            delete_before_replace=delete_before_replace,
            replace_on_changes=list(replace_on_changes),
            ignore_changes=list(ignore_changes),
            aliases=aliases or None,
            custom_timeouts=custom_timeouts,
        )

    def done(self, **outputs: pulumi.Input[Any]) -> None:
        """Register the facts again as outputs, with ``outputs`` besides; the last line of a component."""
        self.register_outputs({**self._facts, **outputs})
