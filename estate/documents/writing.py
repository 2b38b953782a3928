"""An estate → a document that says the same."""

from io import StringIO

from ruamel.yaml import YAML

from estate.model import Estate
from estate.model.words import AS_WRITTEN


def written(estate: Estate) -> str:
    """One document with everything in it, defaults too; reading it again gives the same estate."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 110
    text = StringIO()
    yaml.dump(_without_empty_lists(estate.model_dump(mode="json", context=AS_WRITTEN)), text)
    return text.getvalue()


def _without_empty_lists(value: object) -> object:
    """What has none of something is written without the key: a list in a document names at least one."""
    if isinstance(value, dict):
        return {key: _without_empty_lists(inner) for key, inner in value.items() if inner != []}
    if isinstance(value, list):
        return [_without_empty_lists(inner) for inner in value]
    return value
