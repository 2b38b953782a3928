"""A resource plugin as the engine starts it, asked over its own protocol; it needs no login for that."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from review.registration import Registration


@contextmanager
def serving(binary: Path) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """The plugin, for as long as the body runs."""
    process = subprocess.Popen([binary, "127.0.0.1:9"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield provider_pb2_grpc.ResourceProviderStub(channel)
    finally:
        process.kill()
        process.wait()


@contextmanager
def checking(binary: Path) -> Iterator[Callable[[Registration], list[str]]]:
    """The plugin's ``Check``: what it says against a registration before anything is applied."""
    with serving(binary) as stub:

        def check(one: Registration) -> list[str]:
            request = provider_pb2.CheckRequest(
                urn=one.urn, name=one.name, type=one.type, news=struct(one.inputs), randomSeed=bytes(32)
            )
            return [f"{one.type}: {failure.reason}" for failure in stub.Check(request).failures]

        yield check


def struct(values: dict[str, Any]) -> Struct:
    """Inputs as the protocol has them."""
    made = Struct()
    made.update(values)
    return made
