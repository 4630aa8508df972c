"""A server of the report's folder for whoever sits at another machine: this one answers itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_LOOPBACK = "127.0.0.1"


class ServingError(Exception):
    """A server that cannot begin, in one sentence."""


def serve(folder: Path, port: int, say: Callable[[str], object]) -> None:
    """Serve a folder on the loopback address until Ctrl-C.

    Args:
        folder: of the report.
        port: to listen at; 0 for any that is free.
        say: takes the address, once it answers.

    Raises:
        ServingError: the port is taken, or may not be used.
    """
    try:
        server = _Server((_LOOPBACK, port), partial(_Handler, directory=str(folder)))
    except (OSError, OverflowError) as problem:
        why = getattr(problem, "strerror", None) or "there is no such port"
        raise ServingError(
            f"port {port} cannot be used: {why}; name another with --port, or none for any free one"
        ) from problem
    with server:
        say(f"http://{_LOOPBACK}:{server.server_address[1]}/")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that closes a connection early is no news."""


class _Handler(SimpleHTTPRequestHandler):
    def send_head(self) -> Any:
        """Answer those alone who asked this machine by its own name: a page of another site that
        found a way to this address is refused.
        """
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        if host not in {_LOOPBACK, "localhost"}:
            self.send_error(403, "this server answers to 127.0.0.1 and localhost only")
            return None
        return super().send_head()

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of every page."""
