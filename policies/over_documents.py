"""The rules over documents: used by the program before its first resource, and by ``estate check``."""

from collections.abc import Callable, Iterable
from datetime import date

from estate.documents import DocumentsError, Loaded, Problem
from estate.documents.attachments import user_data
from estate.model import Estate, Finding, Hypervisor, Workload
from estate.model.members import flat, folded
from estate.model.releases import unproven
from estate.placement import contradictions
from estate.placement.landing import Lander
from estate.placement.triple import aggregate_metadata, flavor_extra_specs, image_properties
from policies import exemptions, register
from policies.clock import ClockError, today
from policies.facts import AggregateFacts, Facts, FilteredFacts, FlavorFacts, ImageFacts, ServerFacts
from policies.rule import Rule
from policies.rules import RULES


def judged(loaded: Loaded) -> tuple[Problem, ...]:
    """All that is wrong with documents: in themselves, with the placement, and by the rules; by position.

    Where some blocks are unsound the others are judged nevertheless.
    """
    if loaded.draft is None:
        return loaded.problems
    draft = loaded.draft
    try:
        day = today()
    except ClockError as error:
        raise DocumentsError(str(error)) from error
    broken = [
        *unproven(draft.estate.release),
        *_sure("contradictions", lambda: contradictions.check(draft)),
        *findings(draft, day),
        *_sure("register", lambda: register.check(draft, day)),
        *user_data(loaded)[1],
    ]
    return tuple(sorted([*loaded.problems, *loaded.locate(broken)], key=lambda one: one.position))


def findings(estate: Estate, day: date | None = None) -> list[Finding]:
    """All violations, rule by rule, without those that an exemption covers on that day (today if absent).

    Workloads whose image or flavor does not exist are left to ``estate.model.references``.
    """
    facts = facts_of(flat(estate))
    found = (
        finding
        for rule in RULES
        if rule.in_documents is None
        for finding in _sure(rule.name, lambda rule=rule: _of_rule(rule, facts))  # type: ignore[misc]
    )
    return exemptions.apply(estate, folded(estate, found), day or today())


def _of_rule(rule: Rule, facts: Facts) -> Iterable[Finding]:
    return (
        Finding(
            rule=rule.name,
            message=violation.message,
            loc=(*violation.origin, *violation.field),
            subject=violation.subject,
        )
        for violation in rule.judge(facts)
    )


def _sure(rule: str, judge: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What a rule finds. One that crashes is an error that names it, and the others are judged all the same:
    what is not judged does not pass (as in ``policies.over_resources``).
    """
    try:
        return list(judge())
    except Exception as error:  # whatever it is, nobody may take it for a pass
        return [
            Finding(
                rule=rule,
                message=f"the rule {rule} could not judge these documents, so nothing is let through: "
                f"{type(error).__name__}: {error}. Report it: no document should make a rule fail.",
                loc=("estate",),
                subject=f'rule "{rule}"',
            )
        ]


def facts_of(estate: Estate) -> Facts:
    """What the components will make of the documents."""
    lander = Lander(estate)
    images = {
        name: ImageFacts(
            origin=("images", name),
            name=name,
            disk_format=image.disk_format,
            properties=image_properties(image),
        )
        for name, image in estate.images.items()
    }
    flavors = {
        name: FlavorFacts(
            origin=("flavors", name),
            name=name,
            extra_specs=flavor_extra_specs(flavor),
            public=flavor.hypervisor is Hypervisor.KVM and not flavor.projects,
            memory=flavor.memory,
        )
        for name, flavor in estate.flavors.items()
    }
    return Facts(
        aggregates=tuple(
            AggregateFacts(
                origin=("aggregates", name),
                name=name,
                zone=aggregate.availability_zone,
                hosts=(
                    *aggregate.hosts,
                    *(
                        estate.clusters[one].compute_host
                        for one in aggregate.clusters
                        if one in estate.clusters
                    ),
                ),
                metadata=aggregate_metadata(aggregate),
                hypervisor=aggregate.hypervisor,
            )
            for name, aggregate in estate.aggregates.items()
        ),
        images=tuple(images.values()),
        flavors=tuple(flavors.values()),
        servers=tuple(
            ServerFacts(
                origin=("workloads", name),
                kind="workload",
                name=name,
                workload=name,
                restricted=workload.restriction is not None,
                reason=workload.restriction.reason.value if workload.restriction is not None else None,
                image=images[workload.image],
                flavor=flavors[workload.flavor],
                zone=_zone(lander, workload),
            )
            for name, workload in estate.workloads.items()
            if workload.image in images and workload.flavor in flavors
        ),
        filtered=tuple(
            FilteredFacts(
                origin=("networks", name), kind="network", name=name, enforced=network.port_security
            )
            for name, network in estate.networks.items()
        ),
        workloads_expected=True,
    )


def _zone(lander: Lander, workload: Workload) -> str | None:
    """The zone that the servers will name: the declared one, else that of the aggregate that takes them."""
    if workload.availability_zone is not None:
        return workload.availability_zone
    return lander.landing(workload).zone
