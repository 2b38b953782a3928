"""A resource plugin as the engine starts it, asked over its own protocol; it needs no login for that."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc  # type: ignore[import-untyped]
from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.components.recording import Registration


@contextmanager
def checking(binary: Path) -> Iterator[Callable[[Registration], list[str]]]:
    """The plugin's ``Check``: what it says against a registration before anything is applied."""
    process = subprocess.Popen([binary, "127.0.0.1:9"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)

            def check(one: Registration) -> list[str]:
                news = Struct()
                news.update(one.inputs)
                request = provider_pb2.CheckRequest(
                    urn=one.urn, name=one.name, type=one.type, news=news, randomSeed=bytes(32)
                )
                return [f"{one.type}: {failure.reason}" for failure in stub.Check(request).failures]

            yield check
    finally:
        process.kill()
        process.wait()
