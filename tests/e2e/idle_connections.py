"""Connections on which nothing happens, of every kind that a server has to put up with."""
import resource
import socket

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
EMPTY_SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
POST = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
HALF_BODY_BYTES = 1000  # … of the body, and it announces more

KINDS = {
    "silent": b"",
    "kept_alive": b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n",
    "http2": PREFACE + EMPTY_SETTINGS,
    "half_head": POST[:50],
    "half_body": POST + b"Content-Length: 1048576\r\n\r\n" + bytes(HALF_BODY_BYTES),
}
# The server speaks on these: what comes is the sign that it has seen the connection.
ANSWERED = ("kept_alive", "http2")


def raise_open_files():
    """As many as this process may have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class IdleConnections:
    """A context manager: `count` of them, evenly of all kinds."""

    def __init__(self, address, count, kinds=tuple(KINDS)):
        host, port = address.rsplit(":", 1)
        self._address = (host, int(port))
        self._kinds = [kinds[i % len(kinds)] for i in range(count)]
        self._sockets = []

    def __enter__(self):
        for kind in self._kinds:
            connection = socket.create_connection(self._address, timeout=60)
            connection.sendall(KINDS[kind])
            self._sockets.append(connection)
        for kind, connection in zip(self._kinds, self._sockets):
            if kind in ANSWERED:
                assert connection.recv(4096), f"a connection of the kind {kind} was closed"
        return self

    def __exit__(self, *_):
        for connection in self._sockets:
            connection.close()
        self._sockets = []

    def ended(self):
        """How many the server has given up."""
        ended = 0
        for connection in self._sockets:
            connection.setblocking(False)
            try:
                while received := connection.recv(4096):
                    pass
                ended += not received
            except BlockingIOError:
                pass
            except OSError:
                ended += 1
        return ended
