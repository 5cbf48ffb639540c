#!/usr/bin/python3
"""fault: the checker of the seeded run calls each planted fault by its name, and a run without one clean (no program runs)."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import applicants  # noqa: E402
import checker  # noqa: E402
import letters  # noqa: E402
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


def notify(evidence, one, event, number):
    """As the notifier does: a letter to an address that is verified; before it is, a neutral message, and the letter waits."""
    template = checker.TOLD[event.kind]
    state, reason = ("sent", "") if one.verified else ("held", "address not verified") if one.address else ("none", "no address")
    notice(evidence, one, event, number, template, state, reason)
    if state == "held" and event.version == 2:
        notice(evidence, one, event, number, "confirm", "sent", "")
    evidence.letters = len(evidence.mail)


def notice(evidence, one, event, number, template, state, reason):
    id_ = f"{template}-{event.id}"
    policy = "at_least_once" if template == "answered" else "at_most_once"
    evidence.notices.append((event.id, template, state, reason))
    evidence.sent_notices.append(letters.Notice(id_, event.id, event.application, template, policy, one.address or "-", state,
                                                reason, 0, []))
    if state == "sent":
        evidence.taken.append(letters.Copy(id_, one.address, False))
        evidence.mail.append(letters.Letter(id_, one.address, (), (number,)))


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
    notify(evidence, one, event, evidence.texts[one.key][0][1])


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


def each(evidence, change, states=("sent",)):
    evidence.sent_notices = [change(one) if one.state in states else one for one in evidence.sent_notices]


def take_away(evidence):
    """One letter that was sent never arrived."""
    evidence.letters -= 1
    evidence.taken.pop()
    evidence.mail.pop()


def again(evidence, times, resends, repeated, templates=("received", "confirm", "answered")):
    """All letters (of these templates) were taken so often; the notifier says that it repeated them, and they do, or not."""
    ids = {one.id for one in evidence.sent_notices if one.state == "sent" and one.template in templates}
    evidence.sent_notices = [one._replace(resends=resends) if one.id in ids else one for one in evidence.sent_notices]
    evidence.taken += [one._replace(repeated=repeated) for one in evidence.taken if one.id in ids for _ in range(times - 1)]
    evidence.mail += [one for one in evidence.mail if one.id in ids for _ in range(times - 1)]


def unanswered(evidence):
    """No notice of any answer."""
    answers = {event.id for event in evidence.streams["case"] if event.kind == "case.answered"}
    gone = {one.id for one in evidence.sent_notices if one.event in answers}
    evidence.notices = [row for row in evidence.notices if row[0] not in answers]
    evidence.sent_notices = [one for one in evidence.sent_notices if one.id not in gone]
    evidence.taken = [one for one in evidence.taken if one.id not in gone]
    evidence.mail = [one for one in evidence.mail if one.id not in gone]
    evidence.letters = len(evidence.taken)


def silenced(evidence):
    """Every letter is unknown, and none was taken."""
    each(evidence, lambda one: one._replace(state="unknown", reason="no answer", tried=[(100, 101)]))
    evidence.notices = [(*row[:2], "unknown", "no answer") if row[2] == "sent" else row for row in evidence.notices]
    evidence.taken, evidence.mail, evidence.letters = [], [], 0


def stranger(evidence):
    return next(one for one in evidence.sent.values() if one.address and one.address != evidence.mail[0].address)


def a_lost_one_is_called_so():
    planted("lost", lambda e: e.texts.pop(key(3)), key(3))
    planted("lost", lambda e: e.texts.update({key(3): [("0" * 32, "HM-2026-9999999-9", "")]}), key(3))
    planted("lost", lambda e: e.streams["intake"].pop())
    planted("lost", lambda e: e.cases.popitem())
    planted("lost", lambda e: e.counted.popitem())
    planted("lost", lambda e: e.handled["HM"].pop())
    planted("lost", take_away)
    planted("lost", lambda e: e.replies.popitem())
    planted("lost", lambda e: each(e, lambda one: one._replace(state="pending")))
    planted("lost", lambda e: each(e, lambda one: one._replace(state="none", address="-", reason="no address")))
    planted("lost", lambda e: each(e, lambda one: one._replace(state="held", reason="address not verified")))
    planted("lost", unanswered)


def a_double_is_called_so():
    planted("duplicated", lambda e: e.texts[key(3)].append(e.texts[key(4)][0]), key(3))
    planted("duplicated", lambda e: e.answers[key(3)].append((201, "HM-2026-9999999-9")), key(3))
    planted("duplicated", lambda e: e.handled["HM"].append(e.handled["HM"][0]))
    planted("duplicated", lambda e: again(e, 2, 0, False))
    planted("duplicated", lambda e: again(e, 2, 0, True))
    planted("duplicated", lambda e: again(e, 2, 1, False))
    planted("duplicated", lambda e: again(e, 50, 50, True))
    planted("duplicated", lambda e: e.decisions.update([next(iter(e.decisions))]))
    planted("duplicated", lambda e: e.streams["case"].append(e.streams["case"][-1]._replace(
        seq=len(e.streams["case"]) + 1, id="f" * 32, version=4)))


def a_repetition_that_was_counted_is_none():
    evidence = good()
    again(evidence, 2, 1, True, {"answered"})
    assert verdict.check(evidence).clean(), verdict.check(evidence).sentences()


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
    planted("misdelivered", lambda e: e.mail.append(e.mail[0]._replace(address=stranger(e).address)))
    planted("misdelivered", lambda e: e.taken.append(e.taken[0]._replace(address=stranger(e).address)))
    planted("misdelivered", lambda e: e.mail.append(e.mail[0]._replace(markers=("zx" + "0" * 20,))))
    planted("misdelivered", lambda e: each(e, lambda one: one._replace(state="sent"), {"held"}))
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
    planted("unexpected", lambda e: e.taken.append(e.taken[0]._replace(id="nobody")))
    planted("unexpected", lambda e: e.mail.append(e.mail[0]))
    planted("unexpected", silenced)


def unknown_letters_are_believed_when_they_were_disturbed():
    evidence = good()
    silenced(evidence)
    evidence.cut = {one.id for one in evidence.sent_notices[::2]} | {one.address for one in evidence.sent_notices[1::4]}
    evidence.disturbed = [(90, 99.5)]  # of the rest: their attempts were from 100 to 101
    assert verdict.check(evidence).clean(), verdict.check(evidence).sentences()
    evidence.disturbed = [(90, 98), (103, 110)]
    assert verdict.check(evidence).count()["unexpected"]


for test in (nothing_is_found_where_nothing_is, unknown_ones_have_their_names, a_lost_one_is_called_so, a_double_is_called_so,
             a_repetition_that_was_counted_is_none, a_wrong_order_is_called_so, what_went_astray_is_called_so,
             an_unresolved_one_is_called_so, what_nobody_expected_is_called_so,
             unknown_letters_are_believed_when_they_were_disturbed):
    TAP.run(test.__name__, test)
TAP.end()
