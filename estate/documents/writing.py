"""An estate → a document that says the same."""

from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.comments import TaggedScalar

from estate.model import Estate
from estate.model.secrets import TAG
from estate.model.words import AS_WRITTEN


def written(estate: Estate) -> str:
    """One document with everything in it, defaults too; reading it again gives the same estate."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 110
    text = StringIO()
    yaml.dump(_as_document(estate.model_dump(mode="json", context=AS_WRITTEN)), text)
    return text.getvalue()


def _as_document(value: object) -> object:
    """References to secrets as tags; without empty lists: a list in a document names at least one."""
    if isinstance(value, dict):
        if list(value) == [TAG]:
            return TaggedScalar(value[TAG], style=None, tag=TAG)
        return {key: _as_document(inner) for key, inner in value.items() if inner != []}
    if isinstance(value, list):
        return [_as_document(inner) for inner in value]
    return value
