#!/usr/bin/python3
"""flow: commands come in over HTTP (directly and through nginx), from applicants, and from departments' programs; every
reply has its answer; fifty at once; the router is away meanwhile. limit: 300 s"""
import concurrent.futures
import http.client
import json
import os
import subprocess
import sys
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
import front  # noqa: E402
import system as kopru  # noqa: E402

S = kopru.System()
TAP = kopru.Tap()
KEYS = {}
CASES = {}
TEXT = "Sokağımızda üç gündür çöp toplanmadı, konteyner taşıyor."


def apply(**applicant):
    """A new application for TEM: its receipt."""
    status, _, answer = S.apply({"kind": "complaint", "text": TEXT, "applicant": {"name": "Deneme Şahıs", **applicant}})
    assert status == 201, answer
    return answer


def version(number):
    return int(S.value(f"SELECT coalesce((SELECT version FROM router.case WHERE number = '{number}'), 0)"))


def routed(**applicant):
    receipt = apply(**applicant)
    kopru.wait_until(lambda: version(receipt["number"]) >= 2, 30, "it is routed", lambda: S.tail("router"))
    return receipt


def post(body, who="manager", language="tr", path="/api/v1/commands", connection=None, **headers):
    """(status, headers, answer)"""
    if who:
        headers["Authorization"] = "Bearer " + KEYS[who]
    return S.request("intake", "POST", path, body, {"Accept-Language": language, **headers}, connection)


def ok(number, action, who="manager", **fields):
    status, _, answer = post({"number": number, "action": action, "expected_version": version(number), **fields}, who)
    assert status == 200, (action, answer)
    assert answer["version"] == version(number) and answer["after"]["stream"] == "case", answer
    return answer


def refused(status, problem, body, who="manager", **more):
    """The same in both languages."""
    details = []
    for language in ("tr", "en"):
        got, headers, answer = post(body, who, language, **more)
        assert got == status and answer["type"].endswith(":" + problem), (body, got, answer)
        assert answer["status"] == status and headers["Content-Language"] == language, answer
        assert headers["Content-Type"].startswith("application/problem+json")
        details.append(answer["detail"])
    assert details[0] and details[0] != details[1], details
    return details[1]


def events(number):
    return S.rows(f"SELECT e.kind FROM feed.event e JOIN router.case c USING (application_id) "
                  f"WHERE e.stream = 'case' AND c.number = '{number}' ORDER BY e.seq")


def starts():
    S.start("intake", "router")
    cases = "--rights", "cases", "--role"
    for name, arguments in {
            "manager": (*cases, "manager", "--department", "TEM"), "officer": (*cases, "officer", "--department", "TEM"),
            "other": (*cases, "officer", "--department", "FEN"), "clerk": (*cases, "clerk"),
            "arbiter": (*cases, "arbiter"), "reports": ("--rights", "reports"),
            "registry": ("--rights", "applications")}.items():
        KEYS[name] = S.kopru("key", "create", name, *arguments).split()[0]
    kopru.wait_until(lambda: post({}, "registry")[0] == 403, 20, "the keys are known")


def is_answered_over_http():
    number = routed(email="deneme@example.org")["number"]
    ok(number, "accept")
    ok(number, "note", text="Ekip yolda.\r\nAkşam biter.")
    ok(number, "answer", text="Konteyner boşaltıldı.")
    ok(number, "close", "clerk")
    assert events(number) == ["application.routed", "case.accepted", "note.added", "case.answered", "case.closed"]
    CASES["closed"] = number


def need_not_wait_until_it_is_routed():
    for _ in range(5):
        receipt = apply()
        status, _, answer = post({"number": receipt["number"], "action": "accept", "expected_version": 2})
        assert status == 200, answer
        assert events(receipt["number"]) == ["application.routed", "case.accepted"]


def the_same_id_has_one_effect():
    number = routed()["number"]
    command = {"number": number, "action": "note", "text": "Bir kez.", "id": str(uuid.uuid4())}
    first, again = post(command), post(command)
    assert first[0] == again[0] == 200 and first[2] == again[2], (first, again)
    body = {"number": number, "action": "note", "text": "Anahtarla."}
    first, again = (post(body, **{"Idempotency-Key": "anahtar"}) for _ in range(2))
    assert first[2] == again[2] and first[0] == 200, (first, again)
    status, _, answer = post({**body, "text": "Başka."}, **{"Idempotency-Key": "anahtar"})
    assert status in (409, 422), answer
    assert events(number).count("note.added") == 2


def every_refusal_says_why():
    number = routed()["number"]
    accept = {"number": number, "action": "accept", "expected_version": 2}
    refused(401, "unauthorized", accept, who=None)
    refused(403, "forbidden", accept, who="reports")
    refused(404, "not-found", {**accept, "number": absent_number()})
    got, _, answer = post(accept, "other")
    assert got in (403, 404) and answer["detail"], answer
    detail = refused(409, "conflict", {**accept, "expected_version": 7})
    assert "2" in detail and "7" in detail, detail
    assert post({**accept, "expected_version": 7})[2]["version"] == 2
    refused(422, "invalid", {**accept, "expected_version": 0})
    refused(422, "invalid", {"number": number, "action": "transfer", "expected_version": 2, "department": "ZZZ",
                             "reason": "Sizin."})
    refused(409, "conflict", {"number": CASES["closed"], "action": "answer", "text": "Yine.",
                              "expected_version": version(CASES["closed"])})
    status, _, answer = post({"number": "x", "action": "ask", "answer_by": "yarın"})
    assert status == 422, answer
    assert {e["field"] for e in answer["errors"]} == {"number", "expected_version", "text", "answer_by"}, answer
    assert events(number) == ["application.routed"]


def absent_number():
    return number_of(2099, 1)


def number_of(year, serial):
    """ISO 7064 MOD 11,10, as common/domain/number.c."""
    digits = f"{year}{serial:07d}"
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return f"HM-{year}-{serial:07d}-{(11 - product) % 10}"


def a_list_goes_in_order():
    number = routed()["number"]
    base = {"number": number}
    status, _, answer = post({"commands": [
        {**base, "action": "accept", "expected_version": 2},
        {**base, "action": "draft", "expected_version": 3, "text": "Taslak."},
        {**base, "action": "draft", "expected_version": 3, "text": "Eski sürüm."},
        {"number": absent_number(), "action": "note", "text": "Yok."},
        {**base, "action": "answer", "expected_version": 4, "text": "Bitti."}]})
    assert status == 200 and [a["status"] for a in answer] == [200, 200, 409, 404, 200], answer
    assert events(number) == ["application.routed", "case.accepted", "answer.drafted", "case.answered"]


def every_action_is_known():
    """What the lifecycle lets happen is tested elsewhere; here each action arrives with what it needs."""
    first, second, third = (routed()["number"] for _ in range(3))
    ok(first, "accept")
    ok(first, "interim_answer", text="Ekip yarın gelecek.", final_by=S.value("SELECT current_date + 10"))
    ok(first, "draft", "officer", text="Konteyner boşaltıldı.")
    ok(first, "approve")
    ok(first, "answer")
    ok(first, "reopen", "clerk", reason="Başvuran yeniden aradı.")
    ok(first, "transfer", department="FEN", reason="Yol onarımı.")
    ok(first, "hand_back", "other", reason="Bizim değil.")
    ok(first, "assign", "clerk", department="TEM", topic="TEM-01", reason="Çöp.")
    ok(first, "split", parts=[{"department": "TEM", "task": "Topla"}, {"department": "FEN", "task": "Onar"}],
       reason="İki birimin işi.")
    ok(first, "answer", "other", text="Onarıldı.", part=2)
    ok(second, "merge", into=third, reason="Aynı konteyner.")
    ok(second, "unmerge", reason="Aynı değilmiş.")
    ok(second, "reject", reason="no_specific_subject", text="Belli bir konu yok.")
    ok(third, "forward", institution="KOSKI", letter="Gereğini arz ederim.", letter_number="E-1")
    body = {"number": third, "action": "extend", "expected_version": version(third), "reason": "Uzadı."}
    assert post(body)[0] in (409, 422), "only where the law lets it"


def applicants_reply_and_withdraw():
    receipt = routed()
    who = {"number": receipt["number"], "access_code": receipt["access_code"]}
    reply = {**who, "text": "Fetih Mahallesi, fırının önü.", "id": str(uuid.uuid4())}

    def answer_of(body, path="reply"):
        return post(body, None, path="/api/v1/track/" + path)
    status, _, answer = answer_of({**reply, "id": str(uuid.uuid4())})
    assert status == 409, answer
    ok(receipt["number"], "ask", text="Hangi konteyner?")
    status, _, wrong = answer_of({**reply, "access_code": "0" * 26})
    status_absent, _, absent = answer_of({**reply, "number": absent_number()})
    assert status == status_absent == 404 and wrong["detail"] == absent["detail"], (wrong, absent)
    assert answer_of({**reply, "text": ""})[0] == 422
    first, again = answer_of(reply), answer_of(reply)
    assert first[0] == again[0] == 200 and first[2] == again[2], (first, again)
    assert events(receipt["number"])[-2:] == ["citizen.asked", "citizen.replied"]
    status, _, answer = answer_of({**who, "reason": "Çözüldü, teşekkürler."}, "withdraw")
    assert status == 200 and events(receipt["number"])[-1] == "case.withdrawn", answer
    status, _, answer = answer_of({**who, "id": str(uuid.uuid4())}, "withdraw")
    assert status == 409, answer


def fifty_at_once():
    """Fifty notes and fifty answers to one case: all notes are in, one answer is given."""
    numbers = [routed()["number"] for _ in range(10)]
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        notes = list(pool.map(lambda i: post({"number": numbers[i % 10], "action": "note", "text": f"Not {i}"})[0],
                              range(50)))
        assert notes == [200] * 50, notes
        answers = list(pool.map(lambda i: post({"number": numbers[0], "action": "answer", "text": f"Cevap {i}",
                                                "expected_version": 7})[0], range(50)))
    assert sorted(answers) == [200] + [409] * 49, answers
    for number in numbers:
        assert events(number).count("note.added") == 5, (number, events(number))
    assert events(numbers[0]).count("case.answered") == 1


def the_router_goes_and_comes():
    """What was asked while the router was away is unknown or busy, or was done; the same id tells, and has one effect."""
    numbers = [routed()["number"] for _ in range(20)]
    commands = [{"number": number, "action": "note", "text": "Tek not.", "id": str(uuid.uuid4())} for number in numbers]

    unknown = []

    def insist(command):
        end = time.monotonic() + 120
        while time.monotonic() < end:
            status, headers, answer = post(command)
            if status == 200:
                return
            assert status == 503 and headers["Retry-After"] and answer["id"] == command["id"], answer
            unknown.append(answer["type"])
        raise AssertionError("never done")

    S.processes["router"].stop()
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        running = [pool.submit(insist, command) for command in commands]
        kopru.wait_until(lambda: unknown, 30, "somebody was told that nothing is known")
        S.start("router")
        S.processes["router"].kill()
        S.processes["router"].process.wait()
        S.start("router")
        for future in running:
            future.result(timeout=150)
    assert all(problem.endswith((":unknown-outcome", ":busy")) for problem in unknown), unknown
    for number in numbers:
        assert events(number).count("note.added") == 1, (number, events(number))


def through_the_web_server():
    """Bodies and answers pass; who guesses at access codes is slowed down, whatever headers are sent."""
    web = front.Front(S, public_rate=1)
    web.start()
    receipt = routed()

    def through(path, body, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
        answer = post(body, headers.pop("who", None), path=path, connection=connection, **headers)
        connection.close()
        return answer
    number = receipt["number"]
    status, headers, answer = through("/api/v1/commands", {"number": number, "action": "ask", "text": "Nerede? " * 2000,
                                                           "expected_version": 2}, who="manager")
    assert status == 200 and headers["X-Request-Id"], answer
    who = {"number": number, "access_code": receipt["access_code"]}
    status, _, answer = through("/api/v1/track/reply", {**who, "text": "Fetih"})
    assert status == 200, answer
    status, _, answer = through("/api/v1/track/add", {**who, "text": "Bir de bu"})
    assert status == 200 and events(number)[-1] == "citizen.added", answer
    status, _, answer = through("/api/v1/commands", {"number": number, "action": "accept"}, who="manager")
    assert status == 422 and answer["errors"][0]["field"] == "expected_version", answer
    status, _, answer = through("/api/v1/commands", {"commands": [{"text": "x" * 300_000}]}, who="manager")
    assert status == 413, answer
    for headers in ({}, {"Authorization": "Bearer kopru_x"}):
        statuses = [through("/api/v1/track/withdraw", {**who, "access_code": "0" * 26}, **headers)[0] for _ in range(60)]
        assert 429 in statuses and set(statuses) <= {404, 429}, statuses
    S.processes.pop("nginx").stop()


def departments_send_commands():
    S.department("TEM")
    S.department("FEN")
    receipt = routed()
    number = receipt["number"]
    kopru.wait_until(lambda: [l for l in S.lines("TEM") if l["number"] == number], 20, "TEM has it",
                     lambda: S.tail("department-TEM"))
    line = next(l for l in S.lines("TEM") if l["number"] == number)

    def send(*arguments, code="TEM", line=None, **more):
        environment = {**os.environ, "DEPARTMENT_COMMANDS": f"tcp://127.0.0.1:{S.command_port}",
                       "DEPARTMENT_SERVER_PUBLIC_FILE": S.path("secrets", "router.key.pub"),
                       "DEPARTMENT_KEY_FILE": S.path("secrets", code + ".key"), **more}
        done = subprocess.run([os.path.join(kopru.BUILD, "kopru-department"), *arguments], env=environment, timeout=60,
                              input=json.dumps(line) + "\n" if line else "", capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr

    exit_code, reply, said = send("accept", line=line)
    assert exit_code == 0 and reply["code"] == "ok" and reply["version"] == 3, (exit_code, reply, said)
    assert reply["application_id"] == line["application_id"] and reply["after"]["stream"] == "case"
    exit_code, reply, said = send("answer", "--text", "Eski sürümle.", line=line)
    assert exit_code == 3 and reply["code"] == "conflict" and "3" in reply["text"], (exit_code, reply, said)
    exit_code, reply, said = send("answer", "--application", line["application_id"], "--version", "3", "--text",
                                  "Bizim değil.", code="FEN")
    assert exit_code == 4 and reply["code"] in ("forbidden", "not_found"), (exit_code, reply, said)
    exit_code, reply, said = send("transfer", "--to", "ZZZ", "--reason", "Sizin.", "--application",
                                  line["application_id"], "--version", "3", "--language", "en")
    assert exit_code == 5 and reply["code"] == "invalid" and "ZZZ" in reply["text"], (exit_code, reply, said)
    text_file = S.path("answer.txt")
    with open(text_file, "w", encoding="utf-8", newline="") as file:
        file.write("Konteyner boşaltıldı.\r\nİyi günler.\r\n")
    again = ["answer", "--text-file", text_file, "--application", line["application_id"], "--version", "3", "--id",
             str(uuid.uuid4())]
    first, second = send(*again), send(*again)
    assert first[0] == second[0] == 0 and first[1] == second[1], (first, second)
    assert events(number) == ["application.routed", "case.accepted", "case.answered"]
    kopru.wait_until(lambda: len([l for l in S.lines("TEM") if l["number"] == number]) == 3, 20, "TEM sees them")
    last = [l for l in S.lines("TEM") if l["number"] == number][-1]
    assert last["type"] == "case.answered" and last["text"] == "Konteyner boşaltıldı.\nİyi günler.\n", last
    assert last["actor"] == "department" and last["actor_id"] == "TEM" and last["standing"]["state"] == "answered", last
    exit_code, reply, said = send("note", "--text", "x", "--application", line["application_id"],
                                  DEPARTMENT_COMMANDS=f"tcp://127.0.0.1:{kopru.free_port()}", DEPARTMENT_WAIT_SECONDS="1")
    assert exit_code == 6 and reply["code"] == "unknown" and uuid.UUID(reply["id"]), (exit_code, reply, said)


def a_verified_address_stays_verified():
    body = {"kind": "complaint", "text": TEXT, "channel": "desk",
            "applicant": {"name": "Deneme Şahıs", "email": "deneme@example.org", "email_verified": True}}
    status, _, answer = S.apply(body)
    assert status == 422 and "applicant.email_verified" in [e["field"] for e in answer["errors"]], answer
    status, _, answer = S.apply(body, api_key=KEYS["registry"])
    assert status == 201, answer
    number = answer["number"]
    assert S.value(f"SELECT email_verified FROM intake.application WHERE number = '{number}'") == "t"
    status, _, answer = post({"number": number, "action": "accept", "expected_version": 2})
    assert status == 200, answer
    kopru.wait_until(lambda: len([l for l in S.lines("TEM") if l["number"] == number]) == 2, 20, "TEM has both")
    first, second = (l for l in S.lines("TEM") if l["number"] == number)
    assert first["application"]["applicant"]["email_verified"], first
    assert second["standing"]["applicant"]["email_verified"], second


def a_departments_program_answers_by_itself():
    """run:PROGRAM may send commands: the event's line is on its standard input."""
    program = S.path("answer.sh")
    with open(program, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nread -r line\ncase "$line" in *\'"type":"application.routed"\'*)\n'
                   f'printf "%s\\n" "$line" | "{kopru.BUILD}/kopru-department" answer --text "Kendiliğinden." ;; esac\n')
    os.chmod(program, 0o755)
    S.processes["department-TEM"].stop()
    S.department("TEM", "run:" + program, DEPARTMENT_COMMANDS=f"tcp://127.0.0.1:{S.command_port}", DEPARTMENT_TRIES="2")
    number = routed()["number"]
    kopru.wait_until(lambda: "case.answered" in events(number), 30, "it is answered", lambda: S.tail("department-TEM"))


def nothing_of_it_is_logged():
    S.close(keep=True)
    logs = "".join(S.tail(name, 10_000_000) for name in list(S.processes))
    for canary in ("Konteyner", "Fetih", "fırının", "Deneme", "Tek not"):
        assert canary not in logs, canary


for test in (starts, is_answered_over_http, need_not_wait_until_it_is_routed, the_same_id_has_one_effect,
             every_refusal_says_why, a_list_goes_in_order, every_action_is_known, applicants_reply_and_withdraw,
             fifty_at_once, through_the_web_server, the_router_goes_and_comes, departments_send_commands, a_verified_address_stays_verified,
             a_departments_program_answers_by_itself,
             nothing_of_it_is_logged):
    TAP.run(test.__name__, test)
S.close()
TAP.end()
