"""A setting that is taken away is the only thing that a sandbox's configuration then lacks."""

import pytest
from ruamel.yaml import YAML

from estate.placement.proof import Kind, Setting, settings, situation_of
from operations.withdrawal import less
from sandbox import fragments
from sandbox.from_estate import shape
from sandbox.shape import Shape
from tests.estates import sandbox

BEFORE = shape(sandbox(), "sandbox")
IN_FILES = [
    one
    for one in settings(situation_of(sandbox()))
    if one.kind
    in {
        Kind.NOVA_CONF,
        Kind.NOVA_POLICY,
        Kind.GLANCE_CONF,
        Kind.PROTECTION,
        Kind.CINDER_POLICY,
        Kind.PROVIDER,
    }
]


def read(made: Shape) -> dict[tuple[str, ...], str]:
    """Everything that a shape's files say, by file, section and key."""
    files = {
        "nova.conf": made.scheduler_conf,
        "glance-api.conf": made.glance_conf,
        "property-protections.conf": made.glance_protections,
    }
    found: dict[tuple[str, ...], str] = {
        (name, *key): value
        for name, text in files.items()
        for key, value in fragments.parse(text, name).items()
    }
    yaml = YAML(typ="safe")
    for name, text in (("cinder policy", made.cinder_policy), ("nova policy", made.nova_policy)):
        found |= {(name, key): value for key, value in (yaml.load(text) or {}).items()}
    hosts = {one.name: one for one in made.kvm_hosts} | {one.compute_host: one for one in made.clusters}
    for name, host in hosts.items():
        (provider,) = yaml.load(host.provider_yaml)["providers"]
        found |= {("provider.yaml", name, trait): "" for trait in provider["traits"]["additional"]}
    return found


@pytest.mark.parametrize("setting", IN_FILES, ids=lambda one: one.name)
def test_a_line_is_taken_out_and_nothing_else(setting: Setting) -> None:
    before, after = read(BEFORE), read(less(BEFORE, setting))
    gone = {key for key in before if before[key] != after.get(key)}
    assert after.keys() <= before.keys()
    match setting.kind:
        case Kind.PROTECTION:
            assert {key[:2] for key in gone} == {(setting.kind.value, setting.key)}
            assert {key[2] for key in gone} == {"create", "read", "update", "delete"}
        case Kind.CINDER_POLICY | Kind.NOVA_POLICY:
            assert gone == {(setting.kind.value, setting.key)}
        case _:
            assert gone == {(setting.kind.value, setting.subject, setting.key)}
            assert {after.get(key) for key in gone} == {setting.instead}
