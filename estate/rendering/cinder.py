"""cinder.conf: one stanza per back end, in the zone of its aggregate."""

from collections.abc import Iterator

from estate.model import Estate, Hypervisor
from estate.placement.pairing import BackEnd, back_ends, name_in_cinder
from estate.rendering.fragment import DEFAULT, Fragment, Setting, fragment, policy_file, setting
from estate.rendering.vsphere import datastore_regex, login

VOLUME_SERVICE = "cinder-volume"
API_SERVICE = "cinder-api"
CONF_FOLDER = "/etc/cinder/cinder.conf.d"
POLICY_PATH = "/etc/cinder/policy.d/50-estate.yaml"
"""Read by itself: oslo.policy's ``policy_dirs`` is ``policy.d``. Rules are named in cinder/policies."""

_METADATA = "volume_extension:volume_image_metadata"


def fragments(estate: Estate) -> Iterator[Fragment]:
    """The list of back ends for cinder-volume, and a stanza for each."""
    known = back_ends(estate)
    if known:
        yield fragment(
            path=f"{CONF_FOLDER}/50-estate.conf",
            service=VOLUME_SERVICE,
            purpose="cinder-volume: its back ends. Where they run on several machines, each names its own "
            "only.",
            settings=[setting(DEFAULT, "enabled_backends", ",".join(one.name for one in known))],
        )
    for back_end in known:
        yield stanza(estate, back_end)
    if estate.estate.default_volume_type is not None:
        yield _defaults(name_in_cinder(estate.volume_types[estate.estate.default_volume_type]))
    yield policy()


def _defaults(volume_type: str) -> Fragment:
    return fragment(
        path=f"{CONF_FOLDER}/55-estate.conf",
        service=API_SERVICE,
        purpose="cinder-api: the type of volumes that name none, where their project has no default of its "
        "own.\n"
        "Cinder deletes no type that is the default (cinder/volume/volume_types.py destroy): name "
        "another one "
        "before this\n"
        "estate is torn down.",
        settings=[setting(DEFAULT, "default_volume_type", volume_type)],
    )


def policy() -> Fragment:
    """Rules of Cinder's API that close what Glance's property protections leave open."""
    return policy_file(
        path=POLICY_PATH,
        service=API_SERVICE,
        why="Image properties of bootable volumes place servers as those of images do, and Glance's "
        "protections do not\nreach them: operators alone change them (nova/block_device.py).",
        rules=(f"{_METADATA}:set", f"{_METADATA}:remove"),
        who="rule:admin_api",
    )


def stanza(estate: Estate, back_end: BackEnd) -> Fragment:
    """One back end's section of cinder.conf."""
    common = [
        setting(
            back_end.name,
            "volume_backend_name",
            back_end.volume_backend_name,
            why="What the volume types ask for.",
        ),
        setting(
            back_end.name,
            "backend_availability_zone",
            back_end.zone,
            why="The zone of the aggregate whose servers may attach its volumes: with [cinder] "
            "cross_az_attach = false\n"
            "Nova compares the two names (nova/volume/cinder.py check_availability_zone).",
        ),
    ]
    if back_end.hypervisor is Hypervisor.KVM:
        purpose = (
            f"Array {back_end.array} for KVM servers in zone {back_end.zone}. volume_driver and its "
            "options are the\n"
            "array's own: add them in a file of your own, under the same section, with its credentials."
        )
        settings = common
    else:
        purpose = (
            f"Array {back_end.array} for ESXi servers in zone {back_end.zone}: VMDKs on its datastores.\n\n"
            + login(estate.vcenters[str(back_end.vcenter)], VOLUME_SERVICE, back_end.name, "vmware_")
        )
        settings = [
            setting(
                back_end.name,
                "volume_driver",
                "cinder.volume.drivers.vmware.vmdk.VMwareVcVmdkDriver",
            ),
            *common,
            *_vmdk(estate, back_end),
        ]
    return fragment(
        path=f"{CONF_FOLDER}/60-{back_end.name}.conf",
        service=VOLUME_SERVICE,
        host=back_end.name,
        purpose=purpose,
        settings=settings,
    )


def _vmdk(estate: Estate, back_end: BackEnd) -> Iterator[Setting]:
    yield Setting(
        section=back_end.name,
        key="vmware_cluster_name",
        values=back_end.clusters,
        why="Clusters whose hosts mount the datastores (one line each).",
    )
    yield setting(
        back_end.name,
        "vmware_datastore_regex",
        datastore_regex(back_end.datastores),
        why="The array's shared datastores and no others (cinder/volume/drivers/vmware/datastore.py).",
    )
    yield setting(
        back_end.name,
        "vmware_enable_volume_stats",
        value=True,
        why="By default the driver reports no capacity, and the scheduler fills datastores blindly "
        "(vmdk.py).",
    )
    kinds = [
        kind
        for kind in estate.storage[back_end.array].volume_types.values()
        if kind.vcenter is not None and kind.vcenter == back_end.vcenter
    ]
    policies = tuple(sorted({kind.storage_policy for kind in kinds if kind.storage_policy is not None}))
    if policies and all(kind.storage_policy is not None for kind in kinds):
        yield Setting(
            section=back_end.name,
            key="vmware_storage_profile",
            values=policies,
            why="Only datastores of these storage policies count as its capacity (vmdk.py). The driver "
            "needs a "
            "WSDL of the\nvCenter's version for policies, and oslo.vmware has none newer than 8.0.",
        )
