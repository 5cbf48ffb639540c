#!/usr/bin/env python3
"""bench: a department that stops changes nobody else's latency (I-11).

    ROUNDS=5 SECONDS_EACH=8 tests/run --exec "/usr/bin/python3 tests/bench/stopped.py"

200 applications a second go through nginx; measured is from the start of the request to the event in the department's
hands. In pairs of rounds the busiest department's program is stopped (SIGSTOP: its connection stays, it reads nothing) and
goes on again. Told is the median over the pairs of the other departments' 99th percentile, stopped ÷ going. Writes
build/stopped.json."""

import json
import multiprocessing
import os
import selectors
import signal
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import crowd  # noqa: E402
import departments  # noqa: E402
import front  # noqa: E402
import ledger  # noqa: E402
import system as kopru  # noqa: E402
import year  # noqa: E402
import zmq  # noqa: E402

RATE = 200
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = int(os.environ.get("SECONDS_EACH", "8"))
LIMIT, CONNECTIONS = 1.25, 100  # nginx takes 128 of one address


class Watcher:
    """Departments in a process of their own; tells when each application came."""

    def __init__(self, system, codes, name):
        self.ours, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=self.run, args=(theirs, system, codes, name), daemon=True)
        self.process.start()

    @staticmethod
    def run(pipe, system, codes, name):
        book, came, poller = ledger.Ledger(system.path(f"{name}.ledger")), {}, zmq.Poller()
        watched = {}
        for code in codes:
            one = departments.Department(code, system, book)
            one.on_event = lambda _, event: came.setdefault(event.number, time.monotonic())
            watched[one.socket] = one
            poller.register(one.socket, zmq.POLLIN)
        poller.register(pipe, zmq.POLLIN)
        while True:
            for ready, _ in poller.poll(1000):
                if ready == pipe.fileno():
                    pipe.recv()
                    pipe.send(dict(came))
                    came.clear()
                else:
                    watched[ready].receive()
                    book.flush()
                    watched[ready].acknowledge()

    def came(self):
        """What came since the last question."""
        self.ours.send("?")
        return self.ours.recv()

    def close(self):
        self.process.kill()
        self.process.join()


class Pacer:
    """Sends applications at their times, over as many connections as it takes."""

    def __init__(self, port, key):
        self.port, self.key, self.selector = port, key, selectors.DefaultSelector()
        self.took, self.idle, self.place, self.again = crowd.collections.defaultdict(list), [], 0, 0
        self.writer = year.Writer(77)

    def steps(self, second, channel):
        self.place += 1
        body = self.writer.body(self.place, second, channel)
        status = 503
        while status == 503:  # the machine stood still: it counts from its first time on
            status, answer = yield "POST", "/api/v1/applications", self.key, body
            self.again += status == 503
        assert status == 201, answer
        self.sent[answer["number"]] = self.begun.pop(self.now)

    def run(self, seconds):
        """{number: when its request began}"""
        self.sent, self.begun, going = {}, {}, 0
        entries = year.schedule(RATE * seconds, self.place)
        for place in range(len(entries)):
            entries[place] = entries[(place * 7919) % len(entries)]  # channels and topics mixed
        while self.idle:
            self.idle.pop().close()
        start = time.monotonic() + .1
        while entries or going:
            now = time.monotonic()
            due = start + (RATE * seconds - len(entries)) / RATE
            if entries and now >= due and (self.idle or going < CONNECTIONS):
                person = self.idle.pop() if self.idle else crowd.Person(self, None)
                person.steps = self.steps(*entries.pop())
                self.begun[person] = due  # who could not be sent in time waits, too
                person.next(None)
                going += 1
                continue
            for key, _ in self.selector.select(max(.001, due - now) if entries else 1):
                person = self.now = key.data
                if person in self.idle:  # nginx closes what was idle for half a minute
                    self.idle.remove(person)
                    person.close()
                    continue
                answer = person.read()
                if answer and not person.next(answer):
                    going -= 1
                    self.idle.append(person)
        return self.sent


class Stopped:
    def __init__(self):
        self.system = kopru.System()
        self.front = front.Front(self.system)
        self.watchers, self.result = [], {"pairs": []}

    def start(self):
        self.system.start()
        self.front.start()
        codes = self.system.departments()
        departments.Departments.make_keys(self.system, codes)
        self.pacer = Pacer(self.front.port, self.system.api_key("stopped", "applications"))
        self.pacer.run(3)
        self.system.wait_quiet(60)
        busiest = self.system.value("SELECT department FROM router.case GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
        self.result["stopped_department"] = busiest
        self.watchers = [Watcher(self.system, [code for code in codes if code != busiest], "others"),
                         Watcher(self.system, [busiest], "busiest")]
        self.measure()  # what came while nobody watched, and plans

    def measure(self):
        """99th percentile and median of the others, in milliseconds."""
        sent = self.pacer.run(SECONDS)
        self.system.wait_quiet(60)
        theirs = {row for row in self.system.rows(
            f"SELECT number FROM router.case WHERE department <> '{self.result['stopped_department']}'")}
        came = {}

        def all_came():
            came.update(self.watchers[0].came())
            return all(number in came for number in sent if number in theirs)
        kopru.wait_until(all_came, 60, "the others have all of theirs")
        times = [(came[number] - at) * 1000 for number, at in sent.items() if number in theirs]
        return crowd.percentile(times, .99), crowd.percentile(times, .5)

    def pair(self, first_stopped):
        figures = {}
        for stopped in (first_stopped, not first_stopped):
            if stopped:
                os.kill(self.watchers[1].process.pid, signal.SIGSTOP)
            figures[stopped] = self.measure()
            if stopped:
                os.kill(self.watchers[1].process.pid, signal.SIGCONT)
                self.watchers[1].came()
        one = {"going_p99_ms": figures[False][0], "stopped_p99_ms": figures[True][0], "going_p50_ms": figures[False][1],
               "stopped_p50_ms": figures[True][1], "ratio": round(figures[True][0] / figures[False][0], 3)}
        self.result["pairs"].append(one)
        print(f"# {one}", flush=True)

    def run(self):
        try:
            self.start()
            for i in range(ROUNDS):
                self.pair(i % 2 == 0)
            self.result["sent_again"] = self.pacer.again
            self.result["ratio"] = statistics.median(one["ratio"] for one in self.result["pairs"])
        except BaseException:
            print(self.system.tail("intake"), file=sys.stderr)
            raise
        finally:
            for watcher in self.watchers:
                watcher.close()
            self.system.close()
        return self.result


def main():
    result = Stopped().run()
    with open(os.path.join(kopru.TOP, "build/stopped.json"), "w", encoding="utf-8") as out:
        json.dump(result, out, indent=2)
        out.write("\n")
    met = result["ratio"] < LIMIT
    print(f"\n{result['stopped_department']} stopped: the others' 99th percentile × {result['ratio']} (median of {ROUNDS} pairs), "
          f"< {LIMIT} {'met' if met else 'NOT MET'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
