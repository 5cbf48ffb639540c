#!/usr/bin/env python3
"""flow: letters and a mail server that misbehaves at every verb: each gets its clear state and reason, none is lost, none is
taken twice but what was unknown and counted, and other servers' letters go on (I-10, I-11). limit: 240 s"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import mail  # noqa: E402
import system as kopru  # noqa: E402

# verb, what the server does, template, state afterwards, what the reason says
CASES = [
    ("CONNECT", "4xx", "answered", "pending", "connecting"),
    ("CONNECT", "5xx", "answered", "pending", "connecting"),
    ("CONNECT", "hang", "answered", "pending", "connecting"),
    ("CONNECT", "drop", "answered", "pending", "connecting"),
    ("CONNECT", "garbage", "answered", "pending", "connecting"),
    ("EHLO", "5xx", "answered", "pending", "connecting"),
    ("EHLO", "hang", "answered", "pending", "connecting"),
    ("EHLO", "drop", "answered", "pending", "connecting"),
    ("STARTTLS", "strip", "answered", "pending", "connecting"),
    ("STARTTLS", "4xx", "answered", "pending", "connecting"),
    ("STARTTLS", "hang", "answered", "pending", "connecting"),
    ("STARTTLS", "drop", "answered", "pending", "connecting"),
    ("STARTTLS", "badcert", "answered", "pending", "connecting"),
    ("STARTTLS", "inject", "answered", "pending", "connecting"),
    ("MAIL", "4xx", "answered", "pending", "MAIL: 451"),
    ("MAIL", "5xx", "answered", "failed", "MAIL: 550"),
    ("MAIL", "421", "answered", "pending", "MAIL: 421"),
    ("MAIL", "hang", "answered", "pending", "MAIL: no answer"),
    ("MAIL", "drop", "answered", "pending", "MAIL: the connection"),
    ("MAIL", "garbage", "answered", "pending", "MAIL: an answer that is none"),
    ("MAIL", "endless", "answered", "pending", "MAIL: an answer that"),
    ("MAIL", "double", "answered", "pending", "more answers"),
    ("MAIL", "wrong", "answered", "pending", "does not belong"),
    ("RCPT", "4xx", "answered", "pending", "RCPT: 451"),
    ("RCPT", "5xx", "answered", "failed", "RCPT: 550 5.7.1 never, <address>"),
    ("RCPT", "hang", "answered", "pending", "RCPT: no answer"),
    ("RCPT", "drop", "answered", "pending", "RCPT: the connection"),
    ("RCPT", "garbage", "answered", "pending", "RCPT: an answer that is none"),
    ("RCPT", "double", "answered", "pending", ""),
    ("DATA", "4xx", "answered", "pending", "DATA: 451"),
    ("DATA", "5xx", "answered", "failed", "DATA: 550"),
    ("DATA", "hang", "answered", "pending", "DATA: no answer"),
    ("DATA", "drop", "answered", "pending", "DATA: the connection"),
    ("DATA", "wrong", "answered", "pending", "does not belong"),
    ("TEXT", "drop", "received", "pending unknown", ""),  # as far as the letter has come by then
    ("DOT", "4xx", "answered", "pending", "the final dot: 451"),
    ("DOT", "5xx", "answered", "failed", "the final dot: 550"),
    ("DOT", "421", "answered", "pending", "the final dot: 421"),
    ("DOT", "hang", "received", "unknown", "the final dot: no answer"),
    ("DOT", "drop", "received", "unknown", "the final dot: the connection"),
    ("DOT", "garbage", "received", "unknown", "the final dot: an answer that is none"),
    ("DOT", "trickle", "received", "unknown", "the final dot: no answer"),
    ("DOT", "accept-hang", "received", "unknown", "the final dot: no answer"),
    ("DOT", "accept-drop", "received", "unknown", "the final dot: the connection"),
    ("DOT", "wrong", "received", "unknown", "the final dot"),
    ("DOT", "double", "received", "sent", ""),
    ("RSET", "hang", "answered", "failed", "RCPT: 550"),
    ("QUIT", "hang", "answered", "sent", ""),
    ("QUIT", "drop", "answered", "sent", ""),
]
PLACES = 30  # servers, each with a domain of its own; the first takes all other domains
TAP = kopru.Tap()
FOLDER = kopru.tempfile.mkdtemp(prefix="kopru-mail.", dir="/tmp")
M = mail.Server(FOLDER, places=PLACES)
SERVERS = ",".join(f"{f'd{place}.example=' if place else ''}smtp://127.0.0.1:{port}" for place, port in enumerate(M.ports))
S = kopru.System(settings={"notifier": {
    "NOTIFIER_PROVIDER": "smtp", "NOTIFIER_SMTP": SERVERS, "NOTIFIER_SMTP_CA": os.path.join(FOLDER, "ca.pem"),
    "NOTIFIER_SMTP_ANSWER_SECONDS": "4", "NOTIFIER_SMTP_DOT_SECONDS": "4", "NOTIFIER_SETTLE_SECONDS": "2",
    "NOTIFIER_SMTP_CONNECTIONS": "2", "NOTIFIER_LEASE_SECONDS": "6", "NOTIFIER_DOMAIN_MINUTE": "0"}})
STATE = {}


def state(notice):
    """(state, reason, attempts, resends)"""
    return tuple(S.value("SELECT state || '|' || coalesce(reason, '') || '|' || attempts || '|' || resends FROM notifier.notice "
                         f"WHERE id = '{notice}'").split("|"))


def settled(notices):
    """No letter is under way, and each was tried."""
    wanted = ",".join(f"'{notice}'" for notice in notices)
    return S.value("SELECT count(*) FROM notifier.notice WHERE (state = 'sending' OR (state = 'pending' AND reason IS NULL)) "
                   f"AND id IN ({wanted})") == "0"


def starts():
    S.start("notifier")


def letters_arrive():
    ids = mail.notices(S, 5, "example.org")
    kopru.wait_until(lambda: all(state(n)[0] == "sent" for n in ids), 20, "they are sent", lambda: S.tail("notifier"))
    assert M.taken() == {mail.message_id(n): 1 for n in ids}
    assert all(line["tls"] and line["sender"] == "" for line in M.lines("taken")), M.lines("taken")
    assert not M.lines("malformed")


def play(cases):
    """Each case at a server of its own, all at once; meanwhile others' letters arrive."""
    rules = []
    for place, (verb, do, *_) in enumerate(cases, 1):
        rules.append({"verb": verb, "do": do, "place": place})
        if verb == "RSET":
            rules.append({"verb": "RCPT", "do": "5xx", "place": place})
    M.rules(*rules)
    ids = [mail.notices(S, 1, f"d{place}.example", case[2])[0] for place, case in enumerate(cases, 1)]
    others = mail.notices(S, 20, "example.org")
    kopru.wait_until(lambda: all(state(n)[0] == "sent" for n in others), 20, "the others' letters are sent",
                     lambda: S.tail("notifier"))
    kopru.wait_until(lambda: settled(ids), 30, "each has its end", lambda: S.tail("notifier"))
    for notice, (verb, do, _, wanted, reason) in zip(ids, cases):
        found = state(notice)
        assert found[0] in wanted.split(" ") and reason in found[1], (verb, do, found, S.tail("notifier", 2000))
        assert "@" not in found[1] and "d1.example" not in found[1], found
    return ids


def arrive(cases, ids):
    """The servers behave again: what can be retried arrives, once."""
    M.rules()
    before = dict(zip(ids, (state(notice)[0] for notice in ids)))
    S.sql("UPDATE notifier.notice SET next_at = now() WHERE state = 'pending'")
    # A server that failed is left alone for a while.
    kopru.wait_until(lambda: S.value("SELECT count(*) FROM notifier.notice WHERE state IN ('pending', 'sending')") == "0", 60,
                     "all are sent", lambda: S.sql("SELECT domain, state, reason FROM notifier.notice WHERE state <> 'sent'")
                     + S.tail("notifier"))
    taken = M.taken()
    for notice, (verb, do, *_) in zip(ids, cases):
        found = state(notice)
        if before[notice] in ("pending", "sent"):
            assert found[0] == "sent" and taken[mail.message_id(notice)] == 1, (verb, do, found)
        else:
            assert found[0] == before[notice], (verb, do, found)
            assert taken[mail.message_id(notice)] == (1 if do in ("accept-hang", "accept-drop", "trickle") else 0), (verb, do)


def each_misbehaviour_has_its_end():
    for first in range(0, len(CASES), PLACES - 1):
        cases = CASES[first:first + PLACES - 1]
        arrive(cases, play(cases))


def unknown_letters_of_law_are_repeated_once():
    """At least once: the same Message-ID, marked, and counted; a second time unknown stays unknown."""
    M.rules({"verb": "DOT", "do": "accept-drop", "times": 1, "to": "@once.example"},
            {"verb": "DOT", "do": "accept-hang", "to": "@twice.example"})
    once, twice = mail.notices(S, 1, "once.example")[0], mail.notices(S, 1, "twice.example")[0]
    kopru.wait_until(lambda: state(once)[0] == "sent" and S.value(
        f"SELECT next_at FROM notifier.notice WHERE id = '{twice}' AND state = 'unknown'") == "infinity", 40,
                     "both are settled", lambda: f"{state(once)} {state(twice)} {S.tail('notifier')}")
    assert state(once)[3] == state(twice)[3] == "1"
    for notice in (once, twice):
        lines = [line for line in M.lines("taken") if line["message_id"] == mail.message_id(notice)]
        assert [line["repeated"] for line in lines] == [False, True], lines
        assert S.value(f"SELECT string_agg(resend::text, ',' ORDER BY token) FROM notifier.attempt WHERE notice_id = '{notice}'") \
            == "false,true"
    M.rules()
    assert S.rows(f"SELECT * FROM notifier.retry(ARRAY['{twice}'::uuid])") == [twice]
    kopru.wait_until(lambda: state(twice)[0] == "sent", 20, "the operator's retry", lambda: S.tail("notifier"))


def a_used_connection_that_closed_costs_nothing():
    M.rules({"verb": "MAIL", "do": "drop", "times": 1, "place": 0})
    ids = mail.notices(S, 1, "example.org")
    kopru.wait_until(lambda: state(ids[0])[0] != "sending" and state(ids[0])[2] != "0", 20, "it was tried")
    M.rules()
    ids += mail.notices(S, 3, "example.org")
    S.sql("UPDATE notifier.notice SET next_at = now() WHERE state = 'pending'")
    kopru.wait_until(lambda: all(state(n)[0] == "sent" for n in ids), 30, "all are sent", lambda: S.tail("notifier"))


def two_notifiers_send_each_letter_once():
    """R-19: a lease is one notifier's."""
    environment = {**S.environment("notifier"), "NOTIFIER_LISTEN": f"unix:{S.path('notifier-2.sock')}"}
    second = kopru.Process("notifier-2", [os.path.join(kopru.BUILD, "kopru-notifier")], environment,
                           S.path("log", "notifier-2.log"))
    S.processes["notifier-2"] = second
    second.start()
    S.wait_healthy("notifier-2")
    ids = mail.notices(S, 400, "both.example", "received")
    kopru.wait_until(lambda: S.value("SELECT count(*) FROM notifier.notice WHERE domain = 'both.example' AND state = 'sent'")
                     == "400", 60, "all are sent", lambda: S.tail("notifier") + S.tail("notifier-2"))
    taken = M.taken()
    assert all(taken[mail.message_id(notice)] == 1 for notice in ids)
    assert S.processes.pop("notifier-2").stop() == 0


def a_killed_notifier_leaves_only_counted_unknowns():
    """SIGKILL in the middle, three times: what was under way is unknown, whatever else arrives once."""
    S.supervise()
    ids = mail.notices(S, 1500, "kill.example", "received")
    process = S.processes["notifier"]
    before = len(M.taken())
    for share in (200, 600, 1000):
        kopru.wait_until(lambda: len(M.taken()) > before + share, 60, f"{share} are sent", lambda: S.tail("notifier"))
        starts_before = process.starts
        process.kill()
        kopru.wait_until(lambda: process.starts > starts_before, 10, "it was started again")
    kopru.wait_until(lambda: S.value("SELECT count(*) FROM notifier.notice WHERE domain = 'kill.example' AND state IN "
                                     "('pending', 'sending')") == "0", 90, "all have their end",
                     lambda: S.sql("SELECT state, reason, count(*) FROM notifier.notice GROUP BY 1, 2") + S.tail("notifier"))
    taken = M.taken()
    unknown = set(S.rows("SELECT id FROM notifier.notice WHERE domain = 'kill.example' AND state = 'unknown'"))
    assert len(unknown) <= 3 * 4, len(unknown)  # two for each connection, each time
    for notice in ids:
        times = taken[mail.message_id(notice)]
        assert times <= 1, (notice, times)
        assert notice in unknown or times == 1, notice


def a_stop_is_orderly():
    """I-14: a letter past its dot gets a moment, the others go back untouched."""
    S.supervising = False
    time.sleep(0.2)
    M.rules({"verb": "DOT", "do": "accept-hang", "place": 1}, {"verb": "RCPT", "do": "hang", "place": 2})
    past, before = mail.notices(S, 1, "d1.example")[0], mail.notices(S, 1, "d2.example")[0]
    kopru.wait_until(lambda: len([line for line in M.lines() if line.get("do") in ("accept-hang", "hang")
                                  and line["place"] in (1, 2)][-2:]) == 2 and mail.message_id(past) in M.taken(), 20,
                     "both are under way", lambda: S.tail("notifier"))
    begun = time.monotonic()
    ended = S.processes["notifier"].stop()
    assert ended == 0, (ended, S.tail("notifier", 1500))
    assert time.monotonic() - begun < 10
    assert state(past)[0] == "unknown", state(past)
    assert state(before)[0] == "pending" and state(before)[2] == "0", state(before)


def logs_hold_no_address():
    text = S.tail("notifier", 10_000_000)
    assert "a1@" not in text and "@example.org" not in text and "kill.example" not in text


for test in (starts, letters_arrive, each_misbehaviour_has_its_end, unknown_letters_of_law_are_repeated_once,
             a_used_connection_that_closed_costs_nothing, two_notifiers_send_each_letter_once,
             a_killed_notifier_leaves_only_counted_unknowns, a_stop_is_orderly, logs_hold_no_address):
    TAP.run(test.__name__, test)
S.close()
M.close()
kopru.shutil.rmtree(FOLDER, ignore_errors=True)
TAP.end()
