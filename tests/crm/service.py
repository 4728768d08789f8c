"""A service on 127.0.0.1 for tests: answers as its subclass says, and fails as a plan says."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a service says: a status, headers, and JSON (or text as it is)."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        return text.encode()


class Cut:
    """Break the connection in the middle of the page."""


class Vanish:
    """Break the connection before anything is done."""


@dataclass(frozen=True)
class Done:
    """Do what was asked, and then say something else."""

    answer: Answer


@dataclass(frozen=True)
class Slow:
    """Answer rightly, but only after so many seconds."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a client asked."""

    method: str
    path: str
    query: dict[str, str]
    body: str
    headers: dict[str, str]


class Server(ThreadingHTTPServer):
    """Says nothing where a client was killed or gave up: tests do that on purpose."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Service:
    """Runs in threads of its own; ``plan`` says what befalls the n-th request (from 1).

    ``next_write`` befalls the next request that writes (see ``writes``), once.
    """

    def __init__(self) -> None:
        self.plan: dict[int, Any] = {}
        self.next_write: Any = None
        self.requests: list[Request] = []
        self.after_request: dict[int, Any] = {}
        self._lock = threading.Lock()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else each answer waits for an acknowledgement

            def do_GET(self) -> None:
                service._handle(self)

            def do_POST(self) -> None:
                service._handle(self)

            def do_PATCH(self) -> None:
                service._handle(self)

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fail(self, *, every: int, fault: Any, upto: int = 400) -> None:
        """Let every n-th request fail alike."""
        self.plan |= dict.fromkeys(range(every, upto, every), fault)

    def respond(self, request: Request) -> Answer:
        raise NotImplementedError

    def writes(self, _request: Request) -> bool:
        """Say whether a request would change something."""
        return False

    def _fault(self, request: Request) -> Any:
        fault = self.plan.get(len(self.requests))
        if fault is None and self.next_write is not None and self.writes(request):
            fault, self.next_write = self.next_write, None
        return fault

    def _answer(self, request: Request, fault: Any) -> Answer:
        if isinstance(fault, Answer):
            return fault
        if isinstance(fault, Vanish):
            return Answer(body="")
        answer = self.respond(request)
        return fault.answer if isinstance(fault, Done) else answer

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length") or 0)
        request = Request(
            method=handler.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            body=handler.rfile.read(length).decode(),
            headers=dict(handler.headers.items()),
        )
        with self._lock:
            self.requests.append(request)
            number = len(self.requests)
            fault = self._fault(request)
            answer = self._answer(request, fault)
            if number in self.after_request:
                self.after_request[number](self)
        if isinstance(fault, Slow):
            time.sleep(fault.seconds)
        with suppress(OSError):  # a client may have given up
            if isinstance(fault, Vanish):
                handler.close_connection = True
                handler.connection.shutdown(socket.SHUT_RDWR)
                return
            self._send(handler, answer, whole=not isinstance(fault, Cut))

    def _send(self, handler: BaseHTTPRequestHandler, answer: Answer, *, whole: bool) -> None:
        content = answer.content
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content if whole else content[: len(content) // 2])
        handler.wfile.flush()
        if not whole:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
