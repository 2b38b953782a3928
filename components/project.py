"""A Keystone project."""

import pulumi
import pulumi_openstack as openstack

from components.component import Component
from estate.model import Project as Model


class Project(Component):
    """A project in the domain of the login; ``id`` is its Keystone id."""

    def __init__(self, project: Model, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(project.name, {}, opts)
        resource = openstack.identity.Project(
            project.name, name=project.name, description=project.description or "", opts=self.child()
        )
        self.id = resource.id
        self.done(id=self.id)
