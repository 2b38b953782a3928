"""The one exception of the sandbox."""


class SandboxError(Exception):
    """Something expected went wrong: the text says what was expected, what was found, and how to mend it."""
