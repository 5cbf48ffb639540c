#!/usr/bin/env python3
"""flow: 2,000 applications of the replayed year go through their channels' doors to all departments, which answer a share; the
checker of `make replay` finds nothing wrong, and finds each fault that is planted into what it compares.

limit: 300 s"""

import collections
import copy
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import checker  # noqa: E402
import dovecot  # noqa: E402
import replay  # noqa: E402
import system as kopru  # noqa: E402
import year  # noqa: E402

COUNT = int(os.environ.get("COUNT", "2000"))
TAP = kopru.Tap()
if dovecot.why_not():
    TAP.skip("replay", dovecot.why_not())
    TAP.end()
PLAY = replay.Replay(COUNT, senders=1)
STATE = {}


def the_same_seed_makes_the_same_year():
    assert year.TOTAL == 67910 and {name: sum(year.MIX[c] for c in channels) for name, channels in year.FAMILIES.items()} == {
        "hizmet_masasi": 37700, "whatsapp_social": 29000, "cimer": 1210}
    assert year.schedule(500, 7) == year.schedule(500, 7) != year.schedule(500, 8)
    plan = year.schedule(COUNT)
    assert collections.Counter(channel for _, channel in plan) == year.shares(COUNT) and plan == sorted(plan)
    assert sum(year.shares(COUNT).values()) == COUNT
    first, again, other = (year.Writer(seed) for seed in (7, 7, 8))
    assert all(first.body(i, *plan[i]) == again.body(i, *plan[i]) != other.body(i, *plan[i]) for i in range(100))


def all_go_through():
    PLAY.start()
    PLAY.run(60)
    evidence = STATE["evidence"] = PLAY.evidence()
    findings = checker.check(evidence)
    assert findings.count() == {"lost": 0, "duplicated": 0, "misordered": 0}, (
        findings.lost[:5], findings.duplicated[:5], findings.misordered[:5])
    counted = dict(findings.figures)
    assert counted.pop("refused") == 0 and counted.pop("commands") > COUNT // 4, findings.figures
    assert set(counted.values()) == {COUNT}, findings.figures
    PLAY.system.kopru("reconcile")
    assert evidence.letters > COUNT // 10 and PLAY.senders.sums()[4] == 0


def the_report_has_the_mix():
    groups, total = PLAY.report()
    assert total == COUNT, total
    channels = {channel: counts["count"] for group in groups.values() for channel, counts in group.items()}
    assert {key: count for key, count in channels.items() if count} == {c: n for c, n in year.shares(COUNT).items() if n}
    sums = {key: sum(counts["count"] for counts in group.values()) for key, group in groups.items()}
    theirs = dict(zip(("service_desk", "whatsapp_and_social_media", "cimer"), (
        sum(year.shares(COUNT)[channel] for channel in channels) for channels in year.FAMILIES.values())))
    assert {key: sums[key] for key in theirs} == theirs and sum(sums.values()) == COUNT, sums


def planted(kind, change):
    """What the checker says of a copy of the evidence that was changed; it must be of that kind."""
    evidence = copy.deepcopy(STATE["evidence"])
    change(evidence)
    findings = checker.check(evidence)
    assert findings.count()[kind] > 0, (kind, findings.count())
    return findings


def without_a_line(prefix, what):
    """The ledgers again, with the last line of this kind left out."""
    folder = PLAY.system.path("planted")
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(PLAY.folder):
        with open(os.path.join(PLAY.folder, name), encoding="utf-8") as file:
            lines = file.readlines()
        if name.startswith(prefix):
            del lines[max(i for i, line in enumerate(lines) if line.startswith(what + " "))]
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.writelines(lines)
    return folder


def reread(prefix, what, names, read):
    def change(evidence):
        fresh = checker.Evidence()
        read(fresh, without_a_line(prefix, what))
        for name in names:
            setattr(evidence, name, getattr(fresh, name))
    return change


def busiest(evidence):
    return max(evidence.handled, key=lambda code: len(evidence.handled[code]))


def swap(events):
    events[0], events[1] = events[1], events[0]


def again(evidence, name):
    getattr(evidence, name).append(getattr(evidence, name)[0])


def a_letter(evidence, take=False):
    """A notice of a routed event that was sent; it has no other one."""
    notice = next(one for one in evidence.notices if one[1] == "received" and one[2] == "sent")
    if take:
        evidence.notices.remove(notice)
    return notice


def a_lost_one_is_found():
    planted("lost", reread("sender-", "S", ("attempts", "answers"), checker.read_sender))
    planted("lost", reread("departments", "E", ("handled", "acknowledged"), checker.read_departments))
    planted("lost", reread("departments", "K", ("handled", "acknowledged"), checker.read_departments))
    planted("lost", reread("departments", "P", ("replies",), checker.read_departments))
    planted("lost", lambda e: e.decided.popitem())
    planted("lost", lambda e: e.stages.update({checker.OK: 1}))
    planted("lost", lambda e: e.stored.pop())
    planted("lost", lambda e: e.stored.remove(next(row for row in e.stored if row[2] == message(e))))
    planted("lost", lambda e: e.streams["intake"].pop())
    planted("lost", lambda e: e.streams["case"].pop())
    planted("lost", lambda e: e.cases.popitem())
    planted("lost", lambda e: e.counted.popitem())
    planted("lost", lambda e: e.decisions.popitem())
    planted("lost", lambda e: e.notices.remove(a_letter(e)))
    planted("lost", lambda e: e.notices.append((*a_letter(e, take=True)[:2], "unknown", "")))
    planted("lost", lambda e: setattr(e, "letters", e.letters - 1))
    planted("lost", lambda e: e.streams["department/" + busiest(e)].clear())


def change_reply(evidence, change):
    """An answer "ok" to some command becomes another one."""
    command = next(id_ for id_, replies in evidence.replies.items() if any(reply[0] == "ok" for reply in replies))
    result, version, seq = next(reply for reply in evidence.replies[command] if reply[0] == "ok")
    evidence.replies[command] = change(result, version, seq)


def form(evidence):
    """The answers to a form."""
    return next(answers for answers in evidence.answers.values() if answers[-1][0] == 201)


def message(evidence):
    """The id of what was only taken."""
    return next(key for key, answers in evidence.answers.items() if answers[-1][0] == 200)


def a_double_is_found():
    planted("duplicated", lambda e: change_reply(e, lambda *reply: {reply, ("conflict", 0, 0)}))
    planted("duplicated", lambda e: change_reply(e, lambda *_: {("conflict", 0, 0)}))
    planted("duplicated", lambda e: e.commands.popitem())
    planted("duplicated", lambda e: again(e, "stored"))
    planted("duplicated", lambda e: again(e, "notices"))
    planted("duplicated", lambda e: setattr(e, "letters", e.letters + 1))
    planted("duplicated", lambda e: e.handled[busiest(e)].append(e.handled[busiest(e)][0]))
    planted("duplicated", lambda e: e.streams["case"].append(e.streams["case"][0]))
    planted("duplicated", lambda e: e.decisions.update([next(iter(e.decisions))]))
    planted("duplicated", lambda e: form(e).append((201, "HM-2020-9999999-9")))
    planted("duplicated", lambda e: e.stored.append(("0" * 32, "HM-2020-9999999-9", message(e), "8")))
    planted("duplicated", lambda e: e.streams["department/" + busiest(e)].pop())


def a_wrong_order_is_found():
    planted("misordered", lambda e: e.commands.update({id_: (*c[:2], c[2] - 1, c[3]) for id_, c in e.commands.items()}))
    planted("misordered", lambda e: swap(e.streams["case"]))
    planted("misordered", lambda e: swap(e.streams["intake"]))
    planted("misordered", lambda e: swap(e.handled[busiest(e)]))
    planted("misordered", lambda e: e.streams["case"].append(e.streams["case"].pop()._replace(version=7)))
    planted("misordered", lambda e: e.streams["intake"].append(e.streams["intake"].pop()._replace(version=2)))

    def other_bytes(evidence):
        events = evidence.handled[busiest(evidence)]
        events[3] = events[3]._replace(id="0" * 32)
    planted("misordered", other_bytes)


try:
    for test in (the_same_seed_makes_the_same_year, all_go_through, the_report_has_the_mix, a_lost_one_is_found,
                 a_double_is_found, a_wrong_order_is_found):
        TAP.run(test.__name__, test)
finally:
    CODES = PLAY.close()
    TAP.run("a_stop_is_orderly", lambda: [CODES[name] for name in kopru.SERVICES] == [0, 0, 0, 0] or 1 / 0)
TAP.end()
