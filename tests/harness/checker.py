"""checker: compares what outsiders wrote down (ledger.py) with what the database, its streams and the outbox hold.

gather() reads both sides, check() compares them; it assumes nothing of the system but its contract: an answer of 201 is
one application for ever (I-01, I-02), each is routed once (I-06), streams are dense and versions in order (I-07), each
event is handled by its department once and acknowledged, each is told to its citizen once or there is a reason why not
(I-10). Only the standard library.
"""

import collections
import os

import ledger

OK = 1  # code of a reply
ESCALATE = 33  # tag of the command by which the router tells a stage of a clock
STAGE = "case.escalated"  # and the kind of its event

Event = collections.namedtuple("Event", "seq id application version kind")

# A packed event begins with its id and its application's, 16 bytes each, then number and version: -1 where it does not.
VERSION = """CASE WHEN length(payload) > 40 AND get_byte(payload, 18) = 18 AND get_byte(payload, 36) = 26
  AND get_byte(payload, 38 + get_byte(payload, 37)) = 32 THEN get_byte(payload, 39 + get_byte(payload, 37)) ELSE -1 END"""
# Kinds of events of stream "case" that the citizen is told of, and in which letter.
TOLD = {"application.routed": "received", "case.assigned": "assigned", "case.transferred": "assigned",
        "citizen.asked": "question", "citizen.reminded": "reminder", "case.answered": "answered",
        "case.interim_answered": "interim_answer", "case.forwarded": "forwarded", "case.rejected": "rejected",
        "case.reopened": "reopened", "case.closed": "closed", "case.withdrawn": "withdrawn", "case.merged": "merged",
        "case.unmerged": "unmerged", "deadline.moved": "deadline_moved", "fee.told": "fee_told", "fee.paid": "fee_paid"}


class Evidence:
    """Everything that is compared; tests change it and see that check() notices."""

    def __init__(self):
        self.attempts = collections.Counter()  # key: how often sent
        self.answers = collections.defaultdict(list)  # key: [(status or 0 for none, number)]
        self.stored = []  # (application, number, external id, channel)
        self.streams = collections.defaultdict(list)  # name: [Event]
        self.cases = {}  # application: (department, version)
        self.decisions = collections.Counter()  # application
        self.notices = []  # (event, template, state, reason)
        self.letters = 0  # files in the outbox
        self.counted = {}  # application: version that reporting knows
        self.handled = collections.defaultdict(list)  # department: [Event]
        self.acknowledged = {}  # department: seq
        self.commands = {}  # id: (department, application, expected version, action)
        self.replies = collections.defaultdict(set)  # id of a command: {(result, version, seq)}
        self.decided = {}  # id of a command that the router decided on: its code
        self.stages = collections.Counter()  # of the router's own commands that tell a stage of a clock: code


def bare(uuid):
    return uuid.replace("-", "")


def read_sender(evidence, folder):
    for what, key, *rest in ledger.read(folder, "sender-"):
        if what == "A":
            evidence.attempts[key] += 1
        elif what == "S":
            evidence.answers[key].append((int(rest[0]), rest[1]))
        elif what == "U":
            evidence.answers[key].append((0, "-"))


def read_departments(evidence, folder):
    for what, code, *rest in ledger.read(folder, "departments"):
        if what == "E":
            seq, event, application, _, version, kind = rest
            evidence.handled[code].append(Event(int(seq), event, application, int(version), kind.replace("_", ".", 1)))
        elif what == "K":
            evidence.acknowledged[code] = int(rest[0])
        elif what == "C":
            evidence.commands[code] = (rest[0], rest[1], int(rest[2]), rest[3])
        elif what == "P":
            evidence.replies[code].add((rest[0], int(rest[1]), int(rest[2])))


def gather(system, folder):
    evidence = Evidence()
    read_sender(evidence, folder)
    read_departments(evidence, folder)
    gather_database(system, evidence)
    evidence.letters = sum(name.endswith(".eml") for _, _, names in os.walk(system.path("outbox")) for name in names)
    return evidence


def gather_database(system, evidence):
    def rows(query):
        return (row.split("|") for row in system.rows(query))
    evidence.stored = [(bare(row[0]), *row[1:]) for row in rows(
        "SELECT id, number, coalesce(split_part(external_id, ' ', 1), '-'), channel FROM intake.application")]
    for stream, seq, event, application, version, kind in rows(
            f"SELECT stream, seq, event_id, application_id, {VERSION}, kind FROM feed.event ORDER BY stream, seq"):
        evidence.streams[stream].append(Event(int(seq), bare(event), bare(application), int(version), kind))
    evidence.cases = {bare(row[0]): (row[1], int(row[2])) for row in rows(
        "SELECT application_id, department, version FROM router.case")}
    evidence.decisions = collections.Counter(bare(row[0]) for row in rows("SELECT application_id FROM router.decision"))
    evidence.notices = [(bare(row[0]), *row[1:]) for row in rows(
        "SELECT event_id, template, state, coalesce(reason, '') FROM notifier.notice")]
    evidence.counted = {bare(row[0]): int(row[1]) for row in rows("SELECT application_id, version FROM reporting.application")}
    evidence.decided = {bare(row[0]): int(row[1]) for row in rows(
        f"SELECT id, code FROM router.command WHERE action <> {ESCALATE}")}
    evidence.stages = collections.Counter(int(row[0]) for row in rows(
        f"SELECT code FROM router.command WHERE action = {ESCALATE}"))


class Findings:
    def __init__(self):
        self.lost, self.duplicated, self.misordered = [], [], []
        self.figures = dict.fromkeys(("accepted", "stored", "routed", "delivered", "acknowledged", "noticed", "commands",
                                      "refused"), 0)

    def count(self):
        return {name: len(getattr(self, name)) for name in ("lost", "duplicated", "misordered")}


def check(evidence):
    findings = Findings()
    check_answers(evidence, findings)
    check_streams(evidence, findings)
    check_cases(evidence, findings)
    check_departments(evidence, findings)
    check_commands(evidence, findings)
    check_notices(evidence, findings)
    return findings


def check_answers(evidence, findings):
    """The sender's ledger and intake's table."""
    stored = collections.defaultdict(list)
    for application, number, external_id, _ in evidence.stored:
        stored[external_id].append(number)
    numbers = collections.Counter(number for _, number, _, _ in evidence.stored)
    findings.duplicated += [f"number {number} stands {times} times" for number, times in numbers.items() if times > 1]
    for key in evidence.attempts:
        told = {number for status, number in evidence.answers[key] if status == 201}
        taken = any(status == 200 for status, _ in evidence.answers[key])
        findings.figures["accepted"] += bool(told) or taken
        if taken and not stored[key]:
            findings.lost.append(f"{key} was taken and is stored nowhere")
        elif not told and not taken:
            findings.lost.append(f"{key} was sent and never accepted")
        elif len(told) > 1:
            findings.duplicated.append(f"{key} got the numbers {sorted(told)}")
        elif told and not told & set(stored[key]):
            findings.lost.append(f"{key} was told {told}, stored is {stored[key]}")
        if len(evidence.answers[key]) != evidence.attempts[key]:
            findings.lost.append(f"{key} was sent {evidence.attempts[key]} times, outcomes are {evidence.answers[key]}")
        if len(stored[key]) > 1:
            findings.duplicated.append(f"{key} is stored as {stored[key]}")
    findings.figures["stored"] = len(evidence.stored)


def check_streams(evidence, findings):
    """Dense, each event once, and the versions of an application in order (letters that came back are none)."""
    for stream, events in evidence.streams.items():
        versions = {}
        twice = [event for event, times in collections.Counter(e.id for e in events).items() if times > 1]
        findings.duplicated += [f"{stream} has event {event} more than once" for event in twice]
        for place, event in enumerate(events):
            if event.seq != place + 1:
                findings.misordered.append(f"{stream} has {event.seq} at place {place + 1}")
            if stream == "bounce":
                continue
            before = versions.get(event.application, {"intake": 0, "case": 1}.get(stream))
            if before is not None and (event.version != before + 1 if stream in ("intake", "case") else event.version <= before):
                findings.misordered.append(f"{stream} {event.seq} has version {event.version} after {before}")
            versions[event.application] = event.version


def check_cases(evidence, findings):
    """Each stored application has one event of intake, one decision, one case, one routed event, one row of figures."""
    received = collections.Counter(e.application for e in evidence.streams["intake"])
    last = {e.application: e.version for e in evidence.streams["case"]}
    for application, number, _, _ in evidence.stored:
        for name, times in (("intake event", received[application]), ("decision", evidence.decisions[application])):
            if times != 1:
                (findings.duplicated if times else findings.lost).append(f"{number} has {times} times its {name}")
        if application not in evidence.cases or application not in last:
            findings.lost.append(f"{number} was not routed")
            continue
        findings.figures["routed"] += 1
        if last[application] != evidence.cases[application][1]:
            findings.lost.append(f"{number}: the case has version {evidence.cases[application][1]}, its stream {last[application]}")
        if evidence.counted.get(application) != last[application]:
            findings.lost.append(f"{number}: reporting knows version {evidence.counted.get(application)} of {last[application]}")


def check_departments(evidence, findings):
    """What departments wrote down is what their streams hold, in that order; a routed event is in exactly one of them."""
    first = collections.defaultdict(list)
    for stream, events in evidence.streams.items():
        if not stream.startswith("department/"):
            continue
        code = stream.split("/")[1]
        handled = evidence.handled[code]
        seqs = [event.seq for event in handled]
        findings.duplicated += [f"{code} handled {seq} {times} times" for seq, times in collections.Counter(seqs).items() if times > 1]
        if seqs != sorted(seqs):
            findings.misordered.append(f"{code} handled its events out of order")
        theirs = {event.seq: event for event in handled}
        for event in events:
            got = theirs.get(event.seq)
            if not got:
                findings.lost.append(f"{code} did not handle {event.seq}")
            elif (got.id, got.application, got.version) != (event.id, event.application, event.version):
                findings.misordered.append(f"{code} handled another event as {event.seq}")
            else:
                first[event.id].append((code, event.seq))
        strange = set(theirs) - {event.seq for event in events}
        findings.duplicated += [f"{code} handled {seq}, which its stream does not have" for seq in strange]
        if events and evidence.acknowledged.get(code) != events[-1].seq:
            findings.lost.append(f"{code} acknowledged {evidence.acknowledged.get(code)} of {events[-1].seq}")
    for event in evidence.streams["case"]:
        if event.kind != "application.routed":
            continue
        places = first[event.id]
        if len(places) != 1:
            (findings.duplicated if places else findings.lost).append(f"event {event.id} of application {event.application} "
                                                                      f"was handled by {places or 'no department'}")
        findings.figures["delivered"] += bool(places)
        findings.figures["acknowledged"] += any(seq <= evidence.acknowledged.get(code, 0) for code, seq in places)


def stages_told(events):
    """application: versions of its events that tell a stage of a clock, which changes nothing that a command minds."""
    told = collections.defaultdict(list)
    for event in events:
        if event.kind == STAGE:
            told[event.application].append(event.version)
    return told


def check_commands(evidence, findings):
    """Each command has one final reply; each "ok" is one event with the version and the place that the reply told."""
    case = {event.seq: event for event in evidence.streams["case"]}
    stages = stages_told(case.values())
    done = 0
    for command, (code, application, expected, action) in evidence.commands.items():
        final = {reply for reply in evidence.replies[command] if reply[0] not in ("busy", "unknown")}
        what = f"command {action} of {code} ({command})"
        if not final:
            findings.lost.append(f"{what} got no answer")
        elif len(final) > 1:
            findings.duplicated.append(f"{what} got the answers {sorted(final)}")
        elif evidence.decided.get(command) is None:
            findings.lost.append(f"{what} was answered {final}, and the router does not know it")
        for result, version, seq in final:
            event = case.get(seq)
            if result != "ok":
                findings.figures["refused"] += 1
                continue
            done += 1
            if not event or (event.application, event.version) != (application, version):
                findings.lost.append(f"{what} was answered {version} at {seq}, where {event} stands")
            elif version != expected + 1 + sum(expected < between < version for between in stages[application]):
                findings.misordered.append(f"{what} expected version {expected} and made {version}")
    findings.figures["commands"] = done
    told = sum(len(versions) for versions in stages.values())
    if told != evidence.stages[OK]:
        (findings.duplicated if told > evidence.stages[OK] else findings.lost).append(
            f"{evidence.stages[OK]} stages of clocks were decided on, stream \"case\" tells {told}")
    later = len(case) - told - sum(event.kind == "application.routed" for event in case.values())
    if later != done:
        (findings.duplicated if later > done else findings.lost).append(
            f'{done} commands were answered "ok", stream "case" holds {later} events of commands')
    strange = set(evidence.decided) - set(evidence.commands)
    if strange:
        findings.duplicated.append(f"the router decided on {len(strange)} commands that nobody sent")


def check_notices(evidence, findings):
    """What the citizen is to hear of has one notice, sent or with the reason why not; the outbox holds what was sent."""
    of_event = collections.defaultdict(list)
    for event, template, state, reason in evidence.notices:
        of_event[event].append((template, state, reason))
    told_of = set()
    for event in evidence.streams["case"]:
        if event.kind not in TOLD:
            continue
        notices = of_event[event.id]
        if all(template != TOLD[event.kind] for template, _, _ in notices):
            findings.lost.append(f"no notice of event {event.id} ({event.kind})")
        for template, times in collections.Counter(notice[0] for notice in notices).items():
            if times > 1:
                findings.duplicated.append(f"event {event.id} has {times} notices of template {template}")
        for template, state, reason in notices:
            if state != "sent" and not reason:
                findings.lost.append(f"notice {template} of event {event.id} is {state} and nobody knows why")
        if notices and event.kind == "application.routed":
            told_of.add(event.application)
    findings.figures["noticed"] = len(told_of)
    sent = sum(state == "sent" for _, _, state, _ in evidence.notices)
    if evidence.letters < sent:
        findings.lost.append(f"{sent - evidence.letters} of {sent} letters are not in the outbox")
    elif evidence.letters > sent:
        findings.duplicated.append(f"{evidence.letters - sent} letters more than the {sent} that were sent")
