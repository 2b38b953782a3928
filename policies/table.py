"""The page ``docs/policies.md``, made from the rules themselves."""

from policies.rules import RULES

_HEAD = """\
# Policies

<!-- Made by `estate policies --format markdown > docs/policies.md`, which a test compares with it. -->

The rules of the policy pack. All are mandatory: a violation stops `pulumi preview` and `pulumi up`. The
program judges its documents by the same rules, in the same words, before it registers its first resource,
so that a `pulumi up` without `--policy-pack policies` is stopped as well; `estate check ENV` says so
offline.

The pack judges the resources of any program, also of one that does not use this project's components. A
server is restricted if its workload component or its metadata `estate_restriction` says so. What the pack
cannot know, because a value is unknown at preview or an image lies outside the stack, it refuses.

Rules with the scope *stack* compare resources with each other. They are judged at preview, before
anything is created. `pulumi up --skip-preview` judges before creation only what one resource tells by
itself: that is enough for this project's components, whose props repeat the facts, but not for a server
written by hand, whose image is another resource.

"""


def markdown() -> str:
    """The whole page."""
    lines = [_HEAD, "| rule | severity | scope | what it demands |\n", "|---|---|---|---|\n"]
    lines += [
        f"| [{rule.name}](#{rule.name}) | {rule.severity} | {rule.scope} | {rule.description} |\n"
        for rule in RULES
    ]
    for rule in RULES:
        lines += [
            f"\n## {rule.name}\n\n{rule.description}\n\n",
            f"- **Why:** {rule.why}\n",
            f"- **What to do:** {rule.what_to_do}\n",
            f"- **Source:** {rule.source}\n",
        ]
    return "".join(lines)
