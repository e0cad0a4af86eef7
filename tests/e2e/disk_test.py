#!/usr/bin/env python3
"""A bad disk below a real server: what is damaged is named and counted and takes nothing else down; a log that cannot be
written makes senders wait, and the server goes on by itself."""
import json
import os
import resource
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import pyarrow.parquet
from server import Server

BLOCKS = ("--set", "store.segment_rows=1000", "--set", "store.idle=0s", "--set", "compaction.max_rows=0",
          "--set", "store.lanes=1")
BATCH = 400


def batch():
    """A request of one-span traces; the ids and the body."""
    now = time.time_ns()
    ids = [os.urandom(16).hex() for _ in range(BATCH)]
    spans = [{"traceId": trace, "spanId": trace[:16], "name": "step", "startTimeUnixNano": str(now),
              "endTimeUnixNano": str(now + 5)} for trace in ids]
    return ids, json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()


def post(server, body):
    request = urllib.request.Request(server.otlp_http + "/v1/traces", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def metric(server, name):
    _, body = server.get("/metrics", accept="text/plain")
    return sum(float(line.rsplit(" ", 1)[1]) for line in body.decode().splitlines() if line.startswith(name))


def missing(server, ids):
    """The traces that are not found. No query fails, whatever is damaged."""
    lost = []
    for trace in ids:
        status, body = server.get(f"/api/v2/traces/{trace}")
        assert status in (200, 404), f"{status} {body}"
        if status == 404 or not json.loads(body).get("trace", {}).get("resourceSpans"):
            lost.append(trace)
    return lost


def within(seconds, holds):
    end = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < end:
        time.sleep(0.02)
    return held


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x10]))


def end_of(data, column):
    """Where the column's pages end in the first row group."""
    group = pyarrow.parquet.ParquetFile(data).metadata.row_group(0)
    chunks = (group.column(i) for i in range(group.num_columns))
    chunk = next(chunk for chunk in chunks if chunk.path_in_schema == column)
    return (chunk.dictionary_page_offset or chunk.data_page_offset) + chunk.total_compressed_size


class DiskTest(unittest.TestCase):
    def serve(self, *settings):
        server = Server(None, *settings)
        self.enterContext(server)
        return server

    def send(self, server, batches):
        sent = []
        for _ in range(batches):
            ids, body = batch()
            self.assertEqual(post(server, body), 200, server.log())
            sent += ids
        return sent

    def test_a_damaged_block(self):
        server = self.serve(*BLOCKS)
        sent = self.send(server, 12)
        blocks = lambda: sorted(server.data.glob("tenants/*/blocks/*/meta.json"))
        self.assertTrue(within(20, lambda: len(blocks()) >= 3), server.log())
        already = 0
        for number, place in enumerate(("ids", "names", "end")):
            with self.subTest(place):
                server.kill()
                block = blocks()[number].parent
                data = block / "data.parquet"
                rows = json.loads((block / "meta.json").read_text())["parts"][0]["rows"]
                # Ids are read at the start, names by queries; the footer is last.
                flip(data, {"ids": 40, "names": end_of(data, "name") - 1, "end": data.stat().st_size - 20}[place])
                server.start()
                self.sweep(server)
                lost = missing(server, sent)
                if place == "names":
                    self.assertEqual(metric(server, "clew_api_damage_retries_total"), 1, "a query met it")
                self.assertEqual(len(lost), rows + already)
                already += rows
                self.assertGreaterEqual(metric(server, "clew_store_damaged_blocks"), 1)
                status, detail = server.get("/ready")
                self.assertEqual(status, 200)
                self.assertIn(block.name.encode(), detail)
                self.assertIn(block.name, server.log())
                sent += self.send(server, 1)

    def sweep(self, server):
        """Reads all columns that a search for anything reads. The query that meets a damage answers without the block."""
        for query in ('{name="step"}', "{}", '{status=error}', '{duration>1h}', '{kind=server}'):
            status, body = server.get("/api/search?limit=100000&q=" + urllib.parse.quote(query))
            self.assertEqual(status, 200, body)

    def test_a_damaged_log(self):
        server = self.serve("--set", "store.lanes=1")
        sent = self.send(server, 10)
        server.kill()
        log = sorted(server.data.glob("log/*.log"))[-1]
        content = log.read_bytes()
        frames = [at for at in range(len(content)) if content.startswith(b"CLF1", at)]
        flip(log, frames[4] + 100)
        server.start()
        lost = missing(server, sent)
        self.assertGreaterEqual(len(lost), BATCH)
        self.assertLess(len(lost), len(sent))
        self.assertEqual(metric(server, "clew_wal_lost_spans_total"), len(lost))
        self.assertGreater(metric(server, "clew_wal_damaged_bytes_total"), 0)
        self.assertIn(f"spans_lost={len(lost)}", server.log())
        self.assertEqual(server.get("/ready")[0], 200)
        self.assertEqual(missing(server, self.send(server, 2)), [])

    def test_a_full_disk(self):
        """RLIMIT_FSIZE stands for the disk: a write beyond it fails, and what is there can be read."""
        server = self.serve()
        sent = self.send(server, 3)
        ids, body = batch()
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        for _ in range(3):
            self.assertIn(post(server, body), (429, 503))
        self.assertEqual(missing(server, sent), [], "it is readable")
        status, detail = server.get("/ready")
        self.assertIn(b"cannot be written", detail)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.assertTrue(within(20, lambda: post(server, body) == 200), server.log())
        server.kill()
        server.start()
        self.assertEqual(missing(server, sent + ids), [], "and what was acknowledged is there")

    def test_no_room_beyond_the_reserve(self):
        server = self.serve()
        sent = self.send(server, 2)
        server.kill()
        server.args = ("--set", "disk.reserve=1024GiB")
        server.start()
        _, body = batch()
        self.assertTrue(within(20, lambda: post(server, body) == 429), server.log())
        self.assertEqual(missing(server, sent), [])
        self.assertGreater(metric(server, 'clew_store_limit_total{limit="disk_reserve"}'), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
