"""What is said when a cloud does not do as it should."""


class CloudError(Exception):
    """An expected fault of the cloud: one clear sentence, shown without a traceback."""
