"""What a reader may see of each trace, whatever is killed, erased or removed by retention meanwhile."""
import os
import re
import threading

# What the server says in its log before a block leaves by retention.
EXPIRED = re.compile(rb"the oldest is removed\b.*\breceived_until_ns=(\d+)")


class Expiry:
    """How far retention has come, from the log of a server; any thread."""

    def __init__(self, log):
        self.descriptor, self.at, self.rest = log, 0, b""
        self.lock = threading.Lock()
        self.until_ns = self.blocks = 0

    def look(self):
        """The latest time at which a span was received that was in a removed block; 0: none was removed."""
        with self.lock:
            while added := os.pread(self.descriptor, 1 << 16, self.at):
                self.at += len(added)
                *lines, self.rest = (self.rest + added).split(b"\n")
                for found in filter(None, map(EXPIRED.search, lines)):
                    self.until_ns = max(self.until_ns, int(found[1]))
                    self.blocks += 1
            return self.until_ns


class Part:
    """The spans of a trace in one request. They are stored, and expire, together."""

    def __init__(self, spans, sent_ns):
        self.spans, self.sent_ns, self.acknowledged = spans, sent_ns, False


class Trace:
    def __init__(self):
        self.parts = {}  # by request
        self.seen = 0  # the most that a reader has seen of the present server
        self.erasing = self.erased = False
        self.gone = False  # was erased before a reader's eyes

    def least(self):
        return max(self.seen, sum(part.spans for part in self.parts.values() if part.acknowledged))

    def possible(self, acknowledged, expired_ns):
        """All numbers of spans that are right when these parts were acknowledged and those sent until then may have
        expired."""
        sums = {0}
        for request, part in self.parts.items():
            with_it = {count + part.spans for count in sums}
            may_lack = request not in acknowledged or part.sent_ns <= expired_ns
            sums = sums | with_it if may_lack else with_it
        return sums


class Truth:
    """What a reader sees of a trace is some of its requests, each as a whole: all that were acknowledged before it asked,
    none that was not sent. It never becomes less, except that a crash may take what was seen and not acknowledged, and
    retention what is as old as the log says. An erased trace is gone as a whole, at the latest when the erasure is acknowledged, for ever.
    """

    def __init__(self, expiry):
        self.lock = threading.Lock()
        self.expiry = expiry
        self.traces = {}
        self.erasable = []  # everything of them is acknowledged: nothing of them will be received any more
        self.erased = []
        self.crashes = 0

    def crashed(self):
        with self.lock:
            self.crashes += 1
            for trace in self.traces.values():
                trace.seen = 0

    def sending(self, request, counts, now_ns):
        with self.lock:
            for trace_id, spans in counts.items():
                # Sent again it may be stored since the first time.
                self.traces.setdefault(trace_id, Trace()).parts.setdefault(request, Part(spans, now_ns))

    def acknowledged(self, request, counts):
        with self.lock:
            for trace_id in counts:
                self.traces[trace_id].parts[request].acknowledged = True

    def complete(self, trace_ids):
        with self.lock:
            self.erasable += trace_ids

    def found(self, trace_id, spans, sent_ns):
        """A trace of a sender that is no more: as much of it as is there after the restart stays. Which of its spans were
        in one request is not known."""
        with self.lock:
            trace = self.traces[trace_id] = Trace()
            trace.parts = {number: Part(1, sent_ns) for number in range(spans)}
            for part in trace.parts.values():
                part.acknowledged = True
            self.erasable.append(trace_id)

    def begin_erasing(self, chance, most):
        """Ids to erase: each is given once."""
        with self.lock:
            chance.shuffle(self.erasable)
            ids = [self.erasable.pop() for _ in range(min(most, len(self.erasable)))]
            for trace_id in ids:
                self.traces[trace_id].erasing = True
            return ids

    def end_erasing(self, ids):
        with self.lock:
            self.erased += ids
            for trace_id in ids:
                self.traces[trace_id].erased = True

    def before_reading(self, trace_id):
        with self.lock:
            trace = self.traces[trace_id]
            acknowledged = {request for request, part in trace.parts.items() if part.acknowledged}
            return trace.least(), acknowledged, self.crashes, trace.erased or trace.gone

    def read(self, trace_id, before, count):
        """What is wrong with having read `count`, when `before` was so before asking; or None."""
        least, acknowledged, crashes, gone = before
        expired_ns = self.expiry.look()
        with self.lock:
            trace = self.traces[trace_id]
            if gone:
                return None if count == 0 else f"trace {trace_id} is erased: {count} spans"
            possible = trace.possible(acknowledged, expired_ns)
            if trace.erasing and count == 0:
                trace.gone = trace.gone or 0 not in possible
                return None
            may_be_less = any(part.sent_ns <= expired_ns for part in trace.parts.values())
            if count not in possible or (count < least and not may_be_less):
                return (f"trace {trace_id}: {count} spans; right were {sorted(possible)}, not less than {least}; "
                        f"sent {[part.sent_ns for part in trace.parts.values()]}, expired {expired_ns}")
            if crashes == self.crashes:
                trace.seen = max(trace.seen, count)
            return None
