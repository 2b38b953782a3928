"""What the toolchain raises when a machine lacks something: one sentence for the user, never a traceback."""


class ToolchainError(Exception):
    """The engine, a plugin or a program cannot be had here; the text says what is missing and what to do."""
