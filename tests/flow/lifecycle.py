#!/usr/bin/python3
"""flow: the whole life of cases with the real programs: every action, who may not, races, and what the streams tell.
limit: 300 s"""
import json
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


def asks_and_waits():
    case = new_case()
    ok("ask", case, officer("TEM"), {"text": "Konteyner hangi numarada?"})
    asked = events("case", case)[-1]
    assert asked.citizen_asked.answer_by == asked.standing.answer_by > 0
    assert code(do("citizen_reply", case, officer("TEM"), {"text": "14"})) == "forbidden"
    ok("citizen_reply", case, applicant(), {"text": "14 numara"}, expected=0)
    told = events("case", case)[-1]
    assert told.citizen_replied.text == "14 numara" and told.standing.answer_by == 0
    assert events("department/TEM", case)[-1].citizen_replied.text == "14 numara"
    assert code(do("citizen_reply", case, applicant(), {"text": "yine"}, expected=0)) == "conflict"


def adds_unasked():
    """Whoever works on it hears of it: the owner, and where it is merged, the leading case's department."""
    file = {"id": uuid.uuid4().bytes, "name": "Deneme Şahıs.jpg", "media_type": "image/jpeg", "size": 7, "sha256": bytes(32)}
    case, leader = new_case(), new_case()
    assert code(do("citizen_add", case, manager("TEM"), {"text": "a"}, expected=0)) == "forbidden"
    reply = do("citizen_add", case, applicant(), {"text": ""}, expected=0)
    assert code(reply) == "invalid" and "Metin" in reply.text, reply.text
    reply = do("citizen_add", case, applicant(), {"attachments": [{**file, "id": b"x"}]}, expected=0)
    assert code(reply) == "invalid" and "En çok 10 ek" in reply.text, reply.text
    ok("citizen_add", case, applicant(), {"attachments": [file]}, expected=0)
    shown = events("department/TEM", case)[-1]
    assert shown.citizen_added.attachments[0].name == "Deneme Şahıs.jpg" and shown.standing.state == 2
    ok("transfer", leader, manager("TEM"), {"department": "FEN", "reason": "Yol"})
    ok("merge", case, clerk(), {"into": uuid.UUID(leader).bytes, "reason": "Aynı yer"})
    ok("citizen_add", case, applicant(), {"text": "Bir de bu", "attachments": [file]}, expected=0)
    theirs = events("department/FEN", case)[-1]
    assert theirs.citizen_added.text == "Bir de bu" and theirs.citizen_added.attachments[0].id == file["id"]
    assert theirs.citizen_added.attachments[0].name == "" and theirs.standing.applicant.name == ""
    assert theirs.standing.merged_into == uuid.UUID(leader).bytes
    ok("withdraw", case, applicant(), {"reason": ""}, expected=0)
    assert code(do("citizen_add", case, applicant(), {"text": "geç"}, expected=0)) == "conflict"


def the_clock_reminds_and_expires():
    case = new_case()
    ok("ask", case, officer("TEM"), {"text": "Hangi sokak?"})
    S.sql(f"UPDATE router.question SET remind_on = current_date - 1 WHERE application_id = '{case}'")
    kopru.wait_until(lambda: kinds(case)[-1] == "citizen.reminded", 30, "it was reminded", lambda: S.tail("router"))
    assert events("case", case)[-1].citizen_reminded.text == "Hangi sokak?"
    S.sql(f"UPDATE router.question SET answer_by = current_date - 2 WHERE application_id = '{case}'")
    kopru.wait_until(lambda: kinds(case)[-1] == "question.expired", 30, "it expired", lambda: S.tail("router"))
    assert kinds(case).count("citizen.reminded") == 1
    assert S.value(f"SELECT state FROM router.case WHERE application_id = '{case}'") == "3"
    assert S.value("SELECT count(*) FROM router.question") == "0"


def nobody_wants_it():
    case = new_case("Genel bir konu hakkında yazıyorum.")
    assert S.value(f"SELECT department || triage FROM router.case WHERE application_id = '{case}'") == "HMtrue"
    ok("assign", case, clerk(), {"department": "TEM", "reason": "Temizlik"})
    told = events("department/TEM", case)
    assert [e.version for e in told] == [3]
    assert told[0].case_assigned.application.text.startswith("Genel") and told[0].case_assigned.from_department == "HM"
    assert not events("department/HM", case)[-1].case_assigned.HasField("application")
    ok("hand_back", case, officer("TEM"), {"reason": "Bizim değil"})
    ok("assign", case, clerk(), {"department": "FEN"})
    ok("transfer", case, manager("FEN"), {"department": "ZAB", "reason": "Zabıta bakar"})
    ok("hand_back", case, officer("ZAB"), {"reason": "Bizim de değil"})
    last = events("case", case)[-1]
    assert last.standing.with_arbiter and last.standing.arbiter_due_on > 0 and last.standing.hand_backs == 2
    assert last.standing.due_on == events("case", case)[0].application_routed.application.due_on
    assert code(do("assign", case, clerk(), {"department": "TEM"})) == "forbidden"
    S.sql(f"UPDATE router.case SET arbiter_due_on = current_date - 3 WHERE application_id = '{case}'")
    kopru.wait_until(lambda: "kopru_router_arbiter_overdue 1" in metrics(), 30, "the arbiter is late", metrics)
    assert "event=arbiter.overdue" in S.tail("router", 100000)
    ok("assign", case, arbiter(), {"department": "FEN", "reason": "Karar"})
    assert not events("case", case)[-1].standing.with_arbiter


def four_eyes():
    case = new_case()
    ok("draft", case, officer("TEM"), {"text": "Taslak metin"})
    assert code(do("approve", case, manager("TEM", "officer1"))) == "forbidden"
    assert code(do("answer", case, officer("TEM"), {"text": ""})) == "conflict"
    assert code(do("answer", case, officer("TEM"), {"text": "kendi metnim"})) == "forbidden"
    ok("approve", case, manager("TEM"))
    ok("answer", case, officer("TEM"), {"text": ""})
    told = events("case", case)
    assert told[-1].case_answered.text == "Taslak metin" and told[-1].case_answered.approved_by.id == "manager1"
    assert told[-2].answer_approved.drafted_by.id == "officer1"
    assert S.value("SELECT count(*) FROM router.draft") == "0"


def interim_forwarded_rejected_extended():
    case = new_case()
    ok("interim_answer", case, manager("TEM"), {"text": "İnceleniyor"})
    assert events("case", case)[-1].standing.final_owed
    ok("forward", case, manager("TEM"), {"institution": "KOSKI", "letter": "Gereği için", "letter_number": "E-1"})
    letter = events("department/KOSKI", case)[-1]
    assert letter.case_forwarded.application.applicant.masked and letter.case_forwarded.application.applicant.name == ""
    assert letter.case_forwarded.letter_on > 0 and letter.standing.department == "TEM"
    ok("reopen", case, manager("TEM"), {"reason": "Kurum yetkisiz"})
    ok("reject", case, manager("TEM"), {"reason": 2, "text": "Yargıda"})
    assert code(do("extend", case, manager("TEM"), {"reason": "a"})) == "conflict"
    status, _, answer = S.apply({"kind": "information_request", "text": "Çöp kamyonu sayısı nedir?",
                                 "applicant": {"name": "Deneme Şahıs", "address": "Fetih", "email": "deneme@example.org"}})
    assert status == 201, answer
    find = f"SELECT application_id FROM router.case WHERE number = '{answer['number']}'"
    kopru.wait_until(lambda: S.value(find), 30, "it is routed")
    information = S.value(find)
    department = S.value(f"SELECT department FROM router.case WHERE application_id = '{information}'")
    actor = clerk() if department == "HM" else manager(department)
    ok("extend", information, actor, {"reason": "Başka birimden bilgi gerekli"})
    moved = events("case", information)[-1]
    assert moved.standing.due_on > moved.deadline_moved.old_due_on
    assert code(do("extend", information, actor, {"reason": "yine"})) == "conflict"
    tells_a_fee(information, actor)


def tells_a_fee(case, actor):
    """It interrupts the term, which begins anew with the payment."""
    today = int(S.value("SELECT (now() AT TIME ZONE 'Europe/Istanbul')::date - date '1970-01-01'"))
    assert code(do("fee_was_paid", case, actor, {"evidence": "Makbuz 1"})) == "conflict"
    assert code(do("tell_fee", case, actor, {"text": "Ücret", "pay_by": today + 3})) == "invalid"
    ok("tell_fee", case, actor, {"text": "On sayfadan sonrası için 35,00 TL; hesap numarası belediye veznesindedir."})
    told = events("case", case)[-1]
    assert today + 15 < told.fee_told.pay_by == told.standing.fee_due_on < told.standing.due_on
    assert code(do("tell_fee", case, actor, {"text": "yine"})) == "conflict"
    for day in (today - 1, today + 1):
        assert code(do("fee_was_paid", case, actor, {"evidence": "Makbuz 1", "paid_on": day})) == "invalid"
    assert code(do("fee_was_paid", case, actor, {"evidence": " "})) == "invalid"
    ok("fee_was_paid", case, actor, {"evidence": "Makbuz 1"})
    paid = events("case", case)[-1]
    assert paid.standing.fee_due_on == 0 and today + 30 < paid.standing.due_on < paid.fee_paid.old_due_on
    assert S.value(f"SELECT due_on - date '1970-01-01' FROM router.case WHERE application_id = '{case}'") == str(paid.standing.due_on)
    assert code(do("fee_was_paid", case, actor, {"evidence": "Makbuz 1"})) == "conflict"


def promises_a_date():
    case = new_case()
    today = int(S.value("SELECT (now() AT TIME ZONE 'Europe/Istanbul')::date - date '1970-01-01'"))
    assert code(do("tell_fee", case, manager("TEM"), {"text": "Ücret"})) == "invalid"
    for day in (0, today - 1, today + 400):
        assert code(do("promise", case, officer("TEM"), {"promised_on": day})) == "invalid"
    ok("promise", case, officer("TEM"), {"promised_on": today + 5})
    reply = do("promise", case, officer("TEM"), {"promised_on": today + 9}, language="en")
    assert code(reply) == "invalid" and "takes a reason" in reply.text, reply.text
    assert code(do("promise", case, officer("TEM"), {"promised_on": today + 5, "reason": "a"})) == "conflict"
    ok("promise", case, officer("TEM"), {"promised_on": today + 9, "reason": "Araç arızası"})
    first, moved = events("case", case)[-2:]
    assert first.date_promised.old_promised_on == 0 and moved.date_promised.old_promised_on == today + 5
    assert moved.standing.promised_on == today + 9 and moved.date_promised.reason == "Araç arızası"
    ok("answer", case, manager("TEM"), {"text": "Yapıldı"})
    assert events("case", case)[-1].standing.promised_on == 0


def a_term_that_passes_is_told():
    case = new_case()
    for actor in (manager("TEM"), arbiter()):
        assert code(do("escalate", case, actor, {"clock": 1, "stage": 50})) == "forbidden"
    S.sql(f"UPDATE router.clock SET next_at = now() WHERE application_id = '{case}' AND kind = 1")
    kopru.wait_until(lambda: kinds(case)[-1] == "case.escalated", 20, "it is told", lambda: S.tail("router"))
    told = events("case", case)[-1]
    assert (told.case_escalated.clock, told.case_escalated.stage, told.case_escalated.to_mayor) == (1, 50, False)
    assert told.case_escalated.to == commands.ACTOR.Role.Value("ROLE_OFFICER") and told.case_escalated.overtaken == 0
    assert events("department/TEM", case)[-1].id == told.id
    assert S.value(f"SELECT stage FROM router.clock WHERE application_id = '{case}' AND kind = 1 AND next_at > now()") == "50"


def merged_and_answered_together():
    leader, first, second = new_case(), new_case(), new_case()
    for member in (first, second):
        ok("merge", member, manager("TEM"), {"into": uuid.UUID(leader).bytes, "reason": "Aynı konu"})
    assert code(do("merge", leader, clerk(), {"into": uuid.UUID(first).bytes, "reason": "a"})) == "conflict"
    ok("unmerge", second, clerk(), {"reason": "Başka sokak"})
    assert S.value(f"SELECT state FROM router.case WHERE application_id = '{second}'") == "2"
    reply = ok("answer", leader, manager("TEM"), {"text": "Yapıldı"})
    one, other = events("case", leader)[-1], events("case", first)[-1]
    assert other.case_answered.leading_number == one.number and one.case_answered.leading_number == ""
    assert other.number != one.number and other.case_answered.text == "Yapıldı" and other.standing.state == 5
    assert S.value("SELECT max(seq) FROM feed.event WHERE stream = 'case'") == str(reply.seq)
    assert kinds(second)[-1] == "case.unmerged"


def split_among_departments():
    case = new_case()
    ok("split", case, manager("TEM"), {"parts": [("FEN", "Yolu onar"), ("ZAB", "Denetle")], "reason": "İki iş"})
    for department in ("FEN", "ZAB"):
        told = events("department/" + department, case)
        assert told[-1].case_split.application.text and len(told[-1].case_split.parts) == 2
    assert code(do("answer", case, manager("TEM"), {"text": "Erken"})) == "conflict"
    assert code(do("answer", case, officer("FEN"), {"text": "Onarıldı", "part": 2})) == "forbidden"
    ok("answer", case, officer("FEN"), {"text": "Onarıldı", "part": 1})
    assert [e.WhichOneof("body") for e in events("department/ZAB", case)] == ["case_split"]
    ok("answer", case, officer("ZAB"), {"text": "Denetlendi", "part": 2})
    assert code(do("answer", case, manager("ZAB"), {"text": "Benim değil"})) == "forbidden"
    ok("answer", case, manager("TEM"), {"text": "İkisi de yapıldı"})
    ok("withdraw", new_case(), applicant(), {"reason": "Vazgeçtim"}, expected=0)


def a_key_is_a_manager_of_its_department():
    """I-13: over tcp the key says who speaks, and what is not theirs looks like what does not exist."""
    S.kopru("department", "key", "FEN", "--out", S.path("secrets", "FEN.key"))
    client = commands.Client.of_department(f"tcp://127.0.0.1:{S.command_port}", S.path("secrets", "FEN.key"),
                                           S.path("secrets", "router.key.pub"))
    case = new_case()
    theirs = client.do("accept", case, expected_version=2, actor=manager("TEM"))
    unknown = client.do("accept", uuid.uuid4(), expected_version=2, actor=manager("TEM"))
    assert code(theirs) == code(unknown) == "not_found" and theirs.text == unknown.text
    assert (theirs.version, theirs.seq) == (unknown.version, unknown.seq) == (0, 0)
    ok("transfer", case, manager("TEM"), {"department": "FEN", "reason": "Yol"})
    reply = client.do("answer", case, {"text": "Yol onarıldı"}, expected_version=3, actor=applicant())
    assert code(reply) == "ok", reply.text
    actor = events("case", case)[-1].actor
    assert (actor.id, actor.department, actor.type) == ("FEN", "FEN", 3)
    client.close()


def an_erased_application_goes_on_without_its_applicant():
    case = new_case()
    erased = commands.event_pb2.Event(id=uuid.uuid4().bytes, application_id=uuid.UUID(case).bytes,
                                      erased={"reason": "6698"}).SerializeToString().hex()
    S.sql(f"SELECT feed.erase(stream, seq, '\\x{erased}', '6698') FROM feed.event WHERE application_id = '{case}'")
    ok("transfer", case, manager("TEM"), {"department": "FEN", "reason": "Yol"})
    told = events("case", case)[-1]
    assert not told.standing.HasField("applicant") and told.standing.kind == 2 and told.standing.department == "FEN"
    assert not events("department/FEN", case)[-1].case_transferred.HasField("application")
    ok("answer", case, manager("FEN"), {"text": "Yapıldı"})


def bad_input_is_told_what_is_wrong():
    case = new_case()
    before = version(case)
    for action, fields, actor, wanted, says in (
            ("note", {"text": ""}, clerk(), "invalid", "boş olamaz"),
            ("note", {"text": "x" * 20001}, clerk(), "invalid", "20000"),
            ("note", {"text": "a\x01"}, clerk(), "invalid", "denetim"),
            ("transfer", {"department": "YOK", "reason": "a"}, manager("TEM"), "invalid", "YOK"),
            ("transfer", {"department": "FEN", "reason": ""}, manager("TEM"), "invalid", "Gerekçe"),
            ("forward", {"institution": "FEN", "letter": "a"}, manager("TEM"), "invalid", "FEN"),
            ("ask", {"text": "a", "answer_by": 1}, manager("TEM"), "invalid", "answer_by"),
            ("reject", {"text": "a"}, manager("TEM"), "invalid", "judicial_matter"),
            ("merge", {"into": uuid.UUID(case).bytes, "reason": "a"}, clerk(), "invalid", "kendisiyle"),
            ("close", {}, manager("TEM"), "conflict", "Birime iletildi"),
            ("citizen_reply", {"text": "a"}, clerk(), "forbidden", "yetkinizde değil"),
            ("accept", {}, manager(""), "invalid", "birim kodu")):
        reply = do(action, case, actor, fields)
        assert code(reply) == wanted and says in reply.text, (action, fields, code(reply), reply.text)
    assert code(do("accept", case, manager("TEM"), expected=0)) == "invalid"
    reply = do("accept", case, manager("TEM"), expected=99, language="en")
    assert code(reply) == "conflict" and reply.version == before and "saw 99" in reply.text, reply.text
    assert version(case) == before


def the_same_id_gives_the_same_reply():
    case, client = new_case(), STATE["client"]
    id_ = uuid.uuid4().bytes
    command = {"expected_version": 2, "actor": manager("TEM"), "id_": id_}
    for _ in range(20):
        client.send("accept", case, **command)
    replies = [client.receive() for _ in range(20)]
    assert {r.SerializeToString() for r in replies} == {replies[0].SerializeToString()} and code(replies[0]) == "ok"
    assert kinds(case).count("case.accepted") == 1
    assert client.do("accept", case, **{**command, "language": "en"}) == replies[0]
    other = client.do("hand_back", case, {"reason": "a"}, **command)
    assert code(other) == "invalid" and "daha önce" in other.text, other.text
    refused = {"expected_version": 9, "actor": manager("TEM"), "id_": uuid.uuid4().bytes}
    first = client.do("hand_back", case, {"reason": "a"}, **refused)
    ok("note", case, clerk(), {"text": "arada"})
    assert client.do("hand_back", case, {"reason": "a"}, **refused) == first and code(first) == "conflict"


def waits_for_what_the_sender_knows():
    S.processes["router"].stop()
    status, _, answer = S.apply({"kind": "complaint", "text": "Çöp toplanmadı", "applicant": {"name": "Deneme Şahıs"}})
    assert status == 201
    case = S.value(f"SELECT id FROM intake.application WHERE number = '{answer['number']}'")
    seq = int(S.value("SELECT max(seq) FROM feed.event WHERE stream = 'intake'"))
    id_ = STATE["client"].send("note", case, {"text": "hemen"}, actor=clerk(), after_intake_seq=seq)
    S.start("router")
    reply = STATE["client"].wait(id_)
    if code(reply) == "busy":  # this machine took more than two seconds to consume it
        reply = do("note", case, clerk(), {"text": "hemen"}, expected=0)
    assert code(reply) == "ok", reply.text
    assert code(do("note", uuid.uuid4(), clerk(), {"text": "hiç"}, expected=0)) == "not_found"
    assert code(do("note", uuid.uuid4(), clerk(), {"text": "hiç"}, expected=0, after_intake_seq=seq + 1000)) == "busy"


def race(clients, cases, rounds, first):
    """Two of them want the same at the same version: exactly one wins, whatever the round. Gives the winners' texts."""
    texts = {case: [] for case in cases}
    versions = {case: version(case) for case in cases}
    for number in range(first, first + rounds):
        action = "answer" if number % 2 == 0 else "reopen"
        field = "text" if action == "answer" else "reason"
        sent = []
        for case in cases:
            for place, client in enumerate(clients):
                text = f"{number} {place} {case}"
                id_ = client.send(action, case, {field: text}, expected_version=versions[case],
                                  actor=manager("TEM", f"manager{place}"))
                sent.append((case, client, id_, text))
        for case, client, id_, text in sent:
            reply = client.wait(id_)
            assert code(reply) in ("ok", "conflict"), (code(reply), reply.text)
            if code(reply) == "ok":
                texts[case].append(text)
                versions[case] += 1
                assert reply.version == versions[case]
        assert all(len(won) == number - first + 1 for won in texts.values()), "one winner in each race"
    return texts


def told_texts(case):
    return [e.case_answered.text or e.case_reopened.reason for e in events("case", case)
            if e.WhichOneof("body") in ("case_answered", "case_reopened")]


def two_clerks_a_thousand_times():
    """I-09: one winner, one conflict, and every winner's text is in the stream, once, in order."""
    cases = [new_case() for _ in range(25)]
    clients = [STATE["client"], commands.Client(S.commands)]
    texts = race(clients, cases, 40, 0)
    for case in cases:
        assert told_texts(case) == texts[case]
    clients[1].close()


def second_router():
    environment = {**S.environment("router"), "ROUTER_LISTEN": f"unix:{S.path('router2.sock')}",
                   "ROUTER_FEED": f"ipc://{S.path('feed-router-2.sock')}",
                   "ROUTER_COMMANDS": f"ipc://{S.path('command-router-2.sock')}"}
    process = kopru.Process("router2", [os.path.join(kopru.BUILD, "kopru-router")], environment,
                            S.path("log", "router2.log"))
    S.processes["router2"] = process
    process.start()
    S.wait_healthy("router2")
    return process


def two_routers_one_winner():
    process = second_router()
    cases = [new_case() for _ in range(10)]
    clients = [STATE["client"], commands.Client(f"ipc://{S.path('command-router-2.sock')}")]
    texts = race(clients, cases, 20, 0)
    for case in cases:
        assert told_texts(case) == texts[case]
    for _ in range(50):  # one id, both routers at once: one effect, one reply
        command = {"actor": clerk(), "id_": uuid.uuid4().bytes}
        for client in clients:
            client.send("note", cases[0], {"text": "iki yönlendirici"}, **command)
        replies = [client.receive() for client in clients]
        assert replies[0] == replies[1] and code(replies[0]) == "ok", replies
    assert kinds(cases[0]).count("note.added") == 50
    clients[1].close()
    assert process.stop() == 0
    del S.processes["router2"]


def a_killed_router_has_done_it_once_or_not_at_all():
    """I-14: the same ids again settle what became of them."""
    cases = [new_case() for _ in range(20)]
    wanted = [(case, uuid.uuid4().bytes) for case in cases for _ in range(10)]
    for number, (case, id_) in enumerate(wanted):
        STATE["client"].send("note", case, {"text": "bir kez"}, actor=clerk(), id_=id_)
        if number == len(wanted) // 2:
            STATE["client"].receive()
            S.processes["router"].kill()
    S.processes["router"].process.wait()
    STATE["client"].close()
    S.processes["router"].revive()
    S.wait_healthy("router")
    STATE["client"] = commands.Client(S.commands)
    for case, id_ in wanted:
        STATE["client"].send("note", case, {"text": "bir kez"}, actor=clerk(), id_=id_)
    for _ in wanted:
        assert code(STATE["client"].receive()) == "ok"
    for case in cases:
        assert kinds(case).count("note.added") == 10


def every_change_has_one_event():
    """I-05 and I-07: as many events as versions, streams dense, versions in order in every stream."""
    assert S.value("""SELECT count(*) FROM router.case AS c WHERE c.version - 1 <>
                      (SELECT count(*) FROM feed.event AS e WHERE e.stream = 'case'
                          AND e.application_id = c.application_id)""") == "0"
    assert S.value("SELECT count(*) FROM (SELECT 1 FROM feed.event GROUP BY stream HAVING count(*) <> max(seq)) AS x") == "0"
    last = {}
    for row in S.rows("SELECT stream || ' ' || encode(payload, 'hex') FROM feed.event WHERE stream <> 'intake' "
                      "ORDER BY stream, seq"):
        stream, payload = row.split()
        event = commands.event_pb2.Event.FromString(bytes.fromhex(payload))
        place = (stream, event.application_id)
        if event.HasField("erased"):
            event.version = last.get(place, 1) + 1  # its bytes are gone, its place is not
            last[place] = event.version
            continue
        if stream == "case":
            assert event.version == last.get(place, 1) + 1, (stream, event.number, event.version)
        assert event.version > last.get(place, 1)
        last[place] = event.version
        if event.version > 2:
            assert event.standing.state > 0 and event.standing.department, event
        if stream != "case" and event.version > 2:
            assert event.standing.access_code_generation == 0
    told = {row.split()[0] for row in S.rows("SELECT DISTINCT kind FROM feed.event WHERE stream = 'case'")}
    wanted = {row.split("\t")[2] for row in open(os.path.join(kopru.TOP, "tests/data/lifecycle.tsv"), encoding="utf-8")
              if row[0] != "#" and "event\t" not in row}
    assert wanted <= told, wanted - told


def it_all_adds_up():
    """I-05, I-06, I-07: whatever was done to them, no case lost an event, and none came twice or out of order."""
    found = json.loads(S.kopru("reconcile", "--json"))
    assert found["accepted"] == found["routed"] == found["delivered_events"] > 0 and found["exceptions"] == [], found


def kinds(case):
    return S.rows(f"SELECT kind FROM feed.event WHERE stream = 'case' AND application_id = '{case}' ORDER BY seq")


def metrics():
    return S.request("router", "GET", "/metrics")[2].decode()


def main():
    try:
        for function in (starts, accepts_answers_and_closes, asks_and_waits, adds_unasked, the_clock_reminds_and_expires,
                         nobody_wants_it,
                         four_eyes, interim_forwarded_rejected_extended, promises_a_date, a_term_that_passes_is_told,
                         merged_and_answered_together,
                         split_among_departments, a_key_is_a_manager_of_its_department,
                         an_erased_application_goes_on_without_its_applicant, bad_input_is_told_what_is_wrong,
                         the_same_id_gives_the_same_reply, waits_for_what_the_sender_knows, two_clerks_a_thousand_times,
                         two_routers_one_winner, a_killed_router_has_done_it_once_or_not_at_all,
                         every_change_has_one_event, it_all_adds_up):
            TAP.run(function.__name__, function)
    finally:
        S.close()
    TAP.end()


main()
