#!/usr/bin/python3
"""fault: the checker of the seeded run calls each planted fault by its name, and a run without one clean (no program runs)."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import applicants  # noqa: E402
import checker  # noqa: E402
import system as kopru  # noqa: E402
import verdict  # noqa: E402

SEED, COUNT = 7, 40
TAP = kopru.Tap()


def accept(evidence, place):
    """One application, as it looks everywhere when all went well."""
    one = applicants.application(SEED, place)
    application, number, code = f"{place:032x}", f"HM-2026-{place:07d}-0", one.department
    evidence.sent[one.key] = one
    evidence.attempts[one.key] = 1
    evidence.answers[one.key] = [(201, number)]
    evidence.texts[one.key] = [(application, number, one.text)]
    evidence.stored.append((application, number, one.key, "1"))
    seq = len(evidence.streams["case"]) + 1
    routed = checker.Event(seq, f"{place:032d}", application, 2, "application.routed")
    evidence.streams["intake"].append(checker.Event(seq, f"{place + 500:032d}", application, 1, "application.received"))
    evidence.streams["case"].append(routed)
    evidence.decisions[application] = 1
    evidence.cases[application] = (code, 2)
    evidence.counted[application] = 2
    copied = routed._replace(seq=len(evidence.handled[code]) + 1)
    evidence.streams["department/" + code].append(copied)
    evidence.handled[code].append(copied)
    evidence.acknowledged[code] = copied.seq
    evidence.copies[code].append((copied.seq, f"digest-{place}", (one.marker,)))
    notify(evidence, one, routed, number)


def notify(evidence, one, routed, number):
    evidence.notices.append((routed.id, "received", "sent" if one.address else "none", "" if one.address else "no address"))
    evidence.sent_notices.append((routed.id, routed.application, one.address or "-", "sent" if one.address else "none", 0))
    if one.address:
        evidence.mail.append((f"<{routed.id}@example.org>", one.address, False, (), (number,)))
    evidence.letters = len(evidence.mail)


def answer(evidence, place):
    """The department answers: one command, one event."""
    one = applicants.application(SEED, place)
    application, code = f"{place:032x}", one.department
    seq = len(evidence.streams["case"]) + 1
    event = checker.Event(seq, f"{place + 900:032d}", application, 3, "case.answered")
    evidence.streams["case"].append(event)
    copied = event._replace(seq=len(evidence.handled[code]) + 1)
    for events in (evidence.streams["department/" + code], evidence.handled[code]):
        events.append(copied)
    evidence.acknowledged[code] = copied.seq
    evidence.cases[application], evidence.counted[application] = (code, 3), 3
    evidence.commands[f"c{place}"] = (code, application, 2, "answer")
    evidence.replies[f"c{place}"], evidence.decided[f"c{place}"] = {("ok", 3, seq)}, 1


def good():
    evidence = verdict.Evidence()
    for place in range(COUNT):
        accept(evidence, place)
    for place in range(0, COUNT, 5):
        answer(evidence, place)
    return evidence


def key(place):
    return applicants.application(SEED, place).key


def nothing_is_found_where_nothing_is():
    found = verdict.check(good())
    assert found.clean() and found.count()["ok"] == COUNT, found.sentences()


def unknown_ones_have_their_names():
    evidence = good()
    for place in (1, 2):
        evidence.unclear.add(key(place))
        evidence.answers[key(place)].insert(0, (0, "-"))
    absent = applicants.application(SEED, COUNT)
    evidence.sent[absent.key] = absent
    evidence.unclear.add(absent.key)
    evidence.gave_up.add(absent.key)
    found = verdict.check(evidence)
    assert found.clean(), found.sentences()
    assert found.count()["unknown-recovered"] == 2 and found.count()["unknown-absent"] == 1, found.count()
    assert found.names[absent.key] == "unknown-absent" and found.names[key(1)] == "unknown-recovered"


def planted(name, change, which=None):
    """The evidence with one change has that name, and where the change concerns one application, that application has it."""
    evidence = good()
    change(evidence)
    found = verdict.check(evidence)
    assert found.count()[name] > 0, (name, found.count(), found.sentences())
    assert which is None or found.names[which] == name, (which, found.names[which])


def swap(events):
    events[0], events[1] = events[1], events[0]


def a_lost_one_is_called_so():
    planted("lost", lambda e: e.texts.pop(key(3)), key(3))
    planted("lost", lambda e: e.texts.update({key(3): [("0" * 32, "HM-2026-9999999-9", "")]}), key(3))
    planted("lost", lambda e: e.streams["intake"].pop())
    planted("lost", lambda e: e.cases.popitem())
    planted("lost", lambda e: e.counted.popitem())
    planted("lost", lambda e: e.handled["HM"].pop())
    planted("lost", lambda e: e.mail.pop())
    planted("lost", lambda e: e.replies.popitem())
    planted("lost", lambda e: e.sent_notices.append((*e.sent_notices.pop()[:3], "pending", 0)))


def a_double_is_called_so():
    planted("duplicated", lambda e: e.texts[key(3)].append(e.texts[key(4)][0]), key(3))
    planted("duplicated", lambda e: e.answers[key(3)].append((201, "HM-2026-9999999-9")), key(3))
    planted("duplicated", lambda e: e.handled["HM"].append(e.handled["HM"][0]))
    planted("duplicated", lambda e: e.mail.append(e.mail[0]))
    planted("duplicated", lambda e: e.decisions.update([next(iter(e.decisions))]))
    planted("duplicated", lambda e: e.streams["case"].append(e.streams["case"][-1]._replace(
        seq=len(e.streams["case"]) + 1, id="f" * 32, version=4)))


def a_repetition_that_was_counted_is_none():
    evidence = good()
    evidence.mail.append(evidence.mail[0])
    repeated = evidence.mail[0][0].strip("<>").split("@")[0]
    evidence.sent_notices = [(*row[:4], int(row[0] == repeated)) for row in evidence.sent_notices]
    assert verdict.check(evidence).clean()


def a_wrong_order_is_called_so():
    planted("misordered", lambda e: swap(e.streams["case"]))
    planted("misordered", lambda e: swap(e.handled["HM"]))
    planted("misordered", lambda e: e.streams["case"].append(e.streams["case"].pop()._replace(version=9)))


def foreign(evidence, code):
    """An event of an application whose department is another one."""
    return next(event for other, events in evidence.handled.items() if other != code for event in events)


def stray(evidence):
    """A department gets, and handles, what belongs to another one; its stream says so, too."""
    event = foreign(evidence, "HM")._replace(seq=len(evidence.handled["HM"]) + 1, id="e" * 32)
    evidence.handled["HM"].append(event)
    evidence.streams["department/HM"].append(event)


def what_went_astray_is_called_so():
    other = applicants.application(SEED, 3)
    planted("misdelivered", stray)
    planted("misdelivered", lambda e: next(copies for code, copies in e.copies.items() if code != other.department).append(
        (1, "-", (other.marker,))))
    planted("misdelivered", lambda e: e.mail.append((e.mail[0][0], e.mail[1][1], False, (), e.mail[0][4])))
    planted("misdelivered", lambda e: e.mail.append((*e.mail[0][:3], (other.marker,), ()))
            if e.mail[0][1] != other.address else e.mail.append((*e.mail[1][:3], (other.marker,), ())))
    planted("misdelivered", lambda e: e.logs.update({"router-1.log": [other.secret]}))
    hidden = next(one for one in (applicants.application(SEED, place) for place in range(COUNT)) if one.hidden)
    for marker in (hidden.secret, hidden.phone):
        planted("misdelivered", lambda e, m=marker: e.copies[hidden.department].append((1, "digest-x", (m,))))
    outside = next(one for one in (applicants.application(SEED, place) for place in range(COUNT))
                   if one.department in applicants.OUTSIDE and not one.hidden)
    planted("misdelivered", lambda e: e.copies[outside.department].append((1, "digest-x", (outside.phone,))))


def an_unresolved_one_is_called_so():
    def forget(evidence):
        evidence.answers[key(3)] = [(0, "-")]
        evidence.unclear.add(key(3))
    planted("unresolved", forget, key(3))


def what_nobody_expected_is_called_so():
    planted("unexpected", lambda e: e.texts.update({"F9-000001": [("a" * 32, "HM-2026-9999999-9", "x")]}))
    planted("unexpected", lambda e: e.texts.update({key(3): [(*e.texts[key(3)][0][:2], "another text")]}), key(3))
    planted("unexpected", lambda e: e.copies["HM"].append((e.copies["HM"][0][0], "other bytes", ())))
    planted("unexpected", lambda e: e.mail.append(("<nobody@example.org>", *e.mail[0][1:])))


for test in (nothing_is_found_where_nothing_is, unknown_ones_have_their_names, a_lost_one_is_called_so, a_double_is_called_so,
             a_repetition_that_was_counted_is_none, a_wrong_order_is_called_so, what_went_astray_is_called_so,
             an_unresolved_one_is_called_so, what_nobody_expected_is_called_so):
    TAP.run(test.__name__, test)
TAP.end()
