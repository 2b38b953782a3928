"""Nova's decision by Nova's own rules and names: pure functions over a frozen cloud and a frozen request."""

from estate.placement.nova.cloud import Aggregate, Cloud, Conf, Flavor, Host, Image, Inventory
from estate.placement.nova.decision import Decision, Rejection, decide
from estate.placement.nova.request import Operation, Request, ServerGroup, Source
from estate.placement.nova.rule import RULES, Rule, Stage

__all__ = [
    "RULES",
    "Aggregate",
    "Cloud",
    "Conf",
    "Decision",
    "Flavor",
    "Host",
    "Image",
    "Inventory",
    "Operation",
    "Rejection",
    "Request",
    "Rule",
    "ServerGroup",
    "Source",
    "Stage",
    "decide",
]
