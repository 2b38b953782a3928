"""The page ``docs/policies.md``, made from the rules themselves."""

from policies.rules import RULES

_HEAD = """\
# Policies

<!-- Made by `estate policies --format markdown > docs/policies.md`, which a test compares with it. -->

The rules of the policy pack. All are mandatory: a violation stops `pulumi preview` and `pulumi up`. The
program judges its documents by the same rules, in the same words, before it registers its first resource,
so that a `pulumi up` without `--policy-pack policies` is stopped as well; `estate check ENV` says so
offline. What documents say of clusters, zones and volumes, `estate check` finds under names of its own.

The pack judges the resources of any program, also of one that does not use this project's components. A
server is restricted if its workload component, its metadata `estate_restriction` or the catalogue's register
says so. What the pack cannot know, because a value is unknown at preview or an image is neither in the stack
nor in the catalogue, it refuses.

Rules with the scope *stack* compare resources with each other. They are judged at preview, before
anything is created. `pulumi up --skip-preview` judges before creation only what one resource tells by
itself. That is enough for this project's components, whose props repeat the facts; and for a server written
by hand of which the catalogue has the image or the flavor that is wrong, or that names a host or a zone that
is.

## Which image and which flavor

The pack judges what the provider sends to Nova: an id before a name, and of `block_devices` the boot device;
with an image on a local disk among them the provider sends the server's own `image_id`. A value that is
known is judged by itself, whatever it was made of: an id must be that of a resource of the stack or a key of
the catalogue, a name that of a resource in the same cloud or a key of the catalogue. A value that is not
known yet is taken for the id of the one image or flavor of the stack that it depends on; where it depends on
more, or is a name that its resource knows already, it is refused.

What stays open at preview: to the engine the unknown id of a new image and what a program makes of it
(`image.id.apply(lambda _: other_id)`) are one and the same. In `up` the value is known: one that the
catalogue has is then judged before Nova is asked, any other at the end of the update, which fails;
`estate landing` names the server. Where a server gives no id, the provider takes `OS_IMAGE_ID` and
`OS_FLAVOR_ID` before a name, and `OS_IMAGE_NAME` and `OS_FLAVOR_NAME` where it names nothing: the engine
starts the pack in the same environment, and the pack judges what stands there. So let `up` run in the
environment of its preview.

Of a restricted server's volumes the pack judges the types. One that the server or the volume names must be in
the stack or in the catalogue; that of a volume which is known by its id alone, or which leaves its type to
the cloud, it cannot see. A server whose name is known only during the update is judged as one that the
register may have.

What a workload component says of image and flavor counts for the servers that it lists as its own, and only
where id or name are neither in the stack nor in the catalogue. A program that registers such a component by
hand, with facts that are not so, is believed until `estate landing` looks.

## What `up` stops

What `up` alone cannot stop: a server written by hand whose image or flavor is a resource of the same stack,
or one that nobody described. Nova is asked for it, and the stack is judged at the end of the update, which
then fails. What holds until then is the scheduler, and afterwards `estate landing` names the server. So let
such programs be previewed with the pack first. [adversarial.md](adversarial.md) shows, for many ways around
the guarantee, which layer stops them.

## Configuration

`--policy-pack-config FILE` takes a JSON object, rule → level (`advisory`, `mandatory`, `disabled`) or
configuration, as for every pack. A rule may be switched to advisory so; the program's own judgement of its
documents stays. The rule `image-and-flavor-known` takes the catalogue: what the pack is told of images,
flavors, volume types (by id or name), zones and hosts outside of the stack, of servers that the register
restricts, and of exemptions. `estate policies config ENV` writes it; `--ids` adds the ids that the cloud
gave.

```json
{
  "image-and-flavor-known": {
    "images": {
      "0f2b6c3e-…": {
        "diskFormat": "vmdk",
        "properties": {"hypervisor_type": "vmware", "trait:CUSTOM_HV_VMWARE": "required"}
      }
    },
    "flavors": {"esxi-medium": {"extraSpecs": {"trait:CUSTOM_HV_VMWARE": "required"}}},
    "volumeTypes": {"standard-esxi": "esxi"},
    "zones": {"az-kvm": "kvm", "az-esxi": "esxi"},
    "hosts": {"kvm01.example": "kvm", "nova-esx-a": "esxi"},
    "restricted": {"ledger-db": "vendor-support"}
  }
}
```

A configuration that does not fit its schema stops the engine, and so does a rule that crashes, a part of the
catalogue that there is not, a key of a rule that takes none, and a rule that there is not. Only a misspelt
rule without a level the engine refuses itself, before it asks the pack, as `invalid enforcement level ""`:
look for a name that `estate policies` does not list. A disabled
`image-and-flavor-known` has no catalogue: the other rules then refuse what they cannot know.

## Exemptions

A block of kind `exemptions` says that a rule does not hold for one block, who answers for it, why, by which
ticket, and until when. `estate check` finds those that have expired or that nothing needs, and refuses one
for a rule that does not exist; `esxi-restricted-on-esxi` has none. `estate preview` and `up` hand them to the
pack; with a `pulumi` of your own, `estate policies config ENV` writes them. Whether a block that was taken
over from a cloud still breaks a rule is seen in the cloud only: there the pack says at preview (advisory)
that an exemption can be removed, and so it does for programs without the estate's components.

## Rules

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
