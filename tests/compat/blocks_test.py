#!/usr/bin/env python3
"""Blocks as DuckDB and pyarrow read them, cell by cell against what Clew's own reader says.

CLEW_BLOCK_DUMP names the program built from block_dump.cc.

Restores every span from the columns the way docs/internals/block.md describes and compares it with block_dump's JSON.
Needs the packages of tests/requirements.txt.
"""
import json
import math
import os
import pathlib
import re
import struct
import subprocess
import tempfile
import unittest
import uuid

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"]
STATUSES = ["unset", "ok", "error"]
STRING, BOOLEAN, INTEGER, REAL, ARRAY, KVLIST, BYTES = 1, 2, 3, 4, 5, 6, 7
SCOPES = ["span", "resource", "instrumentation"]
# Seed, rows, keys, names of spans, blocks merged (0: sealed as it is), rows a page, rows a row group.
CASES = [
    (1, 0, 40, 20, 0, 8192, 1048576),
    (2, 1, 40, 20, 0, 8192, 1048576),
    (3, 800, 40, 20, 0, 8192, 1048576),
    (4, 900, 40, 20, 0, 16, 64),
    (5, 1500, 600, 20, 0, 256, 1024),
    (6, 3000, 12, 20, 0, 128, 1024),
    (7, 1500, 40, 20, 5, 128, 1024),
]
# Its names are a dictionary of so many entries that it is in their order.
SORTED = (8, 9000, 2, 6000, 3, 2048, 1048576)
SORTED_ENTRIES = 4096


def real_bits(number):
    return struct.unpack("<Q", struct.pack("<d", number))[0]


class Nested:
    """The encoding of src/column/nested.h."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        self.at += count
        assert self.at <= len(self.data)
        return self.data[self.at - count : self.at]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def element(self):
        kind = self.take(1)[0]
        if kind == 0:
            return kind, 0
        if kind == BOOLEAN:
            return kind, self.take(1)[0]
        if kind == INTEGER:
            value = self.varint()
            return kind, (value >> 1) ^ -(value & 1)
        if kind == REAL:
            return kind, struct.unpack("<Q", self.take(8))[0]
        content = bytes(self.take(self.varint()))
        return kind, content.decode() if kind == STRING else content.hex()

    def kvlist(self):
        out = []
        for _ in range(self.varint()):
            key = self.take(self.varint()).decode()
            out.append((key, *self.element()))
        assert self.at == len(self.data)
        return out


def from_column(name, value):
    """Key, type and exact value of an attribute column's cell."""
    for suffix, kind, exact in [
        (":int", INTEGER, lambda v: v),
        (":double", REAL, real_bits),
        (":bool", BOOLEAN, int),
        (":bytes", BYTES, lambda v: bytes(v).hex()),
        (":uuid", STRING, lambda v: str(v if isinstance(v, uuid.UUID) else uuid.UUID(bytes=bytes(v)))),
        (":hex", STRING, lambda v: bytes(v).hex()),
    ]:
        if name.endswith(suffix):
            return name[: -len(suffix)], kind, exact(value)
    return name, STRING, value


def from_text(name, text):
    """The same of a map's entry; the exact value of arrays and lists is elsewhere."""
    for suffix, kind, exact in [
        (":int", INTEGER, int),
        (":double", REAL, lambda t: real_bits(float(t))),
        (":bool", BOOLEAN, lambda t: {"true": 1, "false": 0}[t]),
        (":bytes", BYTES, lambda t: t),
        (":array", ARRAY, json.loads),
        (":kvlist", KVLIST, lambda t: t and json.loads(t)),
    ]:
        if name.endswith(suffix):
            return name[: -len(suffix)], kind, exact(text)
    return name, STRING, text


def pairs(mapping):
    return list(mapping.items()) if isinstance(mapping, dict) else list(mapping)


def restore(column_cells, mapping, exact):
    """All attributes of one element, grouped by key. JSON texts are checked apart."""
    out, json_texts = [], {}
    for name, value in column_cells:
        if value is not None:
            out.append(from_column(name, value))
    for name, text in mapping:
        key, kind, value = from_text(name, text)
        if kind in (ARRAY, KVLIST):
            json_texts[key] = text
        else:
            out.append((key, kind, value))
    if exact is not None:
        out += Nested(exact).kvlist()
    return by_key(out), json_texts


def by_key(attributes):
    out = {}
    for key, *value in attributes:
        out.setdefault(key, []).append(tuple(value))
    return out


def expected(attributes):
    """The same from block_dump's JSON; JSON texts of the first of each key where it is an array or list."""
    texts = {}
    for key, kind, _, text in reversed(attributes):
        texts[key] = (kind, text)
    json_texts = {key: text for key, (kind, text) in texts.items() if kind in (ARRAY, KVLIST)}
    return by_key([tuple(a[:3]) for a in attributes]), json_texts


def suffixed(key):
    return any(key.endswith(s) for s in [":int", ":double", ":bool", ":bytes", ":uuid", ":hex", ":array", ":kvlist"])


def check_attributes(where, cells, mapping, exact, wanted):
    got, got_texts = restore(cells, mapping, exact)
    want, want_texts = expected(wanted)
    assert got == want, f"{where}: attributes\n  read   {got}\n  wanted {want}"
    want_texts = {k: v for k, v in want_texts.items() if not suffixed(k)}
    assert got_texts == want_texts, f"{where}: JSON of arrays {got_texts} wanted {want_texts}"


def number_of(names, text):
    return names.index(text) if text in names else int(text)


def check_row(where, row, rows, want):
    def same(name, got, wanted):
        assert got == wanted, f"{where}: {name} is {got!r}, wanted {wanted!r}"

    same("trace_id", bytes(row["trace_id"]).hex(), want["trace_id"])
    same("span_id", bytes(row["span_id"]).hex(), want["span_id"])
    parent = bytes(8)
    if row["parent_row"] is not None:
        parent = bytes(rows[row["parent_row"]]["span_id"])
        assert row["parent_span_id"] is None, where
    elif row["parent_span_id"] is not None:
        parent = bytes(row["parent_span_id"])
    same("parent", parent.hex(), want["parent"])
    same("parent_row", -1 if row["parent_row"] is None else row["parent_row"], want["parent_row"])
    same("start", row["start"], want["start"])
    end = row["end_before_start"]
    if end is None:
        end = (row["start"] + row["duration_ns"] + 2**63) % 2**64 - 2**63
    same("end", end, want["end"])
    same("received", row["received"], want["received"])
    same("kind", number_of(KINDS, row["kind"]), want["kind"])
    same("status", number_of(STATUSES, row["status"]), want["status"])
    for name in ["name", "status_message", "trace_state", "flags", "dropped_attributes", "dropped_events",
                 "dropped_links", "bits", "weight"]:
        same(name, row[name], want[name])
    for name in ["name", "version", "schema_url", "dropped_attributes"]:
        same("scope_" + name, row["scope_" + name], want["scope"][name])
    for name in ["schema_url", "dropped_attributes"]:
        same("resource_" + name, row["resource_" + name], want["resource"][name])
    same("entity_refs", bytes(row["resource_entity_refs"]).hex(), want["resource"]["entity_refs"])

    attributes = {"span": want["attributes"], "resource": want["resource"]["attributes"],
                  "instrumentation": want["scope"]["attributes"]}
    residual = pairs(row["residual"])
    for scope in SCOPES:
        prefix = scope + "."
        cells = [(name[len(prefix):], value) for name, value in row.items() if name.startswith(prefix)]
        texts = [(name[len(prefix):], text) for name, text in residual if name.startswith(prefix)]
        check_attributes(f"{where} {scope}", cells, texts, row[scope + "_exact"], attributes[scope])

    same("events", len(row["events"]), len(want["events"]))
    for i, (got, event) in enumerate(zip(row["events"], want["events"])):
        for name in ["since_start_ns", "name", "dropped_attributes"]:
            same(f"event {i} {name}", got[name], event[name])
        check_attributes(f"{where} event {i}", [], pairs(got["attributes"]), got["exact"], event["attributes"])
    same("links", len(row["links"]), len(want["links"]))
    for i, (got, link) in enumerate(zip(row["links"], want["links"])):
        for name in ["trace_id", "span_id"]:
            same(f"link {i} {name}", bytes(got[name]).hex(), link[name])
        for name in ["trace_state", "flags", "dropped_attributes"]:
            same(f"link {i} {name}", got[name], link[name])
        check_attributes(f"{where} link {i}", [], pairs(got["attributes"]), got["exact"], link["attributes"])


def read_pyarrow(path):
    table = pq.ParquetFile(path, page_checksum_verification=True).read()
    for i, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            assert field.type.unit == "ns" and field.type.tz, field
            table = table.set_column(i, field.name, table.column(i).cast(pa.int64()))
    return table.to_pylist()


def read_duckdb(path):
    connection = duckdb.connect()
    columns = connection.sql(f"describe select * from read_parquet('{path}')").fetchall()
    times = {"start", "end_before_start", "received"}
    # epoch_ns of what DuckDB itself reads.
    selected = ", ".join(f'epoch_ns("{c[0]}") as "{c[0]}"' if c[0] in times else '"' + c[0].replace('"', '""') + '"'
                         for c in columns)
    result = connection.execute(f"select {selected} from read_parquet('{path}') order by file_row_number")
    names = [c[0] for c in columns]
    return [dict(zip(names, row)) for row in result.fetchall()]


def read_view(pattern):
    """Through the view of docs/user/duckdb.md, as it stands there; by file and row."""
    text = (pathlib.Path(__file__).parents[2] / "docs/user/duckdb.md").read_text()
    view = re.search(r"```sql\n(create or replace macro.*?create or replace view spans.*?)```", text, re.S).group(1)
    connection = duckdb.connect()
    connection.execute(view.replace("clew-data/tenants/single-tenant/blocks/*/*.parquet", str(pattern)))
    rows = connection.execute("select trace_id, span_id, parent_span_id, epoch_ns(start_time), epoch_ns(end_time), "
                              "attributes, filename, file_row_number from spans").fetchall()
    names = ["trace_id", "span_id", "parent", "start", "end", "attributes"]
    return {tuple(row[6:]): dict(zip(names, row)) for row in rows}


SUFFIXES = {STRING: "", BOOLEAN: ":bool", INTEGER: ":int", REAL: ":double", ARRAY: ":array", KVLIST: ":kvlist",
            BYTES: ":bytes"}


def texts_of(span):
    """What the view's `attributes` should have: the first value of each key as text."""
    out = {}
    for scope, attributes in (("span", span["attributes"]), ("resource", span["resource"]["attributes"]),
                              ("instrumentation", span["scope"]["attributes"])):
        seen = set()
        for key, kind, _, text in attributes:
            if key not in seen and kind in SUFFIXES and not suffixed(key):
                out[f"{scope}.{key}{SUFFIXES[kind]}"] = text
            seen.add(key)
    return comparable(out)


def comparable(texts):
    """Reals by value; NaNs left out, which only columns and not the map have in all their kinds."""
    reals = {name: float(text) for name, text in texts.items() if name.endswith(":double")}
    return {name: reals.get(name, text) for name, text in texts.items() if not math.isnan(reals.get(name, 0))}


class BlockCase(unittest.TestCase):
    """Random blocks, and a reader's rows against them."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def block(self, case):
        dump = os.environ["CLEW_BLOCK_DUMP"]
        path = self.folder / f"{case[0]}.parquet"
        subprocess.run([dump, "write", *map(str, case), path], check=True)
        lines = subprocess.run([dump, "read", path], check=True, capture_output=True, text=True).stdout
        return str(path), [json.loads(line) for line in lines.splitlines()]

    def check(self, reader, cases=CASES):
        for case in cases:
            path, wanted = self.block(case)
            rows = reader(path)
            self.assertEqual(len(rows), len(wanted), f"case {case}")
            for i, (row, want) in enumerate(zip(rows, wanted)):
                check_row(f"case {case} row {i}", row, rows, want)


class Blocks(BlockCase):
    def test_pyarrow_agrees_in_every_cell(self):
        self.check(read_pyarrow)

    def test_duckdb_agrees_in_every_cell(self):
        self.check(read_duckdb)

    def test_both_read_a_large_dictionary_in_order(self):
        self.check(read_pyarrow, [SORTED])
        self.check(read_duckdb, [SORTED])
        file = pq.ParquetFile(self.block(SORTED)[0], read_dictionary=["name"])
        names = file.read(columns=["name"]).column("name").chunk(0).dictionary.to_pylist()
        self.assertGreaterEqual(len(names), SORTED_ENTRIES)
        self.assertEqual(names, sorted(names))

    def test_the_view_restores_spans_over_unlike_blocks(self):
        wanted = dict(self.block(case) for case in CASES)
        rows = read_view(self.folder / "*.parquet")
        self.assertEqual(len(rows), sum(map(len, wanted.values())))
        for path, spans in wanted.items():
            for i, span in enumerate(spans):
                row = rows[path, i]
                row["attributes"] = comparable(row["attributes"])
                want = {name: span[name] for name in row if name != "attributes"} | {"attributes": texts_of(span)}
                want["parent"] = None if want["parent"] == "0" * 16 else want["parent"]
                # Times beyond DuckDB's are its own affair.
                if not (0 < want["start"] < 2**62 and 0 < want["end"] < 2**62):
                    del want["start"], want["end"], row["start"], row["end"]
                self.assertEqual(row, want, f"{path} row {i}")

    def test_the_view_takes_blocks_without_hex_and_uuid_columns(self):
        path, wanted = self.block(CASES[1])
        rows = read_view(path)
        self.assertEqual(comparable(rows[path, 0]["attributes"]), texts_of(wanted[0]))

    def test_unlike_blocks_read_as_one_table(self):
        paths = [self.block(case)[0] for case in CASES[2:]]
        rows = [duckdb.sql(f"select count(*) from read_parquet('{p}')").fetchall()[0][0] for p in paths]
        together = duckdb.sql(f"select count(*), count(distinct filename) from "
                              f"read_parquet({paths}, union_by_name = true, filename = true)").fetchall()[0]
        self.assertEqual(together, (sum(rows), len(paths)))


if __name__ == "__main__":
    unittest.main()
