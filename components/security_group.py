"""Security groups: what may reach a server."""

from collections.abc import Mapping

import pulumi
import pulumi_openstack as openstack

from components.component import Component, Ref, formerly
from estate.model import SecurityGroup as Model
from estate.model import SecurityGroupRule
from estate.model.security_groups import Protocol


class SecurityGroup(Component):
    """An empty group. Its rules come with ``allow``, once every group that a rule may name exists."""

    def __init__(self, group: Model, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(group.name, {"rules": [_say(rule) for rule in group.rules]}, opts, was=group.was)
        self._group = group
        self.was = group.was
        resource = openstack.networking.SecGroup(
            group.name,
            name=group.name,
            description=group.description or "",
            stateful=None if group.stateful else False,
            # What no rule allows is refused: Neutron would add rules that let everything out.
            delete_default_rules=True,
            opts=self.child(),
        )
        self.id = resource.id
        self.done(id=self.id)

    def allow(self, groups: Mapping[str, "SecurityGroup"]) -> None:
        """Add the rules, each named after what it says, so that a change of one touches no other."""
        for rule in self._group.rules:
            for version in rule.ip_versions:
                first, last = rule.port_range or (None, None)
                openstack.networking.SecGroupRule(
                    f"{self._group.name}/{_say(rule)}/ipv{version}",
                    security_group_id=self.id,
                    description=rule.description,
                    direction=rule.direction.value,
                    ethertype=f"IPv{version}",
                    protocol=_protocol(rule.protocol, version),
                    port_range_min=first,
                    port_range_max=last,
                    remote_ip_prefix=str(rule.remote) if rule.remote else None,
                    remote_group_id=groups[rule.group].id if rule.group else None,
                    opts=self.child(
                        delete_before_replace=True,  # Neutron allows a rule once
                        was=formerly(f"{self._group.name}/", _said_before(rule, groups), f"/ipv{version}"),
                    ),
                )

    def share(self, projects: Mapping[str, Ref]) -> None:
        """Let members of these projects put it on their ports."""
        for project, ref in projects.items():
            openstack.networking.RbacPolicyV2(
                f"{self._group.name}/shared/{project}",
                action="access_as_shared",
                object_type="security_group",
                object_id=self.id,
                target_tenant=ref.id,
                opts=self.child(
                    delete_before_replace=True,  # Neutron allows one per project
                    was=formerly(f"{self._group.name}/shared/", ref.was),
                ),
            )


def _say(rule: SecurityGroupRule, group: str | None = None) -> str:
    """``ingress-tcp-443-any``: all that the rule says; ``group`` in place of the group that it names."""
    remote = group or rule.group or (str(rule.remote) if rule.remote else "any")
    return "-".join([rule.direction.value, rule.protocol.value, rule.ports or "all", remote])


def _said_before(rule: SecurityGroupRule, groups: Mapping[str, SecurityGroup]) -> str | None:
    """The same with the earlier name of the group that it names, if that was renamed."""
    was = groups[rule.group].was if rule.group else None
    return _say(rule, was) if was else None


def _protocol(protocol: Protocol, version: int) -> str | None:
    if protocol is Protocol.ANY:
        return None
    if protocol is Protocol.ICMP and version == 6:
        return "ipv6-icmp"
    return protocol.value
