"""Glance's property protections: who may tag images for a hypervisor."""

from collections.abc import Iterator

from estate.placement.guarantee import DISK_FORMATS, PROTECTED_PROPERTIES
from estate.rendering.fragment import DEFAULT, Fragment, fragment, setting

SERVICE = "glance-api"
PROTECTIONS_FILE = "property-protections.conf"

_HEAD = """\
# Who may set which image property (glance/common/property_utils.py). Rules are regular expressions, matched
# at the start of the name; the first that fits decides, so their order matters.
# Roles: @ is everybody, ! nobody.
"""

_RULES = (
    (
        "What decides where servers land: operators only, else a member could send a general image to ESXi.\n"
        "Nova reads hypervisor_type and img_hv_type (nova/objects/image_meta.py) and trait:… of images.",
        PROTECTED_PROPERTIES,
        {"create": "admin", "read": "@", "update": "admin", "delete": "admin"},
    ),
    (
        "How a VMDK is read: it decides no landing. Members may set it on new images, because Nova does "
        "so in their\n"
        "name when they take a snapshot of an ESXi server (nova/virt/vmwareapi/images.py), but not change "
        "it.",
        ("^vmware_.*",),
        {"create": "admin,member", "read": "@", "update": "admin", "delete": "admin"},
    ),
    (
        "Everything else, as without protections: what no rule names would be refused to all.",
        (".*",),
        {"create": "@", "read": "@", "update": "@", "delete": "@"},
    ),
)


def fragments() -> Iterator[Fragment]:
    """glance-api.conf and the file of rules that it names."""
    yield conf()
    yield protections()


def conf() -> Fragment:
    """Lines of glance-api.conf."""
    return fragment(
        path="/etc/glance/glance-api.conf.d/50-estate.conf",
        service=SERVICE,
        purpose="Glance: operators alone tag images for a hypervisor, and the format says where they boot.",
        settings=[
            setting(
                DEFAULT,
                "property_protection_file",
                PROTECTIONS_FILE,
                why="Looked for beside glance-api.conf (oslo.config find_file).",
            ),
            setting(DEFAULT, "property_protection_rule_format", "roles"),
            setting(
                "image_format",
                "disk_formats",
                ",".join(DISK_FORMATS),
                why="Each says on which side it boots. An iso boots on both: with one of their own, members "
                "could rebuild a\n"
                "server that must stay on ESXi, and resize it to KVM (`estate prove` finds the way).",
            ),
        ],
    )


def protections() -> Fragment:
    """The rules themselves."""
    blocks = [_HEAD]
    for why, patterns, permissions in _RULES:
        comment = "".join(f"# {line}\n" for line in why.splitlines())
        lines = "".join(f"{operation} = {roles}\n" for operation, roles in permissions.items())
        blocks.append(comment + "\n".join(f"[{pattern}]\n{lines}" for pattern in patterns))
    return Fragment(path=f"/etc/glance/{PROTECTIONS_FILE}", service=SERVICE, text="\n".join(blocks))
