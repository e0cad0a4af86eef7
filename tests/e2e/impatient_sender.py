#!/usr/bin/env python3
"""A sender that does not wait: many connections, several OTLP/HTTP requests under way on each, a refused one sent again at
once.

    impatient_sender.py ADDRESS --connections N --seconds S --acked FILE

Prints one JSON object. `--acked` gets a line `trace-id span-count` for each acknowledged request, as clew bench verify
reads it. Whatever is neither an acknowledgement nor a word to try again later is in `wrong`.
"""
import argparse
import collections
import errno
import json
import os
import re
import selectors
import socket
import sys
import time

UNDER_WAY = 4  # requests on one connection
READ_BYTES = 64 << 10
TRACE_ID = b"overload-trace-i"
SPAN_COUNT = 100
RETRY = (429, 503)
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
RETRY_AFTER = re.compile(rb"\r\nretry-after: *([1-9]\d*)\r\n", re.I)


def request_parts():
    """What stands before, between and behind the places of the trace id in one request."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    attribute = resource.resource.attributes.add(key="service.name")
    attribute.value.string_value = "overload"
    scope = resource.scope_spans.add()
    now = time.time_ns()
    for number in range(SPAN_COUNT):
        span = scope.spans.add(trace_id=TRACE_ID, span_id=os.urandom(8), name=f"step {number % 10}",
                               start_time_unix_nano=now, end_time_unix_nano=now + 1000 * number)
        for key in range(8):
            span.attributes.add(key=f"key.{key}").value.string_value = f"value {number * key} of {os.urandom(8).hex()}"
    body = request.SerializeToString()
    head = (f"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
            f"Content-Length: {len(body)}\r\n\r\n")
    return (head.encode() + body).split(TRACE_ID)


class Sender:
    def __init__(self, address, acked):
        host, port = address.rsplit(":", 1)
        self.address = (host, int(port))
        self.acked = acked
        self.parts = request_parts()
        self.selector = selectors.DefaultSelector()
        self.counts = collections.Counter()
        self.wrong = []

    def complain(self, text):
        self.counts["wrong"] += 1
        if len(self.wrong) < 5:
            self.wrong.append(text)


class Connection:
    """Answers come in the order of the requests (RFC 9112, section 9.3.2)."""

    def __init__(self, sender):
        self.sender = sender
        self.again = []  # traces to be sent again
        self.socket = None
        self.open()

    def open(self):
        self.under_way = collections.deque()
        self.output = memoryview(b"")
        self.input = b""
        self.socket = socket.socket()
        self.socket.setblocking(False)
        code = self.socket.connect_ex(self.sender.address)
        if code not in (0, errno.EINPROGRESS):
            self.sender.complain(f"connect: {os.strerror(code)}")
        self.sender.selector.register(self.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, self)

    def reopen(self):
        # Nobody was told anything about what is under way: it is sent again as it was.
        self.sender.counts["unanswered"] += len(self.under_way)
        self.sender.counts["reopened"] += 1
        self.again.extend(self.under_way)
        self.close()
        self.open()

    def close(self):
        self.sender.selector.unregister(self.socket)
        self.socket.close()

    def on_ready(self, events):
        try:
            if events & selectors.EVENT_READ and not self.read():
                return self.reopen()
            if events & selectors.EVENT_WRITE:
                self.write()
        except BlockingIOError:
            pass
        except OSError:
            self.reopen()

    def write(self):
        if not self.output:
            if len(self.under_way) >= UNDER_WAY:
                return self.wait_for_answers()
            trace = self.again.pop() if self.again else os.urandom(16)
            self.under_way.append(trace)
            self.output = memoryview(trace.join(self.sender.parts))
            self.sender.counts["requests"] += 1
        sent = self.socket.send(self.output)
        self.output = self.output[sent:]

    def wait_for_answers(self):
        self.sender.selector.modify(self.socket, selectors.EVENT_READ, self)

    def read(self):
        received = self.socket.recv(READ_BYTES)
        self.input += received
        while (end := self.input.find(b"\r\n\r\n")) >= 0:
            head = self.input[:end + 2]
            length = LENGTH.search(head)
            total = end + 4 + (int(length.group(1)) if length else 0)
            if len(self.input) < total:
                break
            self.on_answer(head, self.input[end + 4:total])
            self.input = self.input[total:]
            self.sender.selector.modify(self.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, self)
        return bool(received)

    def on_answer(self, head, body):
        counts, status = self.sender.counts, int(head[9:12])
        if not self.under_way:
            return self.sender.complain(f"an answer to nothing: {head}")
        trace = self.under_way.popleft()
        if status == 200 and not body:
            counts["acknowledged"] += 1
            self.sender.acked.write(f"{trace.hex()} {SPAN_COUNT}\n")
        elif status in RETRY and RETRY_AFTER.search(head):
            counts["told to retry"] += 1
            self.again.append(trace)
        else:
            self.sender.complain(f"{head.decode(errors='replace')}{body[:100]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--acked", required=True)
    options = parser.parse_args()
    with open(options.acked, "w") as acked:
        sender = Sender(options.address, acked)
        connections = [Connection(sender) for _ in range(options.connections)]
        end = time.monotonic() + options.seconds
        while time.monotonic() < end:
            for key, events in sender.selector.select(0.1):
                key.data.on_ready(events)
        for connection in connections:
            connection.close()
    print(json.dumps({**sender.counts, "spans_per_request": SPAN_COUNT, "wrong_answers": sender.wrong}))
    return 1 if sender.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
