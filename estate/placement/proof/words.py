"""A counterexample in words."""

from estate.placement.proof.claims import Counterexample, Step


def sentence(one: Counterexample) -> str:
    """The way of a counterexample on one line."""
    steps = "; then ".join(words(step) for step in one.steps)
    lands = ", ".join(one.lands) or "nowhere"
    return f"{one.claim}: {one.who.label}: {steps} → {lands}. {one.why}."


def words(step: Step) -> str:
    """One call."""
    request = step.request
    if request is None:
        return "unpin the zone (PUT servers, pinned_availability_zone null)"
    match step.operation:
        case "create":
            what = f"create with flavor {request.flavor.name} from {_boot(step)}"
        case "resize":
            return f"resize to flavor {request.flavor.name}"
        case "rebuild":
            return f"rebuild with {_boot(step)}"
        case _:
            what = step.operation
    where = f" in zone {request.zone}" if request.zone else ""
    return what + where + (f" on host {request.host}" if request.host else "")


def _boot(step: Step) -> str:
    assert step.request is not None
    image = step.request.image
    if image is None:
        return "a blank volume"
    kind = "image" if step.request.source.value == "image" else "a volume of image"
    if not image.name.startswith("own "):
        return f"{kind} {image.name}"
    tags = "".join(f" {key}={value}" for key, value in image.properties.items())
    return f"an own {'image' if kind == 'image' else 'volume'} ({image.disk_format}{tags})"
