"""Servers on the loopback that take notices: a webhook, and a mail server that speaks as much SMTP as is needed."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@dataclass
class Taken:
    """What a server took, and how it answers: the codes in turn, the last one from then on."""

    port: int
    codes: list[int]
    bodies: list[Any] = field(default_factory=list)
    tries: int = 0

    def code(self) -> int:
        """Give the code of the next answer."""
        self.tries += 1
        return self.codes[min(self.tries, len(self.codes)) - 1]


@contextmanager
def webhook(*codes: int) -> Iterator[Taken]:
    """Take notices by HTTP."""
    taken = Taken(0, list(codes or (200,)))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            code = taken.code()
            if code < 300:
                taken.bodies.append(json.loads(body))
            self.send_response(code)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with _served(HTTPServer(("127.0.0.1", 0), Handler), taken) as ready:
        yield ready


@contextmanager
def mail_server(*codes: int) -> Iterator[Taken]:
    """Take letters by SMTP; the codes answer the letters themselves."""
    taken = Taken(0, list(codes or (250,)))

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                word = line.split()[0].upper() if line.split() else b""
                if word == b"DATA":
                    self._letter()
                    continue
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                if word == b"QUIT":
                    return

        def _letter(self) -> None:
            self.wfile.write(b"354 go on\r\n")
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line)
            code = taken.code()
            if code < 300:
                taken.bodies.append(b"".join(lines))
            self.wfile.write(f"{code} so be it\r\n".encode())

    with _served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler), taken) as ready:
        yield ready


@contextmanager
def _served(server: socketserver.TCPServer, taken: Taken) -> Iterator[Taken]:
    taken.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
