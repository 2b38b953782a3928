# ruff: noqa: ANN401 -- WSGI applications are untyped
# mypy: disable-error-code="import-not-found,misc"
"""One threaded HTTP server on loopback, for an API that lives inside a process with other services."""

import threading
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server


class _Quiet(WSGIRequestHandler):
    """The application logs its requests itself."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Nothing."""


def serve(application: Any, port: int) -> None:
    """Answer on 127.0.0.1:``port``, in threads that end with the process."""
    server = make_server("127.0.0.1", port, application, threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, name="wsgi", daemon=True).start()
