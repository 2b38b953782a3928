"""Which properties the providers take: by the Python SDK, and by the plugins of the build way.

A program that is to run on every way of the toolchain sends only what both know. For OpenStack the two
agree; the vSphere provider of the build way is older than the SDK.
"""

import ast
import importlib.util
import json
import subprocess
from functools import cache
from pathlib import Path

from toolchain.errors import ToolchainError
from toolchain.golang import build_all
from toolchain.progress import Progress

Properties = dict[str, frozenset[str]]
"""Token, as ``openstack:compute/aggregateV2:AggregateV2``, to the names of its input properties."""


@cache
def plugin_inputs(provider: str) -> Properties:
    """Resources and functions of the build way's plugin (``openstack`` or ``vsphere``), built if need be."""
    from toolchain.engine import install, programs  # noqa: PLC0415 (a schema is seldom needed)

    progress = Progress()
    (plugin,) = build_all([programs()[provider]], progress)
    toolchain = install(progress)
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
    for file in sorted(Path(spec.origin).parent.rglob("*.py")):
        inputs |= _resource(file) | _functions(file)
    return inputs


def _resource(file: Path) -> Properties:
    """The resource of a generated module: its token, and what its ``…Args`` class has getters for."""
    classes = {node.name: node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef)}
    return {
        token: frozenset(_getters(classes[f"{name}Args"]))
        for name, node in classes.items()
        for token in _type_tokens(node)
        if f"{name}Args" in classes
    }


def _type_tokens(node: ast.ClassDef) -> list[str]:
    calls = [d for d in node.decorator_list if isinstance(d, ast.Call)]
    return [ast.literal_eval(call.args[0]) for call in calls if ast.unparse(call.func) == "pulumi.type_token"]


def _getters(node: ast.ClassDef) -> list[str]:
    """Pulumi names: ``@pulumi.getter(name="allocationPools")``, or the method's own name without it."""
    names = []
    for method in node.body:
        if not isinstance(method, ast.FunctionDef):
            continue
        for decorator in method.decorator_list:
            if ast.unparse(decorator) == "pulumi.getter":
                names.append(method.name)
            elif isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pulumi.getter":
                names.append(ast.literal_eval(decorator.keywords[0].value))
    return names


def _functions(file: Path) -> Properties:
    """The functions of a generated module: the token that it invokes, and the keys of ``__args__``."""
    found: Properties = {}
    for node in ast.parse(file.read_text()).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        keys: list[str] = []
        for part in ast.walk(node):
            if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]).startswith("__args__["):
                target = part.targets[0]
                assert isinstance(target, ast.Subscript)
                keys.append(ast.literal_eval(target.slice))
            elif isinstance(part, ast.Call) and ast.unparse(part.func) == "pulumi.runtime.invoke":
                found[ast.literal_eval(part.args[0])] = frozenset(keys)
    return found
