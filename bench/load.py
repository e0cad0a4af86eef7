"""Load on a server by `clew bench ingest`, and what it cost the server."""
import dataclasses
import json
import subprocess
import sys

import server as servers


@dataclasses.dataclass(frozen=True)
class Load:
    acknowledged: int
    wall_seconds: float
    generator_seconds: float  # CPU of the generator itself
    server_seconds: float     # CPU of the server until the last acknowledgement
    spans_per_second: float
    ack_ms_p50: float
    ack_ms_p99: float
    bytes_per_span: float
    floor_bytes: float

    @property
    def server_us(self):
        return self.server_seconds * 1e6 / self.acknowledged


def command(server, spans, scheme="http", connections=4, batch=512, options=()):
    return [servers.CLEW, "bench", "ingest", "--url", server.url(scheme), "--spans", spans, "--connections", connections,
            "--batch", batch, "-o", "json", *options]


def send(server, spans, **how):
    """Sends so many spans, as fast as they are taken unless `options` say a --rate."""
    before = server.cpu_seconds()
    printed = servers.run(*command(server, spans, **how))[0]
    if printed["spans_rejected"] or "failure" in printed:
        sys.exit(f"the load was not taken whole: {printed}")
    return Load(printed["spans_acknowledged"], printed["wall_seconds"], printed["cpu_seconds"],
                server.cpu_seconds() - before, printed["spans_per_second"], printed["ack_ms_p50"], printed["ack_ms_p99"],
                printed["bytes_per_span"], printed.get("floor_bytes_per_span", 0))


class Background:
    """A context manager: a load that goes on beside what is measured, and ends with it."""

    def __init__(self, server, spans, **how):
        self._command = [str(word) for word in command(server, spans, **how)]

    def __enter__(self):
        self.process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return self

    def __exit__(self, *_):
        if self.running():
            self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def running(self):
        return self.process.poll() is None

    def finished(self):
        """What it printed, once it is through."""
        return json.loads(self.process.stdout.read())
