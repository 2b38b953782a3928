"""Traits and resources that Nova makes of extra specs and image properties which name neither.

``ResourceRequest._translate_…`` of nova/scheduler/utils.py, and the request filters packed_virtqueue_filter,
ephemeral_encryption_filter, virtio_sound_filter and tpm_secret_security_filter of
nova/scheduler/request_filter.py; what both read of flavor and image is in nova/virt/hardware.py. Nova refuses
a flavor and an image that disagree, or an unknown value, with HTTP 400 before it schedules.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from estate.placement.nova.rule import RELEASES

FILE = "nova/virt/hardware.py"

_TPM_TRAITS = {"1.2": "COMPUTE_SECURITY_TPM_1_2", "2.0": "COMPUTE_SECURITY_TPM_2_0"}
_TPM_MODELS = {"tpm-tis": "COMPUTE_SECURITY_TPM_TIS", "tpm-crb": "COMPUTE_SECURITY_TPM_CRB"}
_TPM_SECRETS = ("user", "host", "deployment")
_ENCRYPTED_MEMORY = {
    "amd-sev": "HW_CPU_X86_AMD_SEV",
    "amd-sev-es": "HW_CPU_X86_AMD_SEV_ES",
    "amd-sev-snp": "HW_CPU_X86_AMD_SEV_SNP",
    "intel-tdx": "HW_CPU_X86_INTEL_TDX",
}
_STATELESS = ("amd-sev-snp", "intel-tdx")
"""Models that want a stateless firmware."""
_DISK_ENCRYPTION = ("plain", "luks", "luksv2")
_CPU_POLICIES = ("dedicated", "shared", "mixed")
_THREAD_POLICIES = ("prefer", "isolate", "require")
_HYPERTHREADING = "HW_CPU_HYPERTHREADING"

_BY_VALUE: tuple[tuple[str, str, Mapping[str, str | None], str], ...] = (
    (
        "os",
        "secure_boot",
        {"required": "COMPUTE_SECURITY_UEFI_SECURE_BOOT", "disabled": None, "optional": None},
        RELEASES[0],
    ),
    (
        "hw",
        "maxphysaddr_mode",
        {"passthrough": "COMPUTE_ADDRESS_SPACE_PASSTHROUGH", "emulate": "COMPUTE_ADDRESS_SPACE_EMULATED"},
        RELEASES[0],
    ),
    (
        "hw",
        "pci_numa_affinity_policy",
        {
            "socket": "COMPUTE_SOCKET_PCI_NUMA_AFFINITY",
            "required": None,
            "preferred": None,
            "legacy": None,
        },
        RELEASES[0],
    ),
    (
        "hw",
        "sound_model",
        {
            "virtio": "COMPUTE_SOUND_MODEL_VIRTIO",
            **dict.fromkeys(("sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb")),
        },
        "2025.2",
    ),
)
"""Scope, key, value → trait or none, and the first release that asks for it."""

SPECS = frozenset(
    [
        *(f"{scope}:{key}" for scope, key, _, _ in _BY_VALUE),
        "hw:virtio_packed_ring",
        "hw:ephemeral_encryption",
        "hw:ephemeral_encryption_format",
        "hw:tpm_version",
        "hw:tpm_model",
        "hw:tpm_secret_security",
        "hw:mem_encryption",
        "hw:mem_encryption_model",
        "hw:pmem",
        "hw:cpu_policy",
        "hw:cpu_thread_policy",
        "hw:emulator_threads_policy",
    ]
)
"""Extra specs that are read here."""

PROPERTIES = frozenset(one.replace(":", "_", 1) for one in SPECS - {"hw:pmem", "hw:tpm_secret_security"}) | {
    "hw_firmware_stateless",
    "hw_firmware_type",
    "hw_machine_type",
}
"""Image properties that are read here, by their canonical names."""

SILENT = re.compile(
    r"hw:(cpu_realtime|cpu_realtime_mask|cpu_dedicated_mask|hide_hypervisor_id|mem_page_size|locked_memory"
    r"|numa_nodes|numa_cpus\.\d+|numa_mem\.\d+|cpu_(max_)?(sockets|cores|threads)|boot_menu"
    r"|vif_multiqueue_enabled|pmu|serial_port_count|watchdog_action|viommu_model|usb_model"
    r"|redirected_usb_ports|maxphysaddr_bits)"
)
"""Extra specs of Nova's own scope (nova/api/validation/extra_specs/hw.py) of which it makes neither traits
nor resources: only drivers, and NUMATopologyFilter, read them.
"""


def known(key: str) -> bool:
    """Whether it is known what an extra spec of the scopes ``hw`` and ``os`` asks of placement. Of other
    scopes Nova makes nothing, but for those that name traits and resources themselves, and ``accel``.
    """
    scope = key.partition(":")[0]
    return scope != "accel" and (
        scope not in ("hw", "os") or key in SPECS or SILENT.fullmatch(key) is not None
    )


@dataclass(kw_only=True)
class Pinned:
    """Dedicated CPUs. Nova asks twice: for PCPU, and as if the policy were not there
    (nova/scheduler/manager.py select_destinations, ``disable_fallback_pcpu_query`` off).
    """

    pcpus: int
    required: frozenset[str] = frozenset()
    """Traits of the first query alone."""
    forbidden: frozenset[str] = frozenset()


@dataclass(kw_only=True)
class Translated:
    """What is asked beyond what flavor and image name themselves."""

    required: dict[str, str] = field(default_factory=dict)
    """Trait → the extra spec or property that asks for it."""
    filtered: dict[str, str] = field(default_factory=dict)
    """The same, of request filters: isolated aggregates are not opened by these."""
    resources: dict[str, int] = field(default_factory=dict)
    pinned: Pinned | None = None
    refused: str | None = None
    """Why Nova refuses flavor and image, or why the engine does not say what Nova would do."""


class _RefusedError(ValueError):
    """Nova answers with HTTP 400."""


def translated(
    specs: Mapping[str, str], properties: Mapping[str, str], vcpus: int, release: str = RELEASES[-1]
) -> Translated:
    """What Nova makes of a flavor's extra specs and an image's properties (canonical names)."""
    made = Translated()
    if PROPERTIES.isdisjoint(properties) and not any(key.startswith(("hw:", "os:")) for key in specs):
        return made
    try:
        for translate in (_by_value, _packed, _encrypted_disks, _tpm, _encrypted_memory, _pmem, _stateless):
            translate(_Read(specs, properties, release), made)
        _cpus(_Read(specs, properties, release), vcpus, made)
    except _RefusedError as error:
        made.refused = f"{error} (HTTP 400)"
    return made


@dataclass(frozen=True)
class _Read:
    """A flavor's extra specs and an image's properties."""

    specs: Mapping[str, str]
    properties: Mapping[str, str]
    release: str

    def since(self, release: str) -> bool:
        return RELEASES.index(self.release) >= RELEASES.index(release)

    def by(self, key: str, scope: str = "hw") -> str:
        """What asks: the extra spec, else the property."""
        spec = f"{scope}:{key}"
        name = spec if spec in self.specs else spec.replace(":", "_", 1)
        return f"{name} = {self.specs.get(spec) or self.properties.get(name)}"

    def one(self, key: str, allowed: Mapping[str, object] | tuple[str, ...], scope: str = "hw") -> str | None:
        """``_get_unique_flavor_image_meta``: of flavor or image, which must not disagree."""
        spec = f"{scope}:{key}"
        flavor, image = self.specs.get(spec), self.properties.get(f"{scope}_{key}")
        if flavor and image and flavor != image:
            raise _RefusedError(f"the flavor says {spec} = {flavor}, its image {image}")
        value = flavor or image
        if value and value not in allowed:
            raise _RefusedError(f"{spec} knows {', '.join(allowed)}, not {value}")
        return value

    def flag(self, key: str) -> bool:
        """A truth value of flavor or image."""
        spec = f"hw:{key}"
        flavor, image = self.specs.get(spec), self.properties.get(f"hw_{key}")
        if flavor is not None and image is not None and _true(flavor) != _true(image):
            raise _RefusedError(f"the flavor says {spec} = {flavor}, its image {image}")
        return _true(flavor) or _true(image)


def _true(value: str | None) -> bool:
    """oslo_utils/strutils.py ``bool_from_string``."""
    return value is not None and value.strip().lower() in ("1", "t", "true", "on", "y", "yes")


def _by_value(read: _Read, made: Translated) -> None:
    for scope, key, traits, since in _BY_VALUE:
        value = read.one(key, traits, scope)
        trait = traits[value] if value else None
        if trait is not None and read.since(since):
            (made.filtered if key == "sound_model" else made.required)[trait] = read.by(key, scope)


def _packed(read: _Read, made: Translated) -> None:
    if read.flag("virtio_packed_ring"):
        made.filtered["COMPUTE_NET_VIRTIO_PACKED"] = read.by("virtio_packed_ring")


def _encrypted_disks(read: _Read, made: Translated) -> None:
    if not read.flag("ephemeral_encryption"):
        return
    made.filtered["COMPUTE_EPHEMERAL_ENCRYPTION"] = read.by("ephemeral_encryption")
    form = read.one("ephemeral_encryption_format", _DISK_ENCRYPTION)
    if form:
        trait = f"COMPUTE_EPHEMERAL_ENCRYPTION_{form.upper()}"
        made.filtered[trait] = read.by("ephemeral_encryption_format")


def _tpm(read: _Read, made: Translated) -> None:
    version = read.one("tpm_version", _TPM_TRAITS)
    if not version:
        return
    model = read.one("tpm_model", _TPM_MODELS) or "tpm-tis"
    if model == "tpm-crb" and version != "2.0":
        raise _RefusedError("TPM model CRB is only valid with TPM version 2.0")
    made.required[_TPM_MODELS[model]] = made.required[_TPM_TRAITS[version]] = read.by("tpm_version")
    security = read.specs.get("hw:tpm_secret_security") or "user"
    if security not in _TPM_SECRETS:
        raise _RefusedError(f"TPM secret security '{security}' is not supported")
    if read.since("2026.1"):
        by = read.by("tpm_secret_security" if "hw:tpm_secret_security" in read.specs else "tpm_version")
        made.filtered[f"COMPUTE_SECURITY_TPM_SECRET_SECURITY_{security.upper()}"] = by


def _encrypted_memory(read: _Read, made: Translated) -> None:
    if not read.flag("mem_encryption"):
        return
    model = read.one("mem_encryption_model", _ENCRYPTED_MEMORY) or "amd-sev"
    props = read.properties
    if props.get("hw_firmware_type") != "uefi" or "q35" not in props.get("hw_machine_type", "q35"):
        raise _RefusedError(
            "memory encryption wants an image with hw_firmware_type = uefi, and machine type q35"
        )
    if model in _STATELESS and not _true(props.get("hw_firmware_stateless")):
        raise _RefusedError(f"memory encryption {model} wants an image with hw_firmware_stateless = true")
    if model == "intel-tdx" and props.get("hw_video_model") != "none":
        raise _RefusedError(f"memory encryption {model} wants an image with hw_video_model = none")
    made.resources["MEM_ENCRYPTION_CONTEXT"] = 1
    made.required[_ENCRYPTED_MEMORY[model]] = read.by("mem_encryption")


def _pmem(read: _Read, made: Translated) -> None:
    for label in read.specs.get("hw:pmem", "").split(","):
        if label.strip():
            name = "CUSTOM_" + re.sub(r"[^0-9A-Z]+", "_", f"PMEM_NAMESPACE_{label.strip()}".upper())
            made.resources[name] = made.resources.get(name, 0) + 1


def _stateless(read: _Read, made: Translated) -> None:
    props = read.properties
    if _true(props.get("hw_firmware_stateless")) and props.get("hw_firmware_type") == "uefi":
        made.required["COMPUTE_SECURITY_STATELESS_FIRMWARE"] = "hw_firmware_stateless = true"


def _cpus(read: _Read, vcpus: int, made: Translated) -> None:
    """``_translate_pinning_policies``. The dedicated CPUs of ``mixed`` are not counted: it is refused."""
    flavor, image = read.specs.get("hw:cpu_policy"), read.properties.get("hw_cpu_policy")
    for value in (flavor, image):
        if value and value not in _CPU_POLICIES:
            raise _RefusedError(f"hw:cpu_policy knows {', '.join(_CPU_POLICIES)}, not {value}")
    if (flavor == "mixed" and image == "dedicated") or (
        flavor == "shared" and image in ("mixed", "dedicated")
    ):
        raise _RefusedError(f"the flavor says hw:cpu_policy = {flavor}, its image {image}")
    policy = flavor or image
    threads = _threads(read)
    if policy == "mixed":
        made.refused = "hw:cpu_policy = mixed is not among what is modelled here"
    elif policy == "dedicated":
        if any(re.match(r"resources[a-zA-Z0-9_-]*:[VP]CPU$", key) for key in read.specs):
            raise _RefusedError("hw:cpu_policy and resources of CPUs exclude each other")
        more = read.specs.get("hw:emulator_threads_policy") == "isolate"
        made.pinned = Pinned(
            pcpus=vcpus + more,
            required=frozenset([_HYPERTHREADING] if threads == "require" else []),
            forbidden=frozenset([_HYPERTHREADING] if threads == "isolate" else []),
        )
    elif threads:
        raise _RefusedError("hw:cpu_thread_policy wants hw:cpu_policy = dedicated")


def _threads(read: _Read) -> str | None:
    flavor, image = read.specs.get("hw:cpu_thread_policy"), read.properties.get("hw_cpu_thread_policy")
    for value in (flavor, image):
        if value and value not in _THREAD_POLICIES:
            raise _RefusedError(f"hw:cpu_thread_policy knows {', '.join(_THREAD_POLICIES)}, not {value}")
    if flavor in (None, "prefer"):
        return flavor or image
    if image and image != flavor:
        raise _RefusedError(f"the flavor says hw:cpu_thread_policy = {flavor}, its image {image}")
    return flavor
