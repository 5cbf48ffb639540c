#!/usr/bin/python3
"""flow: the whole life of cases with the real programs: every action, who may not, races, and what the streams tell.
limit: 300 s"""
import os
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import commands  # noqa: E402
import system as kopru  # noqa: E402
from commands import applicant, arbiter, clerk, code, manager, officer  # noqa: E402

S = kopru.System()
TAP = kopru.Tap()
STATE = {}


def new_case(text="Sokağımızda üç gündür çöp toplanmadı, konteyner taşıyor.", **more):
    """An application that was routed: its id."""
    status, _, answer = S.apply({"kind": "complaint", "text": text,
                                 "applicant": {"name": "Deneme Şahıs", "email": "deneme@example.org", **more}})
    assert status == 201, answer
    kopru.wait_until(lambda: S.value(f"SELECT count(*) FROM router.case WHERE number = '{answer['number']}'") == "1", 30,
                     "it is routed", lambda: S.tail("router"))
    return S.value(f"SELECT application_id FROM router.case WHERE number = '{answer['number']}'")


def version(case):
    return int(S.value(f"SELECT version FROM router.case WHERE application_id = '{case}'"))


def do(action, case, actor, fields=None, expected="now", **more):
    expected = version(case) if expected == "now" else expected
    return STATE["client"].do(action, case, fields, expected_version=expected, actor=actor, **more)


def ok(action, case, actor, fields=None, **more):
    reply = do(action, case, actor, fields, **more)
    assert code(reply) == "ok", (action, code(reply), reply.text)
    return reply


def events(stream, case):
    rows = S.rows("SELECT encode(payload, 'hex') FROM feed.event "
                  f"WHERE stream = '{stream}' AND application_id = '{case}' ORDER BY seq")
    return [commands.event_pb2.Event.FromString(bytes.fromhex(row)) for row in rows]


def starts():
    S.start("intake", "router")
    STATE["client"] = commands.Client(S.commands)


def accepts_answers_and_closes():
    case = new_case()
    assert version(case) == 2
    reply = ok("accept", case, officer("TEM"))
    assert reply.version == 3 and reply.seq > 0
    ok("answer", case, manager("TEM"), {"text": "Konteyner boşaltıldı."})
    ok("close", case, clerk())
    told = events("case", case)
    assert [e.version for e in told] == [2, 3, 4, 5]
    assert [e.WhichOneof("body") for e in told] == ["application_routed", "case_accepted", "case_answered", "case_closed"]
    assert told[2].case_answered.text == "Konteyner boşaltıldı." and told[2].standing.answers == 1
    assert told[2].standing.applicant.email == "deneme@example.org"
    shown = events("department/TEM", case)
    assert [e.id for e in shown] == [e.id for e in told]


def main():
    for name, function in (
            ("starts", starts),
            ("accepts_answers_and_closes", accepts_answers_and_closes),
    ):
        TAP.run(name, function)
    S.close()
    TAP.end()


main()
