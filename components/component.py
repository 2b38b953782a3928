"""What all components share: token, facts, and the one place that makes options of children."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi


@dataclass(frozen=True, kw_only=True)
class Ref:
    """What other components need of a thing whose name is a part of their children's names."""

    id: pulumi.Output[str]
    was: str | None = None
    """Its name before a rename."""


def formerly(before: str, was: str | None, after: str = "") -> str | None:
    """A name as it was before the name in its middle was renamed; ``None`` if that was not."""
    return None if was is None else f"{before}{was}{after}"


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
        """``was``: its name before a rename. What exists then keeps its id.

        Children named after the component follow by themselves (the engine inherits aliases). Those named
        after something else as well say their own ``was``; a URN has types of parents, and not their names.
        """
        self._facts = {"name": name, **facts}
        if was is not None:
            opts = pulumi.ResourceOptions.merge(
                opts, pulumi.ResourceOptions(aliases=[pulumi.Alias(name=was)])
            )
        super().__init__(f"estate:index:{type(self).__name__}", name, dict(self._facts), opts)

    def child(
        self,
        *,
        depends_on: Sequence[pulumi.Resource] = (),
        provider: pulumi.ProviderResource | None = None,
        delete_before_replace: bool = False,
        replace_on_changes: Sequence[str] = (),
        ignore_changes: Sequence[str] = (),
        was: str | None = None,
        protect: bool | None = None,
        custom_timeouts: pulumi.CustomTimeouts | None = None,
    ) -> pulumi.ResourceOptions:
        """Options of a child.

        :param was: its own name before a rename, where it differs from what the component's rename tells.
        :param protect: as its parent has it (pulumi/resource.py) if it says nothing itself.
        """
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=list(depends_on),
            provider=provider,
            delete_before_replace=delete_before_replace,
            replace_on_changes=list(replace_on_changes),
            ignore_changes=list(ignore_changes),
            aliases=[pulumi.Alias(name=was)] if was is not None else None,
            protect=protect,
            custom_timeouts=custom_timeouts,
        )

    def done(self, **outputs: pulumi.Input[Any]) -> None:
        """Register the facts again as outputs, with ``outputs`` besides; the last line of a component."""
        self.register_outputs({**self._facts, **outputs})
