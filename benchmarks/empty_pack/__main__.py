"""A policy pack without rules, by Pulumi's own SDK of the protocol: what the engine takes to ask any pack.

It asks twice for every resource, one after the other (pkg/resource/deploy/step_generator.go: first to remedy,
then to analyze), whatever the pack's rules look at.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2


class Nothing(analyzer_pb2_grpc.AnalyzerServicer):
    """Answers every question of the engine with nothing."""

    def GetAnalyzerInfo(self, _request: Any, _context: Any) -> Any:  # noqa: ANN401, D102, N802
        return analyzer_pb2.AnalyzerInfo(name="empty")

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:  # noqa: ANN401, D102, N802
        return plugin_pb2.PluginInfo()

    def ConfigureStack(self, _request: Any, _context: Any) -> Any:  # noqa: ANN401, D102, N802
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Configure(self, _request: Any, _context: Any) -> Any:  # noqa: ANN401, D102, N802
        return empty_pb2.Empty()

    def Remediate(self, _request: Any, _context: Any) -> Any:  # noqa: ANN401, D102, N802
        return analyzer_pb2.RemediateResponse()

    def Analyze(self, _request: Any, _context: Any) -> Any:  # noqa: ANN401, D102, N802
        return analyzer_pb2.AnalyzeResponse()

    def AnalyzeStack(self, _request: Any, _context: Any) -> Any:  # noqa: ANN401, D102, N802
        return analyzer_pb2.AnalyzeResponse()


server = grpc.server(
    ThreadPoolExecutor(max_workers=1), options=[("grpc.max_receive_message_length", 400 * 1024 * 1024)]
)
analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Nothing(), server)
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
server.wait_for_termination()
