"""verdict: the checker of a fault run. It gives every application that was ever sent exactly one name and every other fault
a sentence, from what outsiders wrote down (applicants.py, witness.py, smtp_server.py, kopru-department) and what the database
holds.

    ok                 answered at once, stored once, as sent
    unknown-recovered  some attempt had no clear answer; it is stored once, whole
    unknown-absent     no attempt had a clear answer, its sender gave up, and it is nowhere
    unresolved         no clear answer, and nobody ever asked again until there was one
    lost duplicated unexpected misordered misdelivered

Streams, cases, commands and departments' ledgers are compared by checker.py, letters by letters.py. Only the standard library.
"""

import collections
import contextlib
import hashlib
import json
import os
import re

import applicants
import checker
import ledger
import letters

GOOD = ("ok", "unknown-recovered", "unknown-absent")
BAD = ("lost", "duplicated", "unexpected", "misordered", "misdelivered", "unresolved")
MARKER = re.compile(r"zx[0-9a-f]{20}|\+90500\d{7}")
FINAL = {"case.answered", "case.rejected", "case.forwarded"}
HANDS_OVER = {"assign", "transfer", "forward", "hand_back"}


class Evidence(checker.Evidence):
    def __init__(self):
        super().__init__()
        self.sent = {}  # key: applicants.Application
        self.unclear, self.gave_up = set(), set()  # keys
        self.texts = {}  # key: [(application, number, text)]
        self.handed = {}  # id of a command: department that it hands the case to
        self.copies = collections.defaultdict(list)  # department: [(seq, digest, markers)], as it came
        self.sent_notices = []  # letters.Notice
        self.taken, self.mail = [], []  # letters.Copy, letters.Letter
        self.cut = set()  # notices and addresses whose dialogue the mail server cut
        self.disturbed = []  # (begin, end) by the clock: something was done to a notifier or its database
        self.logs = {}  # name of a log: markers in it


class Verdict(checker.Findings):
    def __init__(self):
        super().__init__()
        self.unexpected, self.misdelivered, self.unresolved, self.names = [], [], [], {}

    def name(self, key, name, why=""):
        self.names[key] = name
        if name not in GOOD:
            getattr(self, name).append(f"{key}: {why}")

    def count(self):
        """Of the good names, how many applications; of the bad ones, how many faults."""
        good = collections.Counter(self.names.values())
        return {**{name: good[name] for name in GOOD}, **{name: len(getattr(self, name)) for name in BAD}}

    def clean(self):
        return not any(getattr(self, name) for name in BAD)

    def sentences(self, most=5):
        return [f"{name}: {why}" for name in BAD for why in getattr(self, name)[:most]]


# -- gathering

def read_applicants(evidence, folder, seed):
    for what, key, *rest in ledger.read(folder, "applicants"):
        if what == "A":
            evidence.attempts[key] += 1
            evidence.sent[key] = evidence.sent.get(key) or applicants.application(seed, int(key.rsplit("-", 1)[1]))
        elif what == "S":
            evidence.answers[key].append((int(rest[0]), rest[1]))
        elif what == "U":
            evidence.unclear.add(key)
            evidence.answers[key].append((0, "-"))
        elif what == "G":
            evidence.gave_up.add(key)
        elif what == "C":
            evidence.commands[key] = (rest[0], rest[1], int(rest[2]), rest[3])
        elif what == "P":
            evidence.replies[key].add((rest[0], int(rest[1]), int(rest[2])))


def read_witnesses(evidence, folder):
    checker.read_departments(evidence, folder)
    for what, first, *rest in ledger.read(folder, "departments"):
        if what == "B":
            evidence.copies[first].append((int(rest[0]), rest[1], tuple(m for m in rest[2].split(",") if m != "-")))
        elif what == "D":
            evidence.handed[first] = rest[0]


def read_lines(evidence, system, code):
    """What kopru-department printed: an event may come twice after a crash, as the same line; its effect is its first one."""
    seen = set()
    for line in system.lines(code):
        seq, text = line["seq"], json.dumps(line, sort_keys=True, ensure_ascii=False)
        evidence.copies[code].append((seq, hashlib.sha256(text.encode()).hexdigest()[:20], tuple(MARKER.findall(text))))
        if seq not in seen:
            seen.add(seq)
            evidence.handled[code].append(checker.Event(seq, checker.bare(line["event_id"]),
                                                        checker.bare(line["application_id"]), line["version"], line["type"]))
    read_cursor(evidence, system, code)


def read_cursor(evidence, system, code):
    with contextlib.suppress(FileNotFoundError), open(system.path("departments", code + ".cursor"), encoding="ascii") as cursor:
        evidence.acknowledged[code] = int(cursor.read().split()[1])


def read_logs(evidence, folder):
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
            evidence.logs[name] = MARKER.findall(file.read())


def gather(system, folder, seed, printing, mail_folder, mail_lines, disturbed):
    """printing: codes of departments whose end is kopru-department; mail_lines: the mail server's ledger."""
    evidence = Evidence()
    checker.gather_database(system, evidence)
    read_applicants(evidence, folder, seed)
    read_witnesses(evidence, folder)
    for code in printing:
        read_lines(evidence, system, code)
    read_logs(evidence, system.path("log"))
    ids = {}
    for row in system.rows("SELECT id, number, coalesce(key, '-'), body FROM intake.application"):
        id_, number, key, text = row.split("|", 3)
        ids[number] = checker.bare(id_)
        evidence.texts.setdefault(key, []).append((checker.bare(id_), number, text))
    evidence.commands = {id_: (who, ids.get(which, which), *rest) for id_, (who, which, *rest) in evidence.commands.items()}
    letters.gather(evidence, system, mail_folder, mail_lines, MARKER)
    evidence.disturbed = disturbed
    return evidence


# -- comparing

def check(evidence):
    verdict = Verdict()
    check_applications(evidence, verdict)
    checker.check_streams(evidence, verdict)
    checker.check_cases(evidence, verdict)
    checker.check_departments(evidence, verdict)
    checker.check_commands(evidence, verdict)
    checker.check_notices(evidence, verdict)
    check_answers(evidence, verdict)
    check_copies(evidence, verdict)
    letters.check(evidence, verdict)
    for name, markers in evidence.logs.items():
        if markers:
            verdict.misdelivered.append(f"the log {name} holds words of citizens: {markers[:3]}")
    return verdict


def check_applications(evidence, verdict):
    for key, one in evidence.sent.items():
        told = {number for status, number in evidence.answers[key] if status == 201}
        refused = {status for status, _ in evidence.answers[key] if 400 <= status < 500 and status != 429}
        verdict.name(key, *name_application(evidence, one, told, refused))
    verdict.figures["accepted"] = sum(any(status == 201 for status, _ in answers) for answers in evidence.answers.values())
    verdict.figures["stored"] = sum(map(len, evidence.texts.values()))
    verdict.unexpected += [f"{key} is stored and nobody sent it" for key in evidence.texts if key not in evidence.sent]


def name_application(evidence, one, told, refused):
    stored = evidence.texts.get(one.key, [])
    numbers = [number for _, number, _ in stored]
    if len(stored) > 1 or len(told) > 1:
        return "duplicated", f"told {sorted(told)}, stored as {numbers}"
    if told and told != set(numbers):
        return "lost", f"told {sorted(told)}, stored is {numbers}"
    if refused:
        return "unexpected", f"refused with {sorted(refused)}"
    if stored and stored[0][2] != one.text:
        return "unexpected", f"stored is another text: {stored[0][2]}"
    if not told and one.key not in evidence.gave_up:
        return "unresolved", f"sent {evidence.attempts[one.key]} times, stored is {numbers}"
    if not stored:
        return ("unknown-absent",)
    return ("unknown-recovered" if one.key in evidence.unclear else "ok",)


def check_answers(evidence, verdict):
    """At most one final answer stands at a time (I-09)."""
    final = {}
    for event in evidence.streams["case"]:
        if event.kind == "case.reopened":
            final.pop(event.application, None)
        elif event.kind in FINAL:
            if event.application in final:
                verdict.duplicated.append(f"application {event.application} has a second final answer, {event.id}")
            final[event.application] = event.id


def may_see(evidence):
    """Of each application, the departments that may see it: its topic's, and whom a command that was done handed it to."""
    allowed = collections.defaultdict(set)
    for key, rows in evidence.texts.items():
        if key in evidence.sent:
            for application, _, _ in rows:
                allowed[application].add(evidence.sent[key].department)
    for id_, (_, application, _, action) in evidence.commands.items():
        if action in HANDS_OVER and any(reply[0] == "ok" for reply in evidence.replies[id_]):
            allowed[application].add(evidence.handed.get(id_, "HM"))
    return allowed


def check_copies(evidence, verdict):
    """No byte of an application is at a department that may not see it; what comes again is the same bytes."""
    allowed = may_see(evidence)
    owner = {marker: key for key, one in evidence.sent.items() for marker in (one.marker, one.secret, one.phone)}
    persons = {marker: one.hidden for one in evidence.sent.values() for marker in (one.secret, one.phone)}
    of_key = {key: {row[0] for row in rows} for key, rows in evidence.texts.items()}
    for code, events in evidence.handled.items():
        for event in events:
            if code not in allowed[event.application]:
                verdict.misdelivered.append(f"{code} got {event.seq}, of application {event.application}, which it may not see")
    for code, copies in evidence.copies.items():
        digests, applications = {}, {event.seq: event.application for event in evidence.handled[code]}
        for seq, digest, markers in copies:
            if digests.setdefault(seq, digest) != digest:
                verdict.unexpected.append(f"{code} got other bytes when {seq} came again")
            for marker in markers:
                if persons.get(marker) or marker in persons and code in applicants.OUTSIDE:
                    verdict.misdelivered.append(f"{code} got {seq} with a person who is to be hidden")
                elif marker in owner and applications.get(seq) not in of_key.get(owner[marker], ()):
                    verdict.misdelivered.append(f"{code} got {seq} with the text of {owner[marker]}")
