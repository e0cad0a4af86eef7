"""A running `clew serve` for a test: its own folder, free ports, its log shown when something went wrong."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

CLEW = os.environ.get("CLEW_BINARY") or str(pathlib.Path(__file__).resolve().parents[2] / "build/test/clew")
LISTENERS = ("otlp_grpc", "otlp_http", "tempo", "ui")
START_SECONDS = 30
STOP_SECONDS = 5  # what `clew serve` promises


def clew(*args, timeout=120, stdin=None, env=None):
    """Runs a clew command to its end; the completed process with its text."""
    return subprocess.run([CLEW, *map(str, args)], capture_output=True, text=True, timeout=timeout, input=stdin,
                          env={**os.environ, **(env or {})})


def clew_ok(*args, **options):
    """The same, where anything but exit 0 is a failure; its standard output."""
    done = clew(*args, **options)
    assert done.returncode == 0, f"clew {' '.join(map(str, args))}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def http_get(address, path, accept="application/json", timeout=30):
    """(status, body) of a GET; a status that means an error is an answer too."""
    request = urllib.request.Request(f"http://{address}{path}", headers={"Accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


class Server:
    """Use as a context manager. A folder given from outside survives it, so that a server can be started again."""

    def __init__(self, data=None, *args):
        self._own = None if data else tempfile.TemporaryDirectory(prefix="clew-e2e-")
        self.data = pathlib.Path(data or self._own.name) / ("" if data else "data")
        self.args = args
        self.process = None
        self.endpoints = {}
        self._log = tempfile.TemporaryFile(mode="a+")  # appended to: reading it must not move the server

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        try:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()
        finally:
            if kind:
                print(f"--- log of clew serve ---\n{self.log()}---", file=sys.stderr)
            self._log.close()
            if self._own:
                self._own.cleanup()

    def command(self):
        ports = [word for name in LISTENERS for word in ("--set", f"listen.{name}=0")]
        return [CLEW, "serve", "--data", str(self.data), *ports, *self.args]

    def start(self):
        """Starts and waits until ready; a file of endpoints that a killed server left does not count."""
        endpoints = self.data / "endpoints.json"
        endpoints.unlink(missing_ok=True)
        self.process = subprocess.Popen(self.command(), stdout=self._log, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not endpoints.exists():
            if self.process.poll() is not None:
                raise AssertionError(f"clew serve ended with {self.process.returncode} at once:\n{self.log()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"no {endpoints} after {START_SECONDS} s:\n{self.log()}")
            time.sleep(0.005)
        self.endpoints = json.loads(endpoints.read_text())

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def terminate(self, number=signal.SIGTERM):
        """Asks it to end; (exit code, seconds it took)."""
        begin = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(timeout=STOP_SECONDS + 25), time.monotonic() - begin

    def log(self):
        self._log.seek(0)
        return self._log.read()

    def get(self, path, **options):
        return http_get(self.endpoints["tempo"], path, **options)

    def get_json(self, path):
        status, body = self.get(path)
        assert status == 200, f"GET {path}: {status} {body.decode(errors='replace')}\n{self.log()}"
        return json.loads(body)

    @property
    def log_descriptor(self):
        """To be read with pread, beside log()."""
        return self._log.fileno()

    @property
    def tempo(self):
        return "http://" + self.endpoints["tempo"]

    @property
    def otlp_http(self):
        return "http://" + self.endpoints["otlp_http"]

    @property
    def otlp_grpc(self):
        return "grpc://" + self.endpoints["otlp_grpc"]
