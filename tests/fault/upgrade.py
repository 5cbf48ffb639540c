#!/usr/bin/python3
"""fault: from the last release to this one and back with traffic running: first the schema, then every service in turn, in both
orders, two of each, so that old and new ones always work side by side (F-112, F-076, I-16). Nothing is lost, doubled or out of
order. An event of a type that the old ones do not know is parked as it is, and fields that they do not know survive.

limit: 600 s (it builds the programs of the last release, once). RATE (40) applications a second"""

import os
import signal
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import commands  # noqa: E402
import postgres  # noqa: E402
import previous  # noqa: E402
import system as kopru  # noqa: E402
import takeover  # noqa: E402

RATE = float(os.environ.get("RATE", "40"))
END_SECONDS = 10
OLD, NEW = previous.COMMIT, "this one"
TAP = kopru.Tap()


class Upgrade(takeover.Pairs):
    """Everything begins with the last release: database, programs, settings and texts."""

    def __init__(self, seed, rate, build):
        self.builds = {OLD: build, NEW: kopru.BUILD}
        super().__init__(seed, rate)
        self.system.build = build
        self.system.settings["intake"] = self.settings(OLD, "intake")
        self.system.settings["notifier"].update(self.settings(OLD, "notifier"))

    def template(self):
        conninfo = self.cluster.conninfo().replace(" dbname=postgres", "")
        postgres.fill_template(conninfo, "kopru_previous", previous.TREE, self.builds[OLD])
        return "kopru_previous"

    def settings(self, version, service):
        tree = {OLD: previous.TREE, NEW: kopru.TOP}[version]
        many = f"ipc://{self.system.path('command-router-*.sock')}"
        return {"intake": {"INTAKE_COMMANDS": {OLD: self.system.commands, NEW: many}[version]},
                "notifier": {"NOTIFIER_TEMPLATES": os.path.join(tree, "services/notifier/templates")}}.get(service, {})

    def roll(self, version, *names):
        """Each ends in order and comes back as that version."""
        for name in names:
            process, service = self.process(name), name.split("-")[0]
            process.kill(signal.SIGTERM)
            code = process.process.wait(END_SECONDS)
            assert code == 0, f"{name} ended with {code}: {self.system.tail(name)}"
            process.command[0] = os.path.join(self.builds[version], "kopru-" + service)
            process.environment.update(self.settings(version, service))
            process.start()
            if service in kopru.SERVICES:
                self.system.wait_healthy(name)

    def append(self, stream, event_bytes, event_id, application):
        """As another release's owner would write it."""
        self.system.sql(f"SELECT FROM feed.stream WHERE name = '{stream}' FOR UPDATE; "
                        "INSERT INTO feed.event (stream, seq, event_id, application_id, kind, at, payload) "
                        f"SELECT '{stream}', coalesce(max(seq), 0) + 1, '{event_id}', '{application}', 'something.new', now(), "
                        f"'\\x{event_bytes.hex()}' FROM feed.event WHERE stream = '{stream}'")


def both(number, services=kopru.SERVICES):
    return [f"{service}-{number}" for service in services]


def the_last_release_runs_with_traffic():
    W.start()
    found = W.moved(time.monotonic(), 20)
    assert len(found) == len(W.marks()) + 2, found


def the_new_schema_comes_under_the_old_programs():
    began = time.monotonic()
    W.system.build = W.builds[NEW]  # from here on the operator's command is this release's
    W.system.kopru("migrate")
    print(f"# kopru migrate took {time.monotonic() - began:.2f} s")
    W.taken_over("old programs on the new schema", began)


def the_first_of_each_is_upgraded_in_the_order_of_the_stream():
    for service in kopru.SERVICES:
        W.roll(NEW, service + "-1")
        W.taken_over(f"{service}-1 is {NEW}, {service}-2 is {OLD}", time.monotonic())
    W.roll(NEW, "department-TEM")
    W.taken_over(f"department TEM is {NEW}, FEN is {OLD}", time.monotonic())


def the_second_of_each_is_upgraded():
    W.roll(NEW, *both(2), "department-FEN")
    W.taken_over(f"all are {NEW}", time.monotonic())


def one_of_each_is_rolled_back_against_the_stream():
    for service in reversed(kopru.SERVICES):
        W.roll(OLD, service + "-2")
        W.taken_over(f"{service}-2 is {OLD} again", time.monotonic())
    W.roll(OLD, *both(1), "department-TEM", "department-FEN")
    W.taken_over(f"all are {OLD} again", time.monotonic())


def all_are_upgraded_against_the_stream():
    for service in reversed(kopru.SERVICES):
        W.roll(NEW, service + "-1", service + "-2")
    W.taken_over(f"all are {NEW} again", time.monotonic())


def nothing_is_lost_doubled_or_out_of_order():
    W.finish()
    found = W.verdict()
    print(f"# {found.count()}; {found.figures}")
    assert found.clean(), "\n".join(found.sentences())
    assert found.figures["accepted"] > 200 and found.figures["commands"] > 10 and found.figures["letters"] > 50
    print("# " + W.system.kopru("reconcile").replace("\n", "\n# "))
    assert W.system.value("SELECT count(*) FROM feed.parked") == "0"


def what_a_release_does_not_know_is_parked_as_it_is(version):
    W.roll(version, *both(1))
    for name in both(2):
        W.process(name).stop()
    parked = {}
    for stream, consumers in (("intake", ("router", "reporting")), ("case", ("notifier", "reporting"))):
        event = commands.event_pb2.Event(id=uuid.uuid4().bytes, application_id=uuid.uuid4().bytes, number="HM-2026-0000001-5",
                                         version=2, at=int(time.time() * 1e6))
        data = event.SerializeToString() + b"\xa2\x38\x07yarinki"  # field 900, as no release has it
        W.append(stream, data, uuid.UUID(bytes=event.id), uuid.UUID(bytes=event.application_id))
        parked.update({f"{consumer}|{stream}|{uuid.UUID(bytes=event.id)}|{data.hex()}": None for consumer in consumers})
    query = "SELECT consumer || '|' || stream || '|' || event_id || '|' || encode(payload, 'hex') FROM feed.parked"
    kopru.wait_until(lambda: set(parked) <= set(W.system.rows(query)), 15, "the events are parked", lambda: W.system.sql(query))
    W.system.wait_quiet(15)
    print("# " + W.system.kopru("parked", "list").replace("\n", "\n# "))
    for name in both(2):
        W.process(name).start()
        W.system.wait_healthy(name)


def fields_that_a_release_does_not_know_survive(version):
    row = W.system.value("SELECT encode(payload, 'hex') FROM feed.event WHERE stream = 'intake' AND "
                         "kind = 'application.received' ORDER BY seq DESC LIMIT 1")
    event = commands.event_pb2.Event.FromString(bytes.fromhex(row))
    application = uuid.uuid4()
    event.id, event.application_id, event.number = uuid.uuid4().bytes, application.bytes, f"HM-2027-{int(time.time()) % 10**7:07d}-0"
    event.application_received.application.MergeFromString(b"\xa2\x38\x07yarinki")
    W.append("intake", event.SerializeToString(), uuid.UUID(bytes=event.id), application)
    routed = f"SELECT encode(payload, 'hex') FROM feed.event WHERE stream = 'case' AND application_id = '{application}'"
    kopru.wait_until(lambda: W.system.rows(routed), 15, "it is routed", lambda: W.system.tail("router"))
    assert b"yarinki" in bytes.fromhex(W.system.rows(routed)[0]), f"{version} dropped a field that it does not know"


def old_ones_park_what_they_do_not_know():
    what_a_release_does_not_know_is_parked_as_it_is(OLD)


def fields_that_old_ones_do_not_know_survive():
    for name in both(2):
        W.process(name).stop()
    fields_that_a_release_does_not_know_survive(OLD)


def an_addition_waits_for_who_does_not_know_it():
    """A type of event that came with this release: the old ones park it, the new ones take it when it is released."""
    W.roll(NEW, "router-1")
    case, seq = W.system.value("SELECT c.application_id || ' ' || max(e.seq) FROM router.case AS c, feed.event AS e WHERE "
                               "e.stream = 'case' AND c.state = 2 GROUP BY c.application_id LIMIT 1").split()
    client = commands.Client(f"ipc://{W.system.path('command-router-1.sock')}")
    reply = client.do("citizen_add", case, {"text": "Bir de bu"}, actor=commands.applicant())
    client.close()
    assert commands.code(reply) == "ok" and reply.seq == int(seq) + 1, reply
    parked = f"SELECT count(*) FROM feed.parked WHERE stream = 'case' AND seq = {reply.seq} AND released_at IS NULL"
    kopru.wait_until(lambda: W.system.value(parked) == "2", 15, "both have parked it", lambda: W.system.sql("TABLE feed.parked"))
    W.roll(NEW, "notifier-1", "reporting-1")
    for consumer in ("notifier", "reporting"):
        W.system.kopru("parked", "release", consumer, "case", str(reply.seq))
    kopru.wait_until(lambda: W.system.value(f"SELECT body FROM reporting.history WHERE application_id = '{case}' AND "
                                            "event = 'citizen.added'") == "Bir de bu", 15, "the citizen sees it",
                     lambda: W.system.tail("reporting-1"))
    assert W.system.value(parked) == "0"


def new_ones_do_the_same():
    W.roll(NEW, *both(1))
    fields_that_a_release_does_not_know_survive(NEW)
    for name in both(2):
        W.process(name).start()
    what_a_release_does_not_know_is_parked_as_it_is(NEW)


began_building = time.monotonic()
PREVIOUS = previous.build()
if not PREVIOUS:
    TAP.skip("upgrade and rollback", f"the history of this clone does not reach back to {OLD}, the last release (git fetch "
             "--unshallow brings it), or there is no git")
    TAP.end()
print(f"# the programs of {OLD} were there after {time.monotonic() - began_building:.1f} s")
W = Upgrade(11, RATE, PREVIOUS)
try:
    for test in (the_last_release_runs_with_traffic, the_new_schema_comes_under_the_old_programs,
                 the_first_of_each_is_upgraded_in_the_order_of_the_stream, the_second_of_each_is_upgraded,
                 one_of_each_is_rolled_back_against_the_stream, all_are_upgraded_against_the_stream,
                 nothing_is_lost_doubled_or_out_of_order, old_ones_park_what_they_do_not_know,
                 fields_that_old_ones_do_not_know_survive, an_addition_waits_for_who_does_not_know_it,
                 new_ones_do_the_same):
        TAP.run(test.__name__, test)
finally:
    W.close(keep=bool(TAP.failed))
    if TAP.failed:
        print(f"# ledgers and logs: {W.system.folder}")
TAP.end()
