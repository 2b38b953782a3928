"""What goes wrong here, in one sentence."""


class OperationError(Exception):
    """A step could not be taken; the message says why and what to do."""
