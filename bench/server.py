"""A `clew serve` under measurement: its own folder, free ports, its counters, CPU time and memory."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
CLEW = os.environ.get("CLEW_BINARY") or str(ROOT / "build/release/clew")
STAGES = os.environ.get("CLEW_BENCH_STAGES") or str(ROOT / "build/release/bench_stages")
LISTENERS = ("otlp_grpc", "otlp_http", "tempo", "ui")
# Blocks are looked after every 10 s (store/store.h): after so long without a change none will come.
SETTLED_SECONDS = 12
SETTLE_AT_MOST_SECONDS = 240
# With these a live segment is sealed at the first span that its lane gets 10 s later: ages go by receive times.
SEALS_ALL = ("store.segment_age=10s", "store.idle=0s")
NUDGE_SECONDS = 3
NUDGE_SPANS = 200


def run(*command):
    """Runs a program to its end; the JSON objects that it printed, one a line."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def time_queries(server, name, asked, repeat):
    """What `clew bench query` prints of these queries or paths, asked in turn."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{name}\t{query}\n" for query in asked)
        file.flush()
        return run(CLEW, "bench", "query", "--url", f"http://{server.endpoints['tempo']}", "--corpus", file.name,
                   "--repeat", repeat, "-o", "json")[0]


class Server:
    """A context manager. A folder given from outside survives it."""

    def __init__(self, *settings, folder=None):
        self._own = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="clew-bench-"))
        ports = [f"listen.{name}=0" for name in LISTENERS]
        self._words = [word for setting in (*ports, *settings) for word in ("--set", setting)]
        self.process = None
        self.endpoints = {}
        self._log = tempfile.TemporaryFile(mode="w+")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        if self._own:
            shutil.rmtree(self.folder)

    def start(self):
        endpoints = self.folder / "endpoints.json"
        endpoints.unlink(missing_ok=True)
        self.process = subprocess.Popen([CLEW, "serve", "--data", self.folder, *self._words],
                                        stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT)
        while not endpoints.exists():
            if self.process.poll() is not None:
                self._log.seek(0)
                sys.exit(f"clew serve ended at once:\n{self._log.read()}")
            time.sleep(0.01)
        self.endpoints = json.loads(endpoints.read_text())

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def url(self, scheme):
        return f"{scheme}://{self.endpoints['otlp_grpc' if scheme == 'grpc' else 'otlp_http']}"

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self, name="RssAnon"):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+)", text, re.M).group(1)) / 1024

    def counter(self, name, **labels):
        """The sum over all series of that name with those labels; 0 where there is none."""
        metrics = urllib.request.urlopen(f"http://{self.endpoints['tempo']}/metrics").read().decode()
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(float(line.split()[-1]) for line in metrics.splitlines()
                   if re.match(rf"{name}[{{ ]", line) and all(pair in line for pair in wanted))

    def settle(self, spans):
        """Until all these spans are in blocks and no block changes any more. Precondition: SEALS_ALL. Some spans more
        come in meanwhile."""
        begun = nudged = time.monotonic()
        seen, since = None, begun
        while True:
            now = time.monotonic()
            sealed = self.counter("clew_store_spans_sealed_total")
            state = (sealed, self.counter("clew_store_compacted_spans_total"))
            if state != seen:
                seen, since = state, now
            if sealed >= spans and now - since > SETTLED_SECONDS:
                return
            if sealed < spans and now - nudged > NUDGE_SECONDS:
                nudged = now
                run(CLEW, "bench", "ingest", "--url", self.url("http"), "--spans", NUDGE_SPANS, "-o", "json")
            if now - begun > SETTLE_AT_MOST_SECONDS:
                sys.exit(f"after {SETTLE_AT_MOST_SECONDS} s {sealed:.0f} of {spans} spans are sealed")
            time.sleep(0.25)

    def block_files(self):
        return sorted(self.folder.glob("tenants/*/blocks/*/*.parquet"))

    def block_bytes(self):
        return sum(path.stat().st_size for path in self.folder.glob("tenants/*/blocks/*/*"))
