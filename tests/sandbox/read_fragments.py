"""Run by the Python of the OpenStack services: their own code reads rendered files.

``read_fragments.py SERVICE FILE…`` prints JSON: file → ``section/key`` → the effective value, ``null`` for an
option that the service does not know; for provider.yaml its traits; for property protections who may do what.
"""

# ruff: noqa: ANN001, ANN202, PLC0415 - runs where nothing is typed; each service is imported for its files only
# mypy: ignore-errors

import configparser
import json
import sys
from pathlib import Path


def _keys(path):
    parser = configparser.RawConfigParser(strict=False, default_section="")
    parser.optionxform = str
    parser.read(path)
    return [(section, key) for section in parser.sections() for key in parser[section]]


def _effective(conf, path):
    from oslo_config import cfg

    found = {}
    for section, key in _keys(path):
        try:
            found[f"{section}/{key}"] = conf[key] if section == "DEFAULT" else conf[section][key]
        except cfg.NoSuchOptError:
            found[f"{section}/{key}"] = None
    return found


def nova(path):
    """nova.conf by nova.conf; provider.yaml by the code that nova-compute reads it with; policy rules."""
    if "policy.d" in path:
        from nova import policies

        return _rules(path, policies)
    if path.endswith(".yaml"):
        from nova.compute import provider_config

        configs = provider_config.get_provider_configs(str(Path(path).parent))
        return {name: sorted(one["traits"]["additional"]) for name, one in configs.items()}
    import nova.conf

    nova.conf.CONF([], project="nova", default_config_files=[path])
    return _effective(nova.conf.CONF, path)


def cinder(path):
    """A stanza by the options of Cinder's drivers, as Cinder registers them; its policy rules."""
    if path.endswith(".yaml"):
        from cinder import policies

        return _rules(path, policies)
    from cinder import objects

    objects.register_all()
    from cinder.common import config  # noqa: F401 - registers
    from cinder.volume import configuration, driver, manager
    from cinder.volume.drivers.vmware import vmdk
    from oslo_config import cfg

    cfg.CONF([], project="cinder", default_config_files=[path])
    for section, _ in _keys(path):
        if section != "DEFAULT":
            options = [*manager.volume_backend_opts, *driver.volume_opts, *vmdk.vmdk_opts]
            configuration.Configuration(options, config_group=section)
    return _effective(cfg.CONF, path)


def _rules(path, policies):
    """Rule → its check as the service's enforcer holds it, ``null`` for a rule that it does not have."""
    from oslo_policy import policy

    known = {rule.name for rule in policies.list_rules()}
    written = policy.Rules.load(Path(path).read_text(), "default")
    return {name: str(check) if name in known else None for name, check in written.items()}


def glance(path):
    """glance-api.conf, or the rules: property → operation → roles out of admin, member, reader."""
    from glance.common import config, property_utils  # noqa: F401 - registers
    from oslo_config import cfg

    if not path.endswith("property-protections.conf"):
        cfg.CONF([], project="glance", default_config_files=[path])
        return _effective(cfg.CONF, path)
    cfg.CONF([], project="glance", default_config_files=[])
    cfg.CONF.set_override("property_protection_file", path)
    cfg.CONF.set_override("property_protection_rule_format", "roles")
    from glance.context import RequestContext

    rules = property_utils.PropertyRules(policy_enforcer=object())
    names = ["hypervisor_type", "img_hv_type", "trait:CUSTOM_HV_VMWARE", "vmware_disktype", "os_version"]
    return {
        name: {
            operation: [
                role
                for role in ("admin", "member", "reader")
                if rules.check_property_rules(name, operation, RequestContext(roles=[role]))
            ]
            for operation in ("create", "read", "update", "delete")
        }
        for name in names
    }


def neutron(path):
    """neutron.conf as the server registers its options; those of a plugin outside its tree are unknown."""
    from neutron.common import config
    from oslo_config import cfg

    config.register_common_config_options()
    cfg.CONF([], project="neutron", default_config_files=[path])
    return _effective(cfg.CONF, path)


if __name__ == "__main__":
    service, *files = sys.argv[1:]
    reader = {"nova": nova, "cinder": cinder, "glance": glance, "neutron": neutron}[service]
    print(json.dumps({file: reader(file) for file in files}))
