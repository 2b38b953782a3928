"""Which properties the providers take: by the Python SDK, and by the plugins of the build way.

A program that is to run on every way of the toolchain sends only what both know. For OpenStack the two
agree; the vSphere provider of the build way is older than the SDK.
"""

import ast
import importlib.util
import json
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path

from toolchain.errors import ToolchainError
from toolchain.golang import build_all
from toolchain.progress import Progress

Properties = dict[str, frozenset[str]]
"""Token, as ``openstack:compute/aggregateV2:AggregateV2``, to the names of its input properties.

Those of objects inside follow a dot: ``allocationPools.start``. Keys of maps (metadata) are not properties.
"""


Classes = Mapping[str, ast.ClassDef]


def build_way(provider: str) -> Path:
    """The plugin of the build way, built if need be."""
    from toolchain.engine import programs  # noqa: PLC0415 (a schema is seldom needed)

    (plugin,) = build_all([programs()[provider]], Progress())
    return plugin


@cache
def plugin_inputs(provider: str) -> Properties:
    """Resources and functions of the build way's plugin (``openstack`` or ``vsphere``), built if need be.

    Names at the top only: what is inside it says when it checks a resource, not in its schema.
    """
    from toolchain.engine import install  # noqa: PLC0415 (a schema is seldom needed)

    plugin = build_way(provider)
    toolchain = install(Progress())
    result = subprocess.run(
        [toolchain.pulumi, "package", "get-schema", plugin],
        capture_output=True,
        text=True,
        check=False,
        env=toolchain.environment(),
    )
    if result.returncode != 0:
        raise ToolchainError(f"{plugin} does not tell its schema: {result.stderr.strip()}")
    schema = json.loads(result.stdout)
    inputs = {token: frozenset(r.get("inputProperties", {})) for token, r in schema["resources"].items()}
    for token, function in schema["functions"].items():
        inputs[token] = frozenset(function.get("inputs", {}).get("properties", {}))
    return inputs


@cache
def sdk_inputs(provider: str) -> Properties:
    """Resources and functions of the installed Python package, read from its (generated) sources."""
    spec = importlib.util.find_spec(f"pulumi_{provider}")
    if spec is None or spec.origin is None:
        raise ToolchainError(f"The Python package pulumi-{provider} is not installed in this environment.")
    inputs: Properties = {}
    for _, files in groupby(sorted(Path(spec.origin).parent.rglob("*.py")), lambda file: file.parent):
        modules = {file.name: ast.parse(file.read_text()) for file in files}
        nested = _classes(modules["_inputs.py"]) if "_inputs.py" in modules else {}
        for module in modules.values():
            inputs |= _resource(module, nested) | _functions(module, nested)
    return inputs


def _classes(module: ast.Module) -> Classes:
    return {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}


def _resource(module: ast.Module, nested: Classes) -> Properties:
    """The resource of a generated module: its token, and what its ``…Args`` class has getters for."""
    classes = _classes(module)
    return {
        token: frozenset(_paths(_getters(classes[f"{name}Args"]), nested))
        for name, node in classes.items()
        for token in _type_tokens(node)
        if f"{name}Args" in classes
    }


def _paths(properties: Mapping[str, ast.expr | None], nested: Classes) -> Iterator[str]:
    """Names, and those inside, whose class a type names: ``Sequence[Input['SubnetAllocationPoolArgs']]``."""
    for name, annotation in properties.items():
        yield name
        for part in ast.walk(annotation) if annotation else ():
            # Each stands there twice, the second time as a typed dictionary (…ArgsDict).
            kind = part.value if isinstance(part, ast.Constant) else None
            if isinstance(kind, str) and kind.endswith("Args") and kind in nested:
                yield from (f"{name}.{path}" for path in _paths(_getters(nested[kind]), nested))


def _type_tokens(node: ast.ClassDef) -> list[str]:
    calls = [d for d in node.decorator_list if isinstance(d, ast.Call)]
    return [ast.literal_eval(call.args[0]) for call in calls if ast.unparse(call.func) == "pulumi.type_token"]


def _getters(node: ast.ClassDef) -> dict[str, ast.expr | None]:
    """Pulumi names, with types: ``@pulumi.getter(name="allocationPools")``, or the method's own name."""
    names: dict[str, ast.expr | None] = {}
    for method in node.body:
        if not isinstance(method, ast.FunctionDef):
            continue
        for decorator in method.decorator_list:
            if ast.unparse(decorator) == "pulumi.getter":
                names[method.name] = method.returns
            elif isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pulumi.getter":
                names[ast.literal_eval(decorator.keywords[0].value)] = method.returns
    return names


def _functions(module: ast.Module, nested: Classes) -> Properties:
    """The functions of a generated module: the token that it invokes, and the keys of ``__args__``."""
    found: Properties = {}
    for node in module.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        annotations = {argument.arg: argument.annotation for argument in node.args.args}
        keys: dict[str, ast.expr | None] = {}
        for part in ast.walk(node):
            if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]).startswith("__args__["):
                target = part.targets[0]
                assert isinstance(target, ast.Subscript)
                keys[ast.literal_eval(target.slice)] = annotations.get(ast.unparse(part.value))
            elif isinstance(part, ast.Call) and ast.unparse(part.func) == "pulumi.runtime.invoke":
                found[ast.literal_eval(part.args[0])] = frozenset(_paths(keys, nested))
    return found
