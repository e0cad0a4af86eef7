"""Queries by HTTP on many spans in many blocks: warm by `clew bench query`, cold by a process that has just started and
files that the page cache has given up."""
import http.client
import os
import pathlib
import random
import re
import shutil
import statistics
import tempfile
import time
import urllib.parse
import uuid

import load
import server as servers
from figures import at_most
from server import SEALS_ALL, Server

TITLE = "Search, limit 20, ms"
BLOCKS = 24
COLD_SAMPLES = 3
COLD_FACTOR = 5
SAMPLED_IDS = 200
# Name, p50 asked in ms, query (None: made from samples), what the peers took.
QUERIES = [
    ("trace by id", 0.5, None, "32 / 7.8"),
    ("absent trace id", 0.5, None, "1.5 / 5.3"),
    ("a UUID that is there once", 2, None, "88 / 4.8"),
    ("a UUID that no block holds", 1, None, "33 / 4.4"),
    ("common value", 2, "{ span.http.response.status_code = 200 }", "7.6 / 21"),
    ("rare value (0.2 % of the spans)", None, "{ span.http.response.status_code = 504 }", "66 / 36"),
    ("value that no block holds", 1, "{ span.http.response.status_code = 599 }", "5.3 / 4.0"),
    ("regex, no match, 260 k distinct values (asked: 100 k)", 15,
     '{ span.network.peer.address =~ ".*[xyz]{9}.*" }', "45 / 3.6"),
    ("regex, no match, 20 k distinct values", 15, '{ span.url.full =~ ".*[xyz]{9}.*" }', "45 / 3.6"),
    ("duration > 2s", 5, "{ duration > 2s }", "12 / 65"),
    ("two attributes of different spans of one trace", 30,
     '{ span.http.response.status_code = 504 } && { span.db.operation.name = "DELETE" }', ""),
    ("{…} >> {…}, found", 60,
     '{ resource.service.name = "frontend" } >> { resource.service.name = "payment" && status = error }', "19 / -"),
    ("{…} >> {…}, no match", 60,
     '{ status = error } >> { span.http.route = "/healthz" && span.rpc.system = "grpc" }', "479 / -"),
    ("tag names", 2, "/api/v2/search/tags", ""),
    ("tag values", 2, "/api/v2/search/tag/resource.service.name/values", "1.5 / 6.6"),
]

ASKED_P99 = {"trace by id": 2}


def path_of(query):
    return query if query.startswith("/") else f"/api/search?limit=20&q={urllib.parse.quote(query)}"


class Asker:
    """A kept connection to a server's Tempo API."""

    def __init__(self, server):
        self._connection = http.client.HTTPConnection(server.endpoints["tempo"])
        self.get("/api/echo")

    def get(self, path):
        """The answer's body, and how long it took in ms."""
        begun = time.perf_counter()
        self._connection.request("GET", path)
        body = self._connection.getresponse().read()
        return body, (time.perf_counter() - begun) * 1000


def sampled_ids(acknowledged, count):
    lines = pathlib.Path(acknowledged).read_text().splitlines()
    return [line.split()[0] for line in random.Random(7).sample(lines, count)]


def uuids_of(asker, ids):
    """Those that the spans of these traces carry."""
    found = []
    for trace in ids:
        found += re.findall(r'"app\.request\.id","value":\{"stringValue":"([0-9a-f-]{36})"',
                            asker.get(f"/api/traces/{trace}")[0].decode().replace(" ", ""))
    return found[:SAMPLED_IDS]


def queries_of(asker, ids):
    """Name → what is asked in turn."""
    chance = random.Random(11)
    made = {
        "trace by id": [f"/api/traces/{trace}" for trace in ids],
        "absent trace id": [f"/api/v2/traces/{chance.getrandbits(128):032x}" for _ in ids],
        "a UUID that is there once": [f'{{ span.app.request.id = "{text}" }}' for text in uuids_of(asker, ids)],
        "a UUID that no block holds": [f'{{ span.app.request.id = "{uuid.UUID(int=chance.getrandbits(128))}" }}'
                                       for _ in ids]}
    return {name: [query] if query else made[name] for name, _, query, _ in QUERIES}


def warm_rows(figures, server, queries, repeat):
    for name, asked, _, elsewhere in QUERIES:
        # What has a bound on its p99 is asked often.
        line = servers.time_queries(server, name, queries[name], SAMPLED_IDS if name in ASKED_P99 else repeat)
        if line["failures"]:
            figures.note(f"{name}: {line['failures']} failed: {line['failure']}")
        value = None if line["failures"] else line["p50_ms"]
        figures.row(f"warm: {name}, p50", value, asked and at_most(asked), elsewhere=elsewhere)
        if name in ASKED_P99:
            figures.row(f"warm: {name}, p99", line["p99_ms"], at_most(ASKED_P99[name]))


def evict(server):
    """From the page cache, what of the data is in it."""
    for path in server.folder.rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def cold_rows(figures, settings, folder, queries):
    for name, asked, _, _ in QUERIES:
        taken = []
        for sample in range(COLD_SAMPLES):
            with Server(*settings, folder=folder) as server:
                asker = Asker(server)
                evict(server)
                paths = queries[name]
                taken.append(asker.get(path_of(paths[sample % len(paths)]))[1])
        figures.row(f"cold: {name}, the middle of {COLD_SAMPLES}", statistics.median(taken),
                    asked and at_most(asked * COLD_FACTOR))


def index_bytes(settings, folder, spans):
    """Anonymous memory of a process that has opened these blocks, no log, and answered nothing, beyond an empty one's.
    Without what start reads for other ends: spans of the last minutes, against duplicates, and the read cache."""
    settings = (*settings, "read.cache_bytes=1MiB", "store.duplicates_window=1s")
    with tempfile.TemporaryDirectory(dir=folder.parent) as blocks:
        shutil.copytree(folder / "tenants", f"{blocks}/tenants", copy_function=os.link)
        with Server(*settings) as empty, Server(*settings, folder=blocks) as full:
            return (full.memory_mib() - empty.memory_mib()) * 2**20 / spans


def run(figures, sizes):
    settings = (*SEALS_ALL, f"store.segment_rows={sizes.search_spans // BLOCKS}", "compaction.max_rows=0")
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as folder:
        acknowledged = f"{folder}/acknowledged.txt"
        with Server(*settings, folder=f"{folder}/data") as server:
            sent = load.send(server, sizes.search_spans, options=["--acked", acknowledged])
            server.settle(sent.acknowledged)
            figures.note(f"{sent.acknowledged} spans in {len(server.block_files())} blocks")
            ids = sampled_ids(acknowledged, SAMPLED_IDS)
            queries = queries_of(Asker(server), ids)
            warm_rows(figures, server, queries, sizes.repeat)
        data = pathlib.Path(folder) / "data"
        cold_rows(figures, settings, data, queries)
        figures.row("memory for indexes, bytes a span", index_bytes(settings, data, sent.acknowledged), at_most(1))
