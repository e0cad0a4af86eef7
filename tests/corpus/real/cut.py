#!/usr/bin/env python3
"""Cuts an OTLP JSON Lines file at whole traces: keeps one trace in N, by its id, so that the cut is repeatable.

    zstd -dc whole.otlp.jsonl.zst | ./cut.py 8 | zstd -19 >sample.otlp.jsonl.zst
"""
import json
import sys
import zlib


def keep(span, one_in):
    return zlib.crc32(span["traceId"].encode()) % one_in == 0


def main():
    one_in = int(sys.argv[1])
    for line in sys.stdin:
        request = json.loads(line)
        for resource in request["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                scope["spans"] = [span for span in scope["spans"] if keep(span, one_in)]
            resource["scopeSpans"] = [scope for scope in resource["scopeSpans"] if scope["spans"]]
        request["resourceSpans"] = [resource for resource in request["resourceSpans"] if resource["scopeSpans"]]
        if request["resourceSpans"]:
            print(json.dumps(request, ensure_ascii=False, separators=(",", ":")))


main()
