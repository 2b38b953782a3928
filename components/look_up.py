"""Finding what exists already by its name, with one sentence instead of a traceback where that fails."""

from importlib.metadata import version

import pulumi
from pulumi.runtime import invoke_async


def id_of(
    function: str,
    *,
    subject: str,
    provider: pulumi.ProviderResource | None = None,
    parent: pulumi.Resource | None = None,
    **properties: pulumi.Input[str | bool],
) -> pulumi.Output[str]:
    """The ``id`` that a provider's function answers; asked at every preview, unknown if a property is.

    The SDK's own functions (``get_host_output``) end the program with a traceback of the SDK when they fail:
    when nothing has the name, and also when the engine stops because something else failed.

    :param function: its token, e.g. ``vsphere:index/getHost:getHost``.
    :param subject: whom an error is about, e.g. ``host "esx-1"``.
    :param properties: what it takes, by the names of the provider's schema.
    """
    # Without a version the engine starts a second default provider.
    package = function.partition(":")[0]
    options = pulumi.InvokeOptions(
        parent=parent, provider=provider, version=None if provider else version(f"pulumi-{package}")
    )

    async def ask(known: dict[str, str | bool]) -> str:
        try:
            answer = await invoke_async(function, known, options)
        except Exception as error:  # the SDK raises nothing narrower
            raise pulumi.RunError(f"{subject} was not found: {error}") from error
        found: str = answer["id"]
        return found

    return pulumi.Output.all(**properties).apply(ask)
