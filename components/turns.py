"""Members of a server group that Nova must place one after the other, and before others."""

import pulumi

from estate.model import ServerGroup
from estate.model.server_groups import Policy


class Turns:
    """For whom the next member of a group has to wait.

    Nova schedules servers that boot at the same time without knowing of each other. The host then looks at
    a hard policy again and sends a server that breaks it to the next of the hosts chosen before, twice at
    most (nova/compute/manager.py ``_validate_instance_group_policy``, nova/scheduler/utils.py
    ``populate_retry``); for affinity those are as wrong as the first, and the server ends in ERROR. So the
    host of the first member is known before the others boot, and with anti-affinity that of each before
    the next. Soft policies refuse nothing.

    Under affinity there is one host that can take the second member, and where hundreds boot it is full by
    the time that the first is there. So the other servers of the aggregate wait for those who follow it.
    """

    def __init__(self, group: ServerGroup) -> None:
        self._policy = group.policy
        self._before: list[pulumi.Resource] = []
        self.following: list[pulumi.Resource] = []
        """Members that must find room on the host of the first."""

    @property
    def before(self) -> tuple[pulumi.Resource, ...]:
        """Servers that must be there first."""
        return tuple(self._before)

    def took(self, server: pulumi.Resource) -> None:
        """A member that has been registered."""
        if self._policy is Policy.AFFINITY and self._before:
            self.following.append(server)
        if self._policy is Policy.ANTI_AFFINITY or (self._policy is Policy.AFFINITY and not self._before):
            self._before = [server]
