"""letters: judges what citizens were told, from three sides: what applicants gave as their addresses, what the mail server's
own ledger says that it took and how it misbehaved, and what the notifier believes. verdict.py calls it.

A notice has no letter only where its applicant gave no address, and waits only where the address is not verified. A letter was
taken once; a second time only if it matters (policy at_least_once), and then it says that it is a repetition (I-10). Nobody knows
of a letter only where the mail server cut its dialogue, or the notifier or its database were disturbed meanwhile. Only the
standard library.
"""

import collections
import email
import email.policy
import json
import os
import re

import checker

Notice = collections.namedtuple("Notice", "id event application template policy address state reason resends tried")
Copy = collections.namedtuple("Copy", "id address repeated")  # a line of the mail server's ledger: it took this one
Letter = collections.namedtuple("Letter", "id address markers numbers")  # what was in it
CLEAR = ("4xx", "5xx", "421")  # at the dot these say that the letter was not taken
SLACK_SECONDS = 1  # between what was written down and what was done
NOTICES = """SELECT n.id, n.event_id, n.application_id, n.template, n.policy, coalesce(n.address, '-'), n.state,
  coalesce(n.reason, '-'), n.resends, coalesce((
    SELECT string_agg(extract(epoch FROM t.started_at) || ' ' || extract(epoch FROM coalesce(t.ended_at, t.started_at)), ',')
      FROM notifier.attempt AS t WHERE t.notice_id = n.id AND t.outcome IN ('sending', 'unknown')), '')
  FROM notifier.notice AS n"""


def id_of(message_id):
    return message_id.strip("<>").split("@")[0].split(".")[0]


def spans(text):
    return [tuple(map(float, pair.split(" "))) for pair in text.split(",") if pair]


def gather(evidence, system, folder, lines, marker):
    """folder: where the mail server put the letters; lines: of its ledger; marker: a pattern of the words of citizens."""
    for row in system.rows(NOTICES):
        id_, event, application, template, policy, address, state, reason, resends, tried = row.split("|")
        evidence.sent_notices.append(Notice(id_, checker.bare(event), checker.bare(application), template, policy, address, state,
                                            reason, int(resends), spans(tried)))
    for line in lines:
        if line["event"] == "taken":
            evidence.taken.append(Copy(id_of(line["message_id"]), line["to"], line["repeated"]))
        if "message_id" in line and (line["event"] == "slow" or line.get("do") and line["do"] not in CLEAR):
            evidence.cut.add(id_of(line["message_id"]))
        elif line.get("verb") == "TEXT":
            evidence.cut.add(line["to"])
    for name in sorted(os.listdir(folder)):
        if name.endswith(".eml"):
            with open(os.path.join(folder, name), "rb") as file:
                letter = email.message_from_binary_file(file, policy=email.policy.default)
            text = f"{letter['Subject']}\n{letter.get_content()}"
            evidence.mail.append(Letter(id_of(str(letter["Message-ID"])), str(letter["To"]).strip("<>"),
                                        tuple(marker.findall(text)), tuple(set(re.findall(r"HM-\d{4}-\d{7}-\d", text)))))
    sent = {notice.id for notice in evidence.sent_notices if notice.state == "sent"}
    evidence.letters = len(sent & {copy.id for copy in evidence.taken})


def read_ledger(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def check(evidence, verdict):
    check_told(evidence, verdict)
    copies = collections.defaultdict(list)
    for copy in evidence.taken:
        copies[copy.id].append(copy)
    senders = {row[0]: evidence.sent.get(key) for key, rows in evidence.texts.items() for row in rows}
    for notice in evidence.sent_notices:
        check_reason(notice, senders.get(notice.application), verdict)
        check_copies(notice, copies[notice.id], verdict)
        if notice.state == "unknown" and not excused(notice, evidence):
            verdict.unexpected.append(f"notice {notice.id} is unknown, and nobody disturbed it: {notice.reason}, {notice.tried}")
    check_contents(evidence, verdict)
    verdict.figures["letters"] = len(evidence.taken)


def check_told(evidence, verdict):
    """Each event that the citizen is to hear of has the notice that is for it."""
    templates = collections.defaultdict(set)
    for notice in evidence.sent_notices:
        templates[notice.event].add(notice.template)
    verdict.lost += [f"no notice {checker.TOLD[event.kind]} of event {event.id} ({event.kind})"
                     for event in evidence.streams["case"]
                     if event.kind in checker.TOLD and checker.TOLD[event.kind] not in templates[event.id]]


def check_reason(notice, one, verdict):
    """one: the application as its applicant sent it."""
    what = f"notice {notice.id} ({notice.template}, {notice.state}: {notice.reason})"
    if notice.state in ("pending", "sending", "failed"):
        verdict.lost.append(f"{what} is not at its end")
    elif not one:
        verdict.unexpected.append(f"{what} is about an application that nobody sent")
    elif notice.state == "none" and one.address or notice.state == "held" and one.verified:
        verdict.lost.append(f"{what}, but its applicant gave an address" + " that is verified" * one.verified)
    elif (notice.address == "-") != (notice.state == "none") or notice.address not in ("-", one.address):
        verdict.misdelivered.append(f"{what} is for another address than its applicant's")
    elif notice.state not in ("none", "held") and one.verified == (notice.template == "confirm"):
        verdict.misdelivered.append(f"{what} went to an address that is " + ("" if one.verified else "not ") + "verified")


def check_copies(notice, copies, verdict):
    what = f"notice {notice.id} ({notice.template}, {notice.policy}, {notice.state}, repeated {notice.resends} times)"
    plain = sum(not copy.repeated for copy in copies)
    if notice.state == "sent" and not copies:
        verdict.lost.append(f"{what} was sent, and no mail server took it")
    if notice.resends > (notice.policy == "at_least_once"):
        verdict.duplicated.append(f"{what} was repeated more often than its policy allows")
    elif len(copies) > 1 + notice.resends or notice.state in ("none", "held") and copies:
        verdict.duplicated.append(f"{what} was taken {len(copies)} times")
    elif plain > 1:
        verdict.duplicated.append(f"{what} was taken {plain} times without a word that it is a repetition")
    verdict.misdelivered += [f"{what} went to another address" for copy in copies if copy.address != notice.address]


def excused(notice, evidence):
    """Whether the last attempt's fate may be unknown."""
    begin, end = max(notice.tried, default=(0, 0))
    return notice.id in evidence.cut or notice.address in evidence.cut or any(
        begin - SLACK_SECONDS <= until and since <= end + SLACK_SECONDS for since, until in evidence.disturbed)


def check_contents(evidence, verdict):
    """A letter is about its addressee's application only."""
    addresses = {one.address: one for one in evidence.sent.values() if one.address}
    number_of = {key: {row[1] for row in rows} for key, rows in evidence.texts.items()}
    known = {notice.id for notice in evidence.sent_notices}
    verdict.unexpected += [f"letter {copy.id} has no notice" for copy in evidence.taken if copy.id not in known]
    if collections.Counter(copy.id for copy in evidence.taken) != collections.Counter(letter.id for letter in evidence.mail):
        verdict.unexpected.append(f"{len(evidence.taken)} letters were taken, {len(evidence.mail)} are there to be read")
    for letter in evidence.mail:
        one = addresses.get(letter.address)
        if not one or set(letter.numbers) - number_of.get(one.key, set()) or set(letter.markers) - {one.marker, one.secret}:
            verdict.misdelivered.append(f"letter {letter.id} to the sender of {one and one.key} is about {letter.numbers}, "
                                        f"{letter.markers}")
