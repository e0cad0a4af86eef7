#!/usr/bin/env python3
"""Far more than can be taken, with idle connections beside: memory stays under its limit, what was acknowledged is there,
everybody else was told to retry, and the server answers questions meanwhile and goes on afterwards.

    overload_test.py                 a short storm, and the limits of connections and open files (./dev test)
    overload_test.py --minutes 10    storms of a minute with ten times as many connections, while they fit (./dev soak)
"""
import argparse
import dataclasses
import http.client
import json
import os
import pathlib
import re
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

import impatient_sender
from idle_connections import IdleConnections, raise_open_files
from server import CLEW, Server, clew

SENDER = [sys.executable, impatient_sender.__file__]
MIB = 1 << 20
# The connections stay as they are for as long as a storm lasts.
PATIENT = [word for name in ("header", "body", "idle", "request") for word in ("--set", f"net.{name}_timeout=10m")]
PATHS = ("/ready", "/metrics", "/api/search/tags", "/api/search?limit=20&q=" + urllib.parse.quote("{ name = `step 7` }"))
SLOW_PATH = "/api/search?limit=20&q=" + urllib.parse.quote("{ .`key.1` =~ `.*no such.*` } >> { .`key.2` =~ `.*value.*` }")


@dataclasses.dataclass(frozen=True)
class Size:
    seconds: float
    senders: int      # connections that do not wait, with four requests under way on each
    patient: int      # connections of clew bench ingest, half of them gRPC, which wait as they are told
    idle: int
    memory_mib: int


SHORT = Size(seconds=5, senders=80, patient=20, idle=1000, memory_mib=96)
LONG = Size(seconds=60, senders=160, patient=40, idle=10_000, memory_mib=256)


class Watch(threading.Thread):
    """Does something again and again until the storm is over."""

    def __init__(self, step, pause_seconds):
        super().__init__(daemon=True)
        self.step, self.pause_seconds = step, pause_seconds
        self.ended = threading.Event()
        self.times, self.wrong = 0, []

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()

    def run(self):
        while not self.ended.wait(self.pause_seconds):
            try:
                wrong = self.step()
            except OSError as error:
                wrong = str(error)
            self.times += 1
            if wrong:
                self.wrong.append(wrong)


def status_bytes(server, name):
    text = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M).group(1)) * 1024


def metric(server, *words):
    _, body = server.get("/metrics", accept="text/plain")
    return sum(float(line.rsplit(" ", 1)[1]) for line in body.decode().splitlines() if all(word in line for word in words)
               and not line.startswith("#"))


class Storm:
    """One server under one storm; what is not as it must be is in `wrong`."""

    def __init__(self, size, folder):
        self.size, self.folder = size, pathlib.Path(folder)
        self.server = Server(self.folder / "data", "--set", f"memory.limit={size.memory_mib}MiB",
                             "--set", "limits.request_bytes=1MiB", *PATIENT)
        self.most_bytes = 0
        self.slowest_seconds = {}
        self.answers = {}
        self.wrong = []

    def look_at_memory(self):
        self.most_bytes = max(self.most_bytes, status_bytes(self.server, "RssAnon"))

    def asks(self, paths):
        def ask():
            for path in paths:
                begun = time.monotonic()
                status, body = self.server.get(path, timeout=60)
                seconds = time.monotonic() - begun
                self.slowest_seconds[path] = max(self.slowest_seconds.get(path, 0), seconds)
                if status != 200:
                    return f"GET {path}: {status} {body[:200]}"
            return None
        return ask

    def start_senders(self):
        size, seconds = self.size, str(self.size.seconds)
        programs = {"http": [*SENDER, self.server.endpoints["otlp_http"], "--connections", str(size.senders), "--seconds",
                             seconds]}
        for scheme, url in (("grpc", self.server.otlp_grpc), ("http", self.server.otlp_http)):
            programs[f"patient {scheme}"] = [CLEW, "bench", "ingest", "--url", url, "--spans", "1000000000", "--batch", "200",
                                             "--connections", str(size.patient // 2), "-o", "json"]
        return {name: subprocess.Popen([*words, "--acked", str(self.acked(name))], stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True) for name, words in programs.items()}

    def acked(self, name):
        return self.folder / name.replace(" ", "-")

    def run(self):
        with self.server, IdleConnections(self.server.endpoints["otlp_http"], self.size.idle) as idle:
            self.idle_bytes = status_bytes(self.server, "RssAnon")
            with Watch(self.look_at_memory, 0.02) as memory, Watch(self.asks(PATHS), 0.02) as asking, \
                    Watch(self.asks([SLOW_PATH]), 0.02) as slow:
                self.storm()
            for watch in (memory, asking, slow):
                self.wrong += watch.wrong
                assert watch.times > 0
            self.check_after(idle)
        return self

    def storm(self):
        senders = self.start_senders()
        printed, _ = senders["http"].communicate(timeout=self.size.seconds + 120)
        self.answers = json.loads(printed)
        self.wrong += self.answers["wrong_answers"]
        for name in ("patient grpc", "patient http"):
            # It goes on until it is ended, or was answered what it does not understand.
            if senders[name].poll() is not None:
                self.wrong.append(f"{name}: {senders[name].communicate()[0]}")
            senders[name].kill()
            senders[name].communicate()

    def check_after(self, idle):
        if self.most_bytes > self.size.memory_mib * MIB:
            self.wrong.append(f"RssAnon was {self.most_bytes / MIB:.0f} MiB of {self.size.memory_mib} MiB")
        if ended := idle.ended():
            self.wrong.append(f"{ended} idle connections were given up")
        for name in ("http", "patient grpc", "patient http"):
            done = clew("bench", "verify", "--url", self.server.tempo, "--acked", self.acked(name), "-o", "json", timeout=300)
            if done.returncode != 0:
                self.wrong.append(f"{name}: {done.stdout}{done.stderr}")
        if not self.takes_again():
            self.wrong.append("a minute after the storm nothing is taken")
        if self.wrong:
            print(self.server.log()[-5000:])

    def takes_again(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            done = clew("bench", "ingest", "--url", self.server.otlp_http, "--spans", "2000", "--connections", "1", "-o",
                        "json")
            if done.returncode == 0:
                return True
        return False

    def text(self):
        slowest = ", ".join(f"{path.split('?')[0]} {1000 * s:.0f} ms" for path, s in self.slowest_seconds.items())
        counts = {key: value for key, value in self.answers.items() if isinstance(value, int)}
        return (f"RssAnon {self.idle_bytes / MIB:.0f} MiB with the idle ones, at most {self.most_bytes / MIB:.0f} of "
                f"{self.size.memory_mib} MiB; {counts}; the slowest answers: {slowest}")


class OverloadTest(unittest.TestCase):
    def test_storm(self):
        with tempfile.TemporaryDirectory(prefix="clew-overload-") as folder:
            storm = Storm(SHORT, folder).run()
        print(storm.text())
        self.assertEqual(storm.wrong, [])
        self.assertGreater(storm.answers["acknowledged"], 0)
        self.assertGreater(storm.answers["told to retry"], 0)


class LimitedServer(Server):
    """Started with `ulimit -n`: so many open files now, and so many when it asks for more."""

    def __init__(self, now, most):
        super().__init__()
        self.limits = f"ulimit -Sn {now} && ulimit -Hn {most}"

    def command(self):
        return ["/bin/sh", "-c", f'{self.limits} && exec "$@"', "sh", *super().command()]


def is_ended(connection):
    connection.settimeout(30)
    try:
        return connection.recv(1000) == b""
    except ConnectionResetError:
        return True


class OpenFilesTest(unittest.TestCase):
    def test_connections_beyond_the_limit(self):
        """Three quarters of the files that there may be; a further connection is closed at once and counted."""
        with LimitedServer(100, 200) as server:
            host, port = server.endpoints["otlp_http"].split(":")
            with IdleConnections(server.endpoints["otlp_http"], 150, kinds=("kept_alive",)) as idle:
                for _ in range(20):
                    with socket.create_connection((host, int(port)), timeout=30) as further:
                        self.assertTrue(is_ended(further))
                self.assertEqual(idle.ended(), 0)
            self.assertGreaterEqual(self.when_asked(server, lambda: metric(server, 'limit="connections"')), 20)

    def when_asked(self, server, ask):
        """The server sees one by one that connections ended: until then it closes those that come."""
        end = time.monotonic() + 30
        while True:
            try:
                return ask()
            except OSError:
                if time.monotonic() > end:
                    raise

    def test_no_open_files_left(self):
        """Those who come wait, nothing spins, and they are served when there are files again."""
        with Server() as server:
            asking = http.client.HTTPConnection(server.endpoints["tempo"], timeout=30)
            self.addCleanup(asking.close)

            def refused():
                asking.request("GET", "/metrics")
                text = asking.getresponse().read().decode()
                return float(re.search(r'^clew_net_limit_total{limit="open_files"} (\S+)$', text, re.M).group(1))

            self.assertEqual(refused(), 0)
            process = server.process.pid
            before = resource.prlimit(process, resource.RLIMIT_NOFILE)
            most = max(int(name) for name in os.listdir(f"/proc/{process}/fd")) + 1
            resource.prlimit(process, resource.RLIMIT_NOFILE, (most, before[1]))
            begun = time.monotonic()
            waiting = [http.client.HTTPConnection(server.endpoints["otlp_http"], timeout=30) for _ in range(10)]
            for connection in waiting:
                self.addCleanup(connection.close)
                connection.request("GET", "/ready")
            while (count := refused()) < 3 and time.monotonic() < begun + 30:
                time.sleep(0.01)
            self.assertGreaterEqual(count, 3)
            self.assertLessEqual(count, 2 + (time.monotonic() - begun) / 0.1, "it tries ten times a second")
            resource.prlimit(process, resource.RLIMIT_NOFILE, before)
            self.assertEqual([connection.getresponse().status for connection in waiting], [200] * len(waiting))


def soak(minutes):
    end = time.monotonic() + minutes * 60
    while True:
        with tempfile.TemporaryDirectory(prefix="clew-overload-") as folder:
            storm = Storm(LONG, folder).run()
        print(storm.text(), flush=True)
        if storm.wrong:
            print("\n".join(storm.wrong[:20]))
            return 1
        if time.monotonic() > end:
            return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float)
    options, others = parser.parse_known_args()
    raise_open_files()
    if options.minutes is not None:
        return soak(options.minutes)
    return unittest.main(argv=[sys.argv[0], *others], verbosity=2)


if __name__ == "__main__":
    sys.exit(main())
