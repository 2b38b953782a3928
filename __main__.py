"""The program: the stack's environment as documents, checked, then as resources."""

import gc
import os
import sys
from pathlib import Path
from typing import NoReturn

import pulumi

from components.adopted import adopt
from components.image_files import STAND_INS, ImageFileError, store
from components.landscape import build
from components.secrets import MissingSecretError, value
from estate.documents import DocumentsError, Loaded, load
from estate.documents.attachments import secret_user_data, user_data
from estate.model import Estate, Severity
from estate.model.nearest import nearest
from estate.model.partition import Share, partition
from estate.model.parts import PLATFORM
from estate.openstack.connection import connect, project_of_login
from estate.openstack.errors import CloudError
from estate.openstack.existing import Existing, find
from estate.vsphere import connections
from estate.vsphere.session import session
from policies import over_documents
from review.digest import APPROVED, contents_of

# Thousands of small objects live until the end: collecting them again and again takes half the run.
gc.set_threshold(100_000, 50, 50)
# The SDK tells the engine of ten steps of every resource, and waits each time until it has heard; it shows
# them to nobody unless it runs with --debug.
if not os.environ.get("ESTATE_SDK_DEBUG"):
    pulumi.log.debug = lambda *_, **__: None

MESSAGE_SHOWN = 32
"""Exit code of a Python program that has said what is wrong (pulumi-language-python); after a
``pulumi.RunError`` the engine would add that an unhandled error occurred."""


def refuse(message: str) -> NoReturn:
    """Show one error and end the program."""
    pulumi.log.error(message)
    sys.exit(MESSAGE_SHOWN)


def judged(loaded: Loaded) -> Estate:
    """The estate that the documents describe, if nothing speaks against it; else every error with its place.

    The policy pack's rules run here as well: a self-managed backend loads no pack by itself.
    """
    errors = []
    for problem in over_documents.judged(loaded):
        line = f"{problem} [{problem.rule}]"
        if problem.severity is Severity.ERROR:
            errors.append(line)
        else:
            pulumi.log.warn(line)
    if errors or loaded.estate is None:
        refuse("\n".join([f"the environment {loaded.name} cannot be applied:", *errors]))
    return loaded.estate


def approved(loaded: Loaded, estate: Estate) -> None:
    """Refuse to change anything, unless it is these documents that were approved, where that is required.

    A preview stays possible. That the engine does what was approved `estate up --approved` sees to.
    """
    given = os.environ.get(APPROVED)
    if pulumi.runtime.is_dry_run() or (given is None and estate.estate.approval == "optional"):
        return
    if given is None:
        refuse(
            f'{loaded.where(("estate", "approval"))}: the environment "{loaded.name}" is applied only as '
            "approved (approval: required), and this run has no approval. Write down what is to be approved "
            f"with: estate preview {loaded.name} --proposal FILE; apply it with: estate up {loaded.name} "
            "--approved FILE"
        )
    found = contents_of(loaded).digest.documents
    if given != found:
        refuse(
            f'the environment "{loaded.name}": expected documents, policies, exemptions and tools of digest '
            f"{given:.12}, which were approved; found {found:.12}. Have a new preview approved: "
            f"estate preview {loaded.name} --proposal FILE"
        )


def share_of(estate: Estate, part: str) -> Share:
    """What this stack makes of the estate."""
    shares = {one.name: one for one in partition(estate)}
    if part not in shares:
        refuse(f'the documents have no part "{part}" (configuration estate:part).{nearest(part, shares)}')
    return shares[part]


def around(estate: Estate, share: Share) -> Existing | None:
    """In the part of a project: what its workloads stand in, as a member of that project sees it."""
    if share.project is None:
        return None
    cloud = connect(pulumi.Config("openstack").get("cloud"))
    project = project_of_login(cloud)
    if project != share.project:  # its servers would belong there
        refuse(
            f'part "{share.name}" is of project "{share.project}", but the login is one of project '
            f'"{project}"; name the login of a member with openstack:cloud'
        )
    return find(cloud, estate, share)


def main() -> None:
    """Read, judge, build; nothing is registered before all of the input is in order."""
    config = pulumi.Config("estate")
    try:
        loaded = load(config.get("environment") or pulumi.get_stack())
        estate = judged(loaded)
        approved(loaded, estate)
        share = share_of(estate, config.get("part") or PLATFORM)
        existing = around(estate, share)
        logins = connections.load(share.reaches)
        for name, login in logins.items():
            with session(name, login):  # the vSphere plugin would fail later, and say it less clearly
                pass
        image_files: dict[str, str] = {}
        if share.platform:
            folder = config.get("images") or os.environ.get("ESTATE_IMAGES") or loaded.folder / "images"
            image_files = store(estate.images.values(), Path(folder))
        texts: dict[str, pulumi.Input[str]] = {**user_data(loaded)[0]}
        for workload, servers in secret_user_data(estate):
            if workload.name not in share.workloads:
                continue  # a secret of another stack
            assert workload.user_data is not None
            assert workload.user_data.secret is not None
            texts |= dict.fromkeys(servers, value(workload.user_data.secret))
    except (
        DocumentsError,
        connections.ConnectionsError,
        ImageFileError,
        MissingSecretError,
        CloudError,
    ) as error:
        refuse(str(error))
    if image_files and os.environ.get(STAND_INS):
        pulumi.log.info("images are stand-ins of the same format and size; their checksums were not compared")
    adopt(config.get_object("imported") or {})
    landscape = build(
        estate, share, logins=logins, image_files=image_files, user_data=texts, existing=existing
    )
    for name in ("clusters", "aggregates", "servers"):
        if known := getattr(landscape, name):
            pulumi.export(name, known)


main()
