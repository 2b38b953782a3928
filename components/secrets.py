"""Values of secrets: from the environment, else from the stack's secret configuration."""

import os

import pulumi

from estate.model.secrets import Secret


class MissingSecretError(Exception):
    """A secret that documents refer to and nobody has set."""


def value(secret: Secret) -> pulumi.Output[str]:
    """The value, marked as secret for the engine. Raises ``MissingSecretError``."""
    if (given := os.environ.get(secret.variable)) is not None:
        return pulumi.Output.secret(given)
    configured = pulumi.Config("estate").get_secret(secret.name)
    if configured is None:
        raise MissingSecretError(
            f"the secret {secret.name} is not set: say `pulumi config set --secret estate:{secret.name}`, "
            f"or put it into the variable {secret.variable}"
        )
    return configured
