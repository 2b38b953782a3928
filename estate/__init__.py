"""The language of an estate and its logic: importable without Pulumi, OpenStack or a network."""
