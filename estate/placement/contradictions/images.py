"""Versions of images, and what an image asks of the flavor."""

from collections import Counter
from collections.abc import Iterator

from estate.model import Estate, Finding, Image, Severity, Workload
from estate.model.images import glance_name
from estate.placement.contradictions.words import about


def check(estate: Estate) -> Iterator[Finding]:
    """Findings about images and the workloads that use them, in the order of the documents."""
    used = Counter((one.image, one.image_version) for one in estate.workloads.values())
    names: dict[str, str] = {}
    for image in estate.images.values():
        for version in image.versions:
            name = glance_name(image.name, version)
            if names.setdefault(name, image.name) != image.name:
                yield Finding(
                    rule="unique-glance-name",
                    message=f'its name in Glance would be "{name}", which is that of image "{names[name]}".',
                    loc=("images", image.name),
                    subject=f'image "{image.name}"',
                )
        for version, source in image.older.items():
            if source.format_by_ending not in (None, image.disk_format):
                # All versions have the image's properties, and Glance reads what a file is.
                yield Finding(
                    rule="image-version-format",
                    message=f"version {version}: expected a .{image.disk_format} file, as the image is "
                    f"one, got {source.file or source.url}. Convert it, or make it an image of its own.",
                    loc=("images", image.name, "older", version, "url" if source.file is None else "file"),
                    subject=f'image "{image.name}"',
                )
            if not used[image.name, version]:
                yield Finding(
                    rule="unused-image-version",
                    message=f"no workload stays on version {version}; it can be removed.",
                    loc=("images", image.name, "older", version),
                    subject=f'image "{image.name}"',
                    severity=Severity.WARNING,
                )
    for workload in estate.workloads.values():
        used_image = estate.images.get(workload.image)
        if used_image is not None:
            yield from _workload(estate, workload, used_image)


def _workload(estate: Estate, workload: Workload, image: Image) -> Iterator[Finding]:
    if workload.image_version is not None and workload.image_version not in image.versions:
        known = ", ".join(str(one) for one in image.versions if one is not None) or "none"
        yield about(
            workload,
            "image-version",
            ("image_version",),
            f'image "{image.name}" has no version {workload.image_version}. There are: {known}. A version is '
            "kept under older while servers stay on it.",
        )
    flavor = estate.flavors.get(workload.flavor)
    if flavor is not None and image.min_memory is not None and flavor.memory < image.min_memory:
        yield about(
            workload,
            "flavor-memory",
            ("flavor",),
            f'flavor "{flavor.name}" has {flavor.memory} MiB of memory, less than the '
            f"{image.min_memory} MiB that "
            f'image "{image.name}" needs.',
        )
