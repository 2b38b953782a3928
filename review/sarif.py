"""A review as SARIF 2.1.0: findings and hazards at their lines, which code hosts show as annotations.

Plain JSON values: the format's few parts that are used here need no object model (the kept one,
sarif-om, has stood still since 2019); tests hold every result against the official schema.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from policies.rules import RULES
from review.escaping import plain
from review.things import drifted, named
from review.value import DriftKind, Finding, Hazard, HazardKind, Place, Review, Status, Verdict

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

_BRACKETS = re.compile(r"[\\\[\]]")
_BRACES = re.compile(r"[{}]")
_NUMBERS = re.compile(r"\d+")
_HAZARDS = {
    HazardKind.REFUSED: "The engine or a service will refuse the change.",
    HazardKind.DATA_LOSS: "The change deletes data.",
    HazardKind.REPLACE: "The change makes something anew.",
    HazardKind.DRAIN: "Servers must leave before the change.",
    HazardKind.DOWNTIME: "The change interrupts a server.",
    HazardKind.REBOOT: "The change stops a server once.",
    HazardKind.RETYPE: "The change moves a volume's data.",
    HazardKind.NO_EFFECT: "The change does nothing to what exists.",
}

_DRIFTS = {
    DriftKind.UNEXPECTED: "The engine will do something that no document changes.",
    DriftKind.DIFFERENT: "The engine will do something else than the documents say, or more.",
    DriftKind.LEFT: "Somebody changed it past the engine, and the engine leaves it so.",
    DriftKind.MISSING: "The engine has nothing to do where the documents change something.",
}


def text(review: Review) -> str:
    """The SARIF text."""
    return json.dumps(log(review), indent=2) + "\n"


def log(review: Review) -> dict[str, Any]:
    """As JSON values. Fixed findings are not in it: they are no longer there to be looked at."""
    results = list(_results(review))
    run = {
        "tool": {
            "driver": {
                "name": "estate",
                "version": review.tools["estate"],
                "rules": [_rule(name) for name in sorted({one["ruleId"] for one in results})],
            }
        },
        "invocations": [
            {
                "executionSuccessful": review.verdict is not Verdict.INCOMPLETE,
                "toolExecutionNotifications": [
                    {"level": "error", "message": _message(_about(one.environment, one.side, one.message))}
                    for one in review.problems
                ],
            }
        ],
        "results": results,
        "properties": {"verdict": review.verdict.value, "digest": review.digest},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _results(review: Review) -> Iterator[dict[str, Any]]:
    """One result for what several environments have from the same line."""
    findings: dict[tuple[str, str, str, str, Place], list[Finding]] = {}
    for one in review.findings:
        if one.status is not Status.FIXED:
            key = (one.rule, one.severity, one.subject, one.message, one.place)
            findings.setdefault(key, []).append(one)
    for (rule, severity, subject, message, place), same in findings.items():
        state = Status.NEW if any(one.status is Status.NEW for one in same) else Status.UNCHANGED
        yield {
            **_result(rule, severity, f"{subject}: {message}", place, [one.environment for one in same]),
            "baselineState": state.value,
        }
    hazards: dict[tuple[HazardKind, str, Place | None], list[Hazard]] = {}
    for hazard in review.hazards:
        hazards.setdefault((hazard.kind, f"{hazard.subject}: {hazard.message}.", hazard.place), []).append(
            hazard
        )
    for (kind, message, at), alike in hazards.items():
        level = "error" if kind is HazardKind.REFUSED else "warning"
        yield {
            **_result(f"hazard-{kind}", level, message, at, [one.environment for one in alike]),
            "baselineState": "new",
        }

    for preview in review.previews:
        for violation in preview.policies:
            level = "error" if violation.level == "mandatory" else "warning"
            said = f"{named(violation.urn)}: {violation.message}"
            yield _result(violation.policy, level, said, violation.place, [preview.environment])
    drifts: dict[tuple[str, str, Place | None], list[str]] = {}
    for drift in review.drifts:
        told = (f"drift-{drift.kind}", f"{drifted(drift)}.", drift.place)
        drifts.setdefault(told, []).append(drift.environment)
    for (rule, message, at), environments in drifts.items():
        yield _result(rule, "warning", message, at, environments)


def _result(
    rule: str, level: str, message: str, place: Place | None, environments: Iterable[str]
) -> dict[str, Any]:
    names = list(dict.fromkeys(plain(one) for one in environments))
    message = plain(message)
    told = "\0".join([rule, place.file if place else "", _NUMBERS.sub("", message), *names])
    return {
        "ruleId": rule,
        "level": level,
        "message": _message(f"{', '.join(names)}: {message}"),
        "locations": [_location(place)] if place else [],
        "partialFingerprints": {"estate/v1": hashlib.sha256(told.encode()).hexdigest()[:32]},
        "properties": {"environments": names},
    }


def _location(place: Place) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(place.file), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": place.line, "startColumn": place.column},
        }
    }


def _rule(name: str) -> dict[str, Any]:
    known = next((one for one in RULES if one.name == name), None)
    if known is not None:
        return {
            "id": name,
            "shortDescription": _message(known.description),
            "fullDescription": _message(known.why),
            "help": _message(f"{known.what_to_do} (Source: {known.source})"),
        }
    ours = {f"hazard-{kind}": said for kind, said in _HAZARDS.items()}
    ours |= {f"drift-{kind}": said for kind, said in _DRIFTS.items()}
    words = ours.get(name, f"{name.replace('-', ' ').capitalize()}.")
    return {"id": name, "shortDescription": _message(words)}


def _message(text: str) -> dict[str, str]:
    """Plain text in which nothing is a link or a placeholder (SARIF 2.1.0, 3.11.5 and 3.11.6)."""
    escaped = _BRACKETS.sub(lambda found: f"\\{found[0]}", plain(text, 2000))
    return {"text": _BRACES.sub(lambda found: found[0] * 2, escaped)}


def _about(*parts: str | None) -> str:
    return ": ".join(part for part in parts if part)
