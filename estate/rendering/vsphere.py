"""What the fragments of Nova and Cinder share about a vCenter."""

from collections.abc import Iterable

from estate.model import VCenter


def login(vcenter: VCenter, service: str, section: str, prefix: str) -> str:
    """The comment that says where address and credentials of the vCenter go: never into a fragment."""
    folder = service.split("-", maxsplit=1)[0]
    return (
        "Address and credentials are not in this file. They belong into a file of their own, readable by "
        "the\n"
        "service only (mode 0600), given with a further --config-file, e.g. "
        f"/etc/{folder}/{vcenter.name}.conf:\n"
        f"  [{section}]\n"
        f"  {prefix}host_ip = {vcenter.server}\n"
        f"  {prefix}host_username, {prefix}host_password\n"
        f"  {prefix}ca_file (the vCenter's certificate authority; never insecure)"
    )


def datastore_regex(names: Iterable[str]) -> str:
    """A pattern for exactly these datastores. Drivers match at the start only, hence the ``$``."""
    # Names have letters, digits, "_", "-" and "." (estate.model.words.Name): only the dot means something.
    return f"^({'|'.join(name.replace('.', '[.]') for name in sorted(names))})$"
