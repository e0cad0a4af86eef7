#!/usr/bin/env python3
"""The command line is a contract (DESIGN 6): commands, exit codes, what is printed where; and the README's own lines."""
import gzip
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from server import CLEW, STOP_SECONDS, Server, clew, clew_ok, http_get

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests/corpus/real/online-boutique.otlp.jsonl.zst"
SAMPLE_SPANS = 23_344  # tests/corpus/real/README.md
UNKNOWN_ID = "0123456789abcdef0123456789abcdef"


class CliCase(unittest.TestCase):
    maxDiff = None

    def check(self, args, code, says=(), **options):
        """Exit code, and each of `says` somewhere in what was printed."""
        done = clew(*args, **options)
        printed = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, f"clew {args}\n{printed}")
        for words in says:
            self.assertIn(words, printed, f"clew {args}")
        return done

    def folder(self):
        folder = tempfile.TemporaryDirectory(prefix="clew-cli-")
        self.addCleanup(folder.cleanup)
        return pathlib.Path(folder.name)


class UsageTest(CliCase):
    def test_version(self):
        done = self.check(["--version"], 0)
        self.assertRegex(done.stdout, r"clew \d+\.\d+\.\d+ .*(g\+\+|clang)")
        self.assertEqual(done.stdout.count("\n"), 1)

    def test_help_of_every_command(self):
        for command in ([], ["serve"], ["query"], ["trace"], ["traceql", "check"], ["context"], ["import"], ["export"],
                        ["bench", "ingest"], ["bench", "query"], ["bench", "verify"], ["config"], ["store"],
                        ["store", "verify"], ["store", "repair"], ["store", "compact"], ["store", "delete"]):
            with self.subTest(command):
                done = self.check([*command, "--help"], 0)
                self.assertGreater(len(done.stdout.splitlines()), 5, done.stdout)

    def test_manual_page_is_the_committed_one(self):
        committed = (ROOT / "docs/user/clew.1").read_text()
        self.assertEqual(self.check(["man"], 0).stdout, committed, "run: clew man > docs/user/clew.1")

    def test_usage_errors(self):
        for args, says in ((["serve", "--dtaa", "x"], ["--dtaa", "--data"]), (["qurey", "{}"], ["qurey", "query"]),
                           (["query"], []), (["query", "{}", "--limit", "many"], ["limit"]),
                           (["query", "{}", "-o", "xml"], ["xml"]), (["trace"], []),
                           (["trace", "not-hex"], ["hex"])):
            with self.subTest(args):
                self.check(args, 2, says)

    def test_nobody_answers(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}"
        for args in (["query", "{}"], ["trace", UNKNOWN_ID], ["import", SAMPLE]):
            with self.subTest(args):
                self.check([*args, "--url", url], 3, [url.split("//")[1]])


class TraceqlCheckTest(CliCase):
    def test_exit_codes(self):
        for query, code, begins in (("{ name = `x` }", 0, "valid"), ("{ name = }", 1, "parse error"),
                                    ('{ name > true }', 2, "invalid")):
            with self.subTest(query):
                done = self.check(["traceql", "check", query], code, [begins])
                if code:
                    self.assertIn("^", done.stdout + done.stderr, "the message draws a caret")

    def test_lines(self):
        lines = ["{}", "{ name = }", '"{\\n  status = error\\n}"', "{ duration > 1s } | count() > 2", "{ 1 + true }"]
        done = clew("traceql", "check", "-", stdin="\n".join(lines) + "\n")
        verdicts = [line.split(":")[0] for line in done.stdout.splitlines()]
        self.assertEqual(verdicts, ["valid", "parse error", "valid", "valid", "invalid"], done.stdout + done.stderr)


class ContextTest(CliCase):
    TRACEPARENT = "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-03"

    def test_valid(self):
        done = self.check(["context", f"traceparent: {self.TRACEPARENT}", "b3: 0"], 0,
                          ["traceparent (W3C Trace Context): valid", "the trace id is random", "b3 (B3, Zipkin): valid"])
        self.assertEqual(done.stderr, "")

    def test_invalid(self):
        done = self.check(["context", self.TRACEPARENT.replace("463a", "463A"), "b3: 0"], 1, ["upper-case digit"])
        lines = done.stdout.splitlines()
        self.assertEqual((lines[1].strip()[lines[2].index("^") - 2], lines[2].strip()), ("A", "^"), done.stdout)
        self.assertIn("b3 (B3, Zipkin): valid", done.stdout)

    def test_unknown(self):
        self.check(["context", "Content-Type: text/plain"], 2, ["NAME: VALUE"])
        self.check(["context"], 2)


class ServeTest(CliCase):
    def test_endpoints_and_stop(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number), Server() as server:
                self.assertEqual(set(server.endpoints), {"otlp_grpc", "otlp_http", "tempo", "ui"})
                for name, address in server.endpoints.items():
                    self.assertRegex(address, r"^127\.0\.0\.1:[1-9]\d*$", name)
                self.assertEqual(server.get("/ready")[0], 200)
                self.assertEqual(server.get("/api/echo"), (200, b"echo"))
                code, seconds = server.terminate(number)
                self.assertEqual(code, 0, server.log())
                self.assertLess(seconds, STOP_SECONDS + 5, "promised are 5 s; more than 10 is no slow machine")
                self.assertFalse((server.data / "endpoints.json").exists())
                for address in server.endpoints.values():
                    self.assertIn(address, server.log(), "every address is printed")

    def test_stop_with_idle_connections(self):
        with Server() as server:
            host, port = server.endpoints["otlp_http"].split(":")
            idle = [socket.create_connection((host, int(port))) for _ in range(3)]
            idle[1].sendall(b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
            time.sleep(0.1)
            code, seconds = server.terminate()
            self.assertEqual(code, 0, server.log())
            self.assertLess(seconds, STOP_SECONDS + 5)
            for connection in idle:
                connection.close()

    def test_every_listener_serves_every_api_on_loopback(self):
        with Server() as server:
            for name in ("otlp_http", "tempo", "ui", "otlp_grpc"):
                with self.subTest(name):
                    self.assertEqual(http_get(server.endpoints[name], "/api/echo"), (200, b"echo"))

    def test_port_in_use(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            done = self.check(["serve", "--data", self.folder() / "data", "--set", f"listen.otlp_grpc={port}",
                               "--set", "listen.otlp_http=0", "--set", "listen.tempo=0", "--set", "listen.ui=0"], 2,
                              [str(port), "listen.otlp_grpc", str(os.getpid())])
            self.assertNotIn("Traceback", done.stderr)

    def test_folder_is_locked(self):
        with Server() as server:
            second = [CLEW, *server.command()[1:]]
            done = subprocess.run(second, capture_output=True, text=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(str(server.process.pid), done.stdout + done.stderr)
            self.assertEqual(server.get("/ready")[0], 200, "the first one still serves")
            done = clew("import", "--data", server.data, SAMPLE)
            self.assertNotEqual(done.returncode, 0, "import --data beside a running server")
            self.assertIn(str(server.process.pid), done.stdout + done.stderr)

    def test_killed_server_leaves_no_lie(self):
        with Server() as server:
            clew_ok("import", "--url", server.otlp_http, SAMPLE)
            server.kill()
            endpoints = server.data / "endpoints.json"
            old = endpoints.read_text()
            # Whoever looks for a running server finds that there is none, and the folder instead.
            done = self.check(["store", "stat", "--data", server.data], 0)
            self.assertEqual(json.loads(done.stdout)["rows"], SAMPLE_SPANS)
            server.start()
            self.assertNotEqual(endpoints.read_text(), old, "free ports are chosen anew")
            server.kill()
            # One that does not come as far as ready has removed the file.
            (server.data / "log/99999999.log").mkdir()
            done = subprocess.run(server.command(), capture_output=True, text=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertFalse(endpoints.exists(), done.stderr)


class ConfigTest(CliCase):
    def test_example_is_valid(self):
        example = clew_ok("config", "example")
        self.assertIn("otlp_grpc", example)
        file = self.folder() / "clew.yaml"
        file.write_text(example)
        self.check(["config", "check", file], 0)
        # Every setting that is commented out is one, with the default it shows.
        file.write_text(re.sub(r"^(\s*)#\s?(\s*[a-z_]+:(\s\S+)?)$", r"\1\2", example, flags=re.M))
        self.check(["config", "check", file], 0)

    def test_windows_line_endings(self):
        file = self.folder() / "clew.yaml"
        for text in ("listen:\r\n  tempo: 3201\r\nlog:\r\n  level: info\r\n", "\ufefflisten:\n  tempo: 3201\n", ""):
            with self.subTest(text):
                file.write_bytes(text.encode())
                self.check(["config", "check", file], 0)

    def test_committed_settings_are_the_example(self):
        committed = (ROOT / "docs/user/clew.yaml").read_text()
        self.assertEqual(clew_ok("config", "example"), committed, "run: clew config example > docs/user/clew.yaml")

    def test_unknown_key(self):
        file = self.folder() / "clew.yaml"
        file.write_text("listen:\n  otlp_htp: 4318\n")
        self.check(["config", "check", file], 2, ["otlp_htp", "listen.otlp_http", "2"])
        self.check(["serve", "--config", file, "--data", self.folder() / "d"], 2, ["otlp_htp", "listen.otlp_http"])

    def test_bad_values(self):
        for setting, says in (("listen.tempo=70000", "70000"), ("memory.limit=much", "much"), ("nonsense=1", "nonsense"),
                              ("wal.mode=sometimes", "fsync"), ("listen.tempo", "listen.tempo")):
            with self.subTest(setting):
                self.check(["serve", "--data", self.folder() / "d", "--set", setting], 2, [says])


class DataTest(CliCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="clew-cli-data-")
        cls.addClassCleanup(folder.cleanup)
        cls.data = pathlib.Path(folder.name) / "data"
        clew_ok("import", "--data", cls.data, SAMPLE)
        answer = clew_ok("query", '{ name = "hipstershop.CartService/GetCart" }', "--data", cls.data, "--limit", 1,
                         "-o", "json")
        cls.trace_id = json.loads(answer)["traceID"].zfill(32)

    def test_query(self):
        query = ["query", '{ resource.service.name = "cartservice" }', "--data", self.data, "--limit", 5]
        lines = self.check([*query, "-o", "json"], 0).stdout.splitlines()
        self.assertEqual(len(lines), 5)
        for line in lines:
            self.assertLessEqual({"traceID", "rootServiceName", "startTimeUnixNano", "spanSets"}, json.loads(line).keys())
        # Piped, JSON is the default; a table has no braces.
        self.assertEqual(self.check(query, 0).stdout.splitlines(), lines)
        table = self.check([*query, "-o", "table"], 0).stdout
        self.assertIn(json.loads(lines[0])["traceID"], table)
        self.assertNotIn("{", table)
        # What is piped is not cut to a width.
        self.assertNotIn("…", table)
        root = json.loads(lines[0])
        self.assertIn(f"{root['rootServiceName']} {root['rootTraceName']}\n", table)

    def test_query_ranges(self):
        far = ["query", "{}", "--data", self.data, "--limit", 1]
        for since in ("100000h", "9999d", "1h30m"):
            with self.subTest(since):
                self.check([*far, "--since", since], 1 if since == "1h30m" else 0)
        for option, value in (("--since", "soon"), ("--since", "-1h"), ("--limit", 0), ("--limit", -1), ("--limit", 10**9)):
            with self.subTest((option, value)):
                self.check([*far, option, value], 2, [option.strip("-")])
        self.check(["query", "{} | rate()", "--data", self.data], 2, ["unsupported", "^"])

    def test_store(self):
        lines = [json.loads(line) for line in clew_ok("store", "ls", "--data", self.data).splitlines()]
        self.assertEqual(sum(unit["rows"] for unit in lines), SAMPLE_SPANS)
        self.assertEqual({unit["state"] for unit in lines}, {"block"})
        blocks = {path.name for path in self.data.glob("tenants/single-tenant/blocks/*")}
        # The second part of a block is named after it (docs/internals/block.md).
        names = {unit["name"].removesuffix("-displaced") for unit in lines}
        self.assertEqual(names, blocks, "a block's name is its id")
        table = clew_ok("store", "ls", "--data", self.data, "-o", "table")
        self.assertRegex(table, r"UNIT +STATE +SPANS +TRACES +SIZE")
        self.assertRegex(table, r"[\d.]+ (K|M)iB")
        total = json.loads(clew_ok("store", "stat", "--data", self.data))
        self.assertEqual((total["rows"], total["blocks"], total["live"]), (SAMPLE_SPANS, len(blocks), 0))
        self.assertIn("bytes a span", clew_ok("store", "stat", "--data", self.data, "-o", "table"))
        for command in ("ls", "stat"):
            self.check(["store", command, "--data", self.folder() / "nothing"], 3, ["nothing"])
            self.check(["store", command, "--data", ROOT / "tests"], 3, ["not a data directory"])

    def test_paths_with_spaces(self):
        folder = self.folder() / "a folder"
        folder.mkdir()
        file = folder / "some spans.zst"
        file.write_bytes(SAMPLE.read_bytes())
        data = folder / "the data"
        self.check(["import", "--data", data, file], 0, [str(data)])
        self.check(["query", "{}", "--data", data], 0)

    def test_nothing_matched(self):
        done = self.check(["query", '{ name = "no such" }', "--data", self.data], 1)
        self.assertEqual(done.stdout, "")
        self.assertIn("2022-08-22", done.stderr, "says which times the store holds")
        self.check(["query", "{}", "--since", "1h", "--data", self.data], 1, ["2022-08-22"])

    def test_bad_query(self):
        done = self.check(["query", "{ name = ", "--data", self.data], 2)
        self.assertIn("^", done.stderr)

    def test_trace(self):
        tree = self.check(["trace", self.trace_id, "--data", self.data], 0).stdout
        self.assertIn("hipstershop.CartService/GetCart", tree)
        self.assertNotIn("\x1b", tree, "no colours when piped")
        otlp = json.loads(self.check(["trace", self.trace_id, "--data", self.data, "-o", "otlp"], 0).stdout)
        ids = {s["traceId"] for rs in otlp["resourceSpans"] for ss in rs["scopeSpans"] for s in ss["spans"]}
        self.assertEqual(ids, {self.trace_id})
        self.check(["trace", UNKNOWN_ID, "--data", self.data], 1, [UNKNOWN_ID])

    def test_missing_folder(self):
        missing = self.folder() / "nothing-here"
        done = clew("query", "{}", "--data", missing)
        self.assertIn(done.returncode, (2, 3), done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertIn(str(missing), done.stderr)
        self.assertFalse(missing.exists(), "a query creates nothing")

    def test_reading_changes_nothing(self):
        def state():
            return {f: (f.stat().st_size, f.stat().st_mtime_ns) for f in self.data.rglob("*")}
        before = state()
        clew_ok("query", "{}", "--data", self.data)
        clew_ok("trace", self.trace_id, "--data", self.data)
        self.assertEqual(state(), before)

    def test_query_beside_a_running_server(self):
        with Server() as server:
            clew_ok("import", "--url", server.otlp_http, SAMPLE)
            clew_ok("query", "{}", "--data", server.data)
            # Without --url and --data: the server whose folder is ./clew-data.
            (server.data.parent / "clew-data").symlink_to(server.data)
            done = subprocess.run([CLEW, "query", "{}", "--limit", "3", "-o", "json"], cwd=server.data.parent,
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout.count("\n")), (0, 3), done.stderr)

    def test_export_and_import_again(self):
        lines = clew_ok("export", '{ resource.service.name = "cartservice" }', "--data", self.data, "-o", "otlp-json")
        file, again = self.folder() / "out.jsonl", self.folder() / "again"
        file.write_text(lines)
        clew_ok("import", "--data", again, file)
        query = ["query", '{ resource.service.name = "cartservice" }', "--limit", 100000, "-o", "json", "--data"]
        self.assertEqual(clew_ok(*query, again), clew_ok(*query, self.data))


class StoreWorkTest(CliCase):
    """verify, repair, compact and delete: on a folder, and through a server that runs on it."""

    def make(self):
        data = self.folder() / "data"
        clew_ok("import", "--data", data, SAMPLE)
        return data

    def rows(self, data):
        return json.loads(clew_ok("store", "stat", "--data", data))["rows"]

    def test_a_healthy_folder(self):
        data = self.make()
        before = {f: (f.stat().st_size, f.stat().st_mtime_ns) for f in data.rglob("*")}
        report = json.loads(clew_ok("store", "verify", "--data", data))
        self.assertEqual((report["rows"], report["problems"]), (SAMPLE_SPANS, []))
        self.assertEqual({f: (f.stat().st_size, f.stat().st_mtime_ns) for f in data.rglob("*")}, before)
        self.check(["store", "verify", "--data", data, "-o", "table"], 0, ["all is well"])
        self.check(["store", "repair", "--data", data, "-o", "table"], 0, ["nothing to repair"])
        for command in ("verify", "repair"):
            self.check(["store", command, "--data", self.folder() / "nothing"], 3, ["nothing"])

    def damage(self, data):
        block = max(data.glob("tenants/single-tenant/blocks/*/*.parquet"), key=lambda file: file.stat().st_size)
        with block.open("r+b") as file:
            file.seek(-200, os.SEEK_END)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 1]))
        return block.parent.name

    def test_a_damaged_block_is_found_and_repaired(self):
        data = self.make()
        block = self.damage(data)
        self.check(["store", "verify", "--data", data], 4, [block, "clew store repair"])
        self.check(["store", "stat", "--data", data], 4, [block])
        report = json.loads(clew_ok("store", "repair", "--data", data))
        self.assertEqual((report["rowsLost"], report["failures"], len(report["actions"])), (0, [], 1))
        self.assertEqual(len(list((data / "damaged/single-tenant" / block).iterdir())), 2)
        self.check(["store", "verify", "--data", data], 0)
        self.assertEqual(self.rows(data), SAMPLE_SPANS)

    def test_through_a_running_server(self):
        data = self.make()
        block = self.damage(data)
        with Server(data) as server:
            self.check(["store", "verify", "--data", data], 4, [block])
            self.check(["store", "repair", "--url", f"http://{server.endpoints['tempo']}"], 0, [block])
            self.check(["store", "verify", "--data", data], 0)
            self.assertEqual(self.rows(data), SAMPLE_SPANS)
        with Server(data, "--set", "admin.listen=off"):
            self.check(["store", "verify", "--data", data], 3, ["403", "admin.listen"])

    def test_delete_says_what_it_needs(self):
        data = self.make()
        for args, says in (([], "--q"), ([UNKNOWN_ID, "--q", "{}"], "--q"), ([UNKNOWN_ID], "--yes"),
                           (["xyz", "--yes"], "xyz"), (["--since", "1h", UNKNOWN_ID, "--yes"], "--since"),
                           (["--q", "{", "--yes"], "{"), (["--q", "{}", "--since", "soon", "--yes"], "soon")):
            with self.subTest(args):
                self.check(["store", "delete", "--data", data, *args], 2, [says], stdin="")
        self.check(["store", "delete", "--data", data, "--q", '{ name = "no such name" }', "--yes"], 1, ["nothing matched"])
        self.assertEqual(self.rows(data), SAMPLE_SPANS)

    def erase(self, data):
        query = '{ resource.service.name = "cartservice" }'
        done = clew("store", "delete", "--data", data, "--q", query, "--yes")
        if "nothing can be erased here" in done.stderr:
            self.skipTest("the store cannot erase yet")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(json.loads(done.stdout)["traces"], 0)
        self.check(["query", query, "--data", data], 1)
        self.check(["store", "delete", "--data", data, "--q", query, "--yes"], 1, ["nothing matched"])
        return query

    def test_delete_asks_on_a_terminal(self):
        data = self.make()
        query = ["store", "delete", "--data", str(data), "--q", '{ resource.service.name = "cartservice" }', "-o", "json"]
        for answer, code in (("no\n", 1), ("yes\n", 0)):
            terminal, end = os.openpty()
            process = subprocess.Popen([CLEW, *query], stdin=end, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            os.write(terminal, answer.encode())
            printed, said = process.communicate(timeout=60)
            os.close(terminal)
            os.close(end)
            if "nothing can be erased here" in said:
                self.skipTest("the store cannot erase yet")
            self.assertEqual(process.returncode, code, said)
            self.assertRegex(said, r"Erase \d+ traces from .*\?")
        self.assertGreater(json.loads(printed)["traces"], 0)

    def test_delete_on_a_folder(self):
        data = self.make()
        query = self.erase(data)
        clew_ok("store", "compact", "--data", data)
        stat = json.loads(clew_ok("store", "stat", "--data", data))
        self.assertEqual(stat["erasures"], [])
        self.assertLess(stat["rows"], SAMPLE_SPANS)
        self.check(["query", query, "--data", data], 1)
        self.check(["store", "verify", "--data", data], 0)

    def test_delete_through_a_running_server(self):
        data = self.make()
        with Server(data):
            query = self.erase(data)
        with Server(data):
            self.check(["query", query, "--data", data], 1)
            clew_ok("store", "compact", "--data", data)
            self.assertEqual(json.loads(clew_ok("store", "stat", "--data", data))["erasures"], [])


class ImportTest(CliCase):
    def write(self, text):
        file = self.folder() / "spans.json"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def line(self, trace_id="5b8efff798038103d269b633813fc60c", span_id="eee19b7ec3c1b174"):
        return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{
            "traceId": trace_id, "spanId": span_id, "name": "n", "kind": 1,
            "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": 1700000000000000005}]}]}]})

    def test_harmless_oddities(self):
        pretty = json.dumps(json.loads(self.line()), indent=2)
        for name, text, spans in (("windows line endings", self.line() + "\r\n" + self.line(span_id="aa" * 8) + "\r\n", 2),
                                  ("one document over many lines", pretty, 1), ("empty file", "", 0),
                                  ("no last line end", self.line(), 1)):
            with self.subTest(name):
                data = self.folder() / "data"
                clew_ok("import", "--data", data, self.write(text))
                if spans:
                    answer = json.loads(clew_ok("query", "{}", "--data", data, "-o", "json"))
                    self.assertEqual(answer["spanSets"][0]["matched"], spans)

    def test_other_formats(self):
        jaeger = {"data": [{"traceID": "1a", "processes": {"p1": {"serviceName": "shop"}}, "spans": [{
            "traceID": "1a", "spanID": "2b", "operationName": "from jaeger", "startTime": 1700000000000000, "duration": 9,
            "processID": "p1", "tags": [{"key": "http.route", "type": "string", "value": "/pay"}]}]}]}
        zipkin = [{"traceId": "1b", "id": "2c", "name": "from zipkin", "timestamp": 1700000000000000, "duration": 9,
                   "localEndpoint": {"serviceName": "shop"}, "tags": {"http.route": "/pay"}}]
        console = {"traceId": "order 17", "spanId": "root", "parentSpanId": None, "operationName": "from console",
                   "startTime": 1700000000000, "duration": 1.5, "attributes": {"service.name": "shop", "http.route": "/pay"},
                   "events": []}
        data = self.folder() / "data"
        for document in (jaeger, zipkin, console):
            for text in (json.dumps(document), gzip.compress(json.dumps(document, indent=1).encode())):
                self.check(["import", "--data", data, self.write(text)], 0, ["1 span of 1 trace"])
        found = clew_ok("query", '{ resource.service.name = "shop" && span.http.route = "/pay" }', "--data", data)
        names = {json.loads(line)["rootTraceName"] for line in found.splitlines()}
        self.assertEqual(names, {"from jaeger", "from zipkin", "from console"})
        self.check(["query", '{ span.clew.original_id = "order 17" }', "--data", data], 0, ["from console"])
        self.check(["import", "--data", data, self.write('{"hello": 1}')], 4, ["Jaeger"])

    def test_stdin(self):
        data = self.folder() / "data"
        self.check(["import", "--data", data, "-"], 0, ["1 span"], stdin=self.line() + "\r\n")

    def test_into_a_server(self):
        with Server() as server:
            for url in (server.otlp_http, server.otlp_grpc):
                done = self.check(["import", "--url", url, SAMPLE], 0)
                self.assertIn(f"{SAMPLE_SPANS:,} spans of ", done.stdout)
                self.assertEqual(done.stderr, "", "no progress where nobody looks")
            stored = json.loads(clew_ok("store", "stat", "--url", server.tempo))
            self.assertEqual(stored["rows"], SAMPLE_SPANS, "the second time nothing was new")
            self.check(["import", "--url", server.tempo + "/wrong", SAMPLE], 3, ["404"])

    def test_bad_line(self):
        file = self.write(self.line() + "\n{ this is no JSON\n")
        self.check(["import", "--data", self.folder() / "data", file], 4, [file.name, "2"])

    def test_missing_file(self):
        done = clew("import", "--data", self.folder() / "data", "no-such-file.json")
        self.assertIn(done.returncode, (2, 4), done.stderr)
        self.assertIn("no-such-file.json", done.stderr)


class DocumentsTest(CliCase):
    """Runs the `sh` blocks that follow a line <!-- tested --> of the README and of each page of docs/user in one shell,
    in a folder of its own, with the server of this test in the place of `./dev run`."""

    PAGES = {"README.md": 3, "docs/user/send.md": 3, "docs/user/query.md": 6, "docs/user/operate.md": 8,
             "docs/user/client.md": 2, "docs/user/context.md": 1}  # blocks, at least

    def run_page(self, page, least):
        blocks = re.findall(r"<!-- tested -->\n```sh\n(.*?)```", (ROOT / page).read_text(), re.S)
        self.assertGreaterEqual(len(blocks), least)
        folder = self.folder()
        (folder / "bin").mkdir()
        (folder / "bin/clew").symlink_to(CLEW)
        (folder / "tests").symlink_to(ROOT / "tests")
        with Server(folder / "clew-data") as server:
            script = "set -eux\n" + "\n".join(blocks)
            for port, name in (("4317", "otlp_grpc"), ("4318", "otlp_http"), ("3200", "tempo"), ("16686", "ui")):
                script = re.sub(rf"(localhost|127\.0\.0\.1):{port}\b", server.endpoints[name], script)
            done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=120, env={
                **os.environ, "CLEW_SOURCE": str(ROOT), "CLEW_BUILD": str(pathlib.Path(CLEW).parent),
                "PATH": f"{folder}/bin:{ROOT}/build/venv/bin:{os.environ['PATH']}"})
            self.assertEqual(done.returncode, 0, f"{script}\n--- printed\n{done.stdout}\n{done.stderr}")

    def test_commands(self):
        for page, least in self.PAGES.items():
            with self.subTest(page):
                self.run_page(page, least)

    def test_links(self):
        for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
            prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.S | re.M)
            for target in re.findall(r"\]\((?!https?:)([^)#]+)", prose):
                self.assertTrue((page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}")


if __name__ == "__main__":
    unittest.main()
