"""Kind ``exemptions``: violations of a rule that somebody answers for, until a day."""

from typing import Annotated

from pydantic import Field, StringConstraints

from estate.model.block import NamedBlock
from estate.model.words import BLOCK, Day, Name, Text


class Exemption(NamedBlock):
    """One rule of the policy pack does not hold for one block."""

    rule: Name = Field(description="Rule of the policy pack, see `estate policies`.")
    subject: Annotated[str, StringConstraints(pattern=BLOCK)] = Field(
        description="Kind and name of the block that breaks it, e.g. `networks/capture`."
    )
    owner: Text = Field(description="Who answers for it.")
    reason: Text = Field(description="Why the rule need not hold.")
    ticket: Text = Field(description="Where it was decided.")
    expires: Day = Field(description="The last day on which it holds, e.g. `2027-06-30`.")
