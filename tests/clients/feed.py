"""The feed of departments as its clients see it: department.py (100 lines of Python) and kopru-department side by side."""
import json
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
import system as kopru  # noqa: E402

S = kopru.System()
TAP = kopru.Tap()
NUMBERS = []


def client(*more, code="TEM", key="TEM.key", seconds=30):
    """Runs department.py; its exit code and lines."""
    command = ["/usr/bin/python3", os.path.join(HERE, "department.py"), "--code", code,
               "--feed", f"tcp://127.0.0.1:{S.feed_port}", "--key", S.path("secrets", key),
               "--server", S.path("secrets", "router.key.pub"), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def apply(count):
    for number in range(count):
        status, _, answer = S.apply({"kind": "complaint", "text": f"Çöp toplanmadı, konteyner taşıyor ({number})",
                                     "location": {"lat": 37.8745, "lon": 32.5342},
                                     "applicant": {"name": "Deneme Şahıs", "phone": "+905000000000",
                                                   "hide_identity": number % 2 == 1}})
        assert status == 201, answer
        NUMBERS.append(answer["number"])


def starts():
    with open(os.path.join(HERE, "department.py"), encoding="utf-8") as source:
        assert len(source.readlines()) <= 100
    for code in ("TEM", "FEN"):
        S.kopru("department", "key", code, "--out", S.path("secrets", code + ".key"))
    S.kopru("curve", S.path("secrets", "stranger.key"))
    S.start("intake", "router")  # after the keys: whom it refuses once never comes again by itself


def receives():
    apply(20)
    code, lines, said = client("--count", "20", "--cursor", S.path("py.cursor"))
    assert code == 0, said
    assert [line["number"] for line in lines] == NUMBERS
    assert [line["seq"] for line in lines] == list(range(1, 21))
    first = lines[0]["applicationRouted"]
    assert first["department"] == "TEM" and first["application"]["text"].startswith("Çöp toplanmadı")


def hides_who_wants_to_be_hidden():
    _, lines, _ = client("--count", "2", "--from", "1")
    shown, hidden = (line["applicationRouted"]["application"]["applicant"] for line in lines)
    assert shown["name"] == "Deneme Şahıs" and "masked" not in shown, shown
    assert hidden["masked"] and "name" not in hidden and "phone" not in hidden, hidden


def goes_on_where_it_stopped():
    apply(5)
    code, lines, said = client("--count", "5", "--cursor", S.path("py.cursor"))
    assert code == 0, said
    assert [line["seq"] for line in lines] == list(range(21, 26))
    assert [line["number"] for line in lines] == NUMBERS[20:]


def replays_the_same_bytes():
    code, lines, said = client("--count", "16", "--from", "10")
    assert code == 0, said
    assert [line["seq"] for line in lines] == list(range(10, 26))
    assert lines == client("--count", "16", "--from", "10")[1]


def answers_one_application():
    apply(1)
    code, lines, said = client("--count", "2", "--cursor", S.path("py.cursor"), "--answer", "Konteyner boşaltıldı.",
                               "--commands", f"tcp://127.0.0.1:{S.command_port}")
    assert code == 0, said
    routed, reply, answered = lines
    assert routed["number"] == answered["number"] == NUMBERS[-1] and answered["version"] == 3, lines
    assert reply["reply"]["code"] == "CODE_OK" and reply["reply"]["version"] == 3, reply
    assert answered["caseAnswered"]["text"] == "Konteyner boşaltıldı.", answered
    assert answered["actor"] == {"type": "TYPE_DEPARTMENT", "id": "TEM", "role": "ROLE_MANAGER", "department": "TEM"}
    assert answered["standing"]["state"] == "STATE_ANSWERED", answered


def another_departments_key_answers_nothing():
    number = NUMBERS[0]
    case = S.value(f"SELECT application_id FROM router.case WHERE number = '{number}'")
    done = S.value(f"SELECT version FROM router.case WHERE number = '{number}'")
    command = [os.path.join(kopru.BUILD, "kopru-department"), "answer", "--application", case, "--version", done,
               "--text", "Bizim olsun."]
    environment = {**os.environ, "DEPARTMENT_COMMANDS": f"tcp://127.0.0.1:{S.command_port}",
                   "DEPARTMENT_KEY_FILE": S.path("secrets", "FEN.key"),
                   "DEPARTMENT_SERVER_PUBLIC_FILE": S.path("secrets", "router.key.pub")}
    ended = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                           check=False)
    assert ended.returncode == 4, (ended.stdout, ended.stderr)
    assert S.value(f"SELECT version FROM router.case WHERE number = '{number}'") == done


def the_reference_consumer_sees_the_same():
    S.department("TEM")
    kopru.wait_until(lambda: len(S.lines("TEM")) == 27, 15, "27 lines", lambda: S.tail("department-TEM"))
    theirs = client("--count", "25", "--from", "1")[1]
    for ours, other in zip(S.lines("TEM"), theirs):
        assert ours["seq"] == other["seq"] and ours["number"] == other["number"], (ours, other)
        assert ours["event_id"].replace("-", "") == other["event_id"]
        assert ours["type"] == "application.routed" and ours["application"]["location"]["lat"] == 37.8745
    assert S.processes["department-TEM"].stop() == 0


def a_wrong_cursor_is_told():
    with open(S.path("wrong.cursor"), "w", encoding="ascii") as cursor:
        cursor.write("5 " + "ab" * 16)
    code, lines, said = client("--cursor", S.path("wrong.cursor"))
    assert code == 1 and not lines and "diverged" in said, said
    event_id = "01890a5d-ac96-774b-bcce-b302099a8057"
    with open(S.path("departments", "TEM.cursor"), "w", encoding="ascii") as cursor:
        cursor.write(f"department/TEM 5 {event_id}\n")
    process = S.department("TEM").process
    assert process.wait(15) == 3, S.tail("department-TEM")
    os.unlink(S.path("departments", "TEM.cursor"))


def another_departments_stream_is_closed():
    code, lines, said = client("--count", "1", "--from", "1", code="TEM", key="FEN.key")
    assert code == 1 and not lines and "refused" in said, said


def a_strange_key_hears_nothing():
    code, lines, said = client("--count", "1", "--from", "1", key="stranger.key", seconds=40)
    assert code != 0 and not lines and "Again" in said, said


def a_revoked_key_hears_nothing_more():
    public = json.loads(S.kopru("peers", "--json"))
    public = next(peer["public_key"] for peer in public if peer["name"] == "department/TEM")
    S.kopru("department", "revoke", "TEM", "--", public)

    def refused():
        return client("--count", "1", "--from", "1", seconds=40)[0] != 0
    kopru.wait_until(refused, 60, "the key is refused")


def another_router_serves_it_when_its_own_dies_or_is_silent():
    """kopru-department and department.py know both routers; whichever of them goes, each goes on within 5 s."""
    pair = kopru.System(instances=2)
    try:
        pair.kopru("department", "key", "TEM", "--out", pair.path("secrets", "TEM.key"))
        pair.start("intake", "router")
        pair.department("TEM")
        feeds, orders = (",".join(f"tcp://127.0.0.1:{port}" for port in ports) for ports in (pair.feed_ports, pair.command_ports))
        command = ["/usr/bin/python3", os.path.join(HERE, "department.py"), "--code", "TEM", "--feed", feeds, "--commands", orders,
                   "--key", pair.path("secrets", "TEM.key"), "--server", pair.path("secrets", "router.key.pub"),
                   "--answer", "Konteyner boşaltıldı."]
        python = kopru.Process("python", command, dict(os.environ), pair.path("log", "python.log"), pair.path("python.jsonl"))
        pair.processes["python"] = python
        python.start()
        serves_both(pair, 1)
        for number, (name, how, back) in enumerate((("router-1", signal.SIGKILL, None), ("router-2", signal.SIGSTOP, signal.SIGCONT)), 2):
            pair.processes[name].kill(how)
            print(f"# after {how.name} of {name}: {serves_both(pair, number):.1f} s until an event was answered")
            pair.processes[name].kill(back) if back else pair.start(name)
    finally:
        pair.close()


def serves_both(pair, number):
    """Seconds until both have an application, and its answer, that is entered now."""
    began = time.monotonic()
    status, _, answer = pair.apply({"kind": "complaint", "text": "Çöp toplanmadı", "applicant": {"name": "Deneme Şahıs",
                                                                                               "phone": "+905000000000"}})
    assert status == 201, answer

    def served():
        with open(pair.path("python.jsonl"), encoding="utf-8") as lines:
            theirs = [json.loads(line) for line in lines if line.endswith("\n")]
        return {"caseAnswered", "applicationRouted"} <= {kind for line in theirs for kind in line
                                                         if line.get("number") == answer["number"]} \
            and len([line for line in pair.lines("TEM") if line["number"] == answer["number"]]) >= 2
    kopru.wait_until(served, 20, f"application {number} is answered", lambda: pair.tail("python") + pair.tail("department-TEM"))
    took = time.monotonic() - began
    assert number == 1 or took < 5, took
    return took


def ends():
    codes = S.close()
    assert set(codes[name] for name in ("intake", "router")) == {0}, codes


for test in (starts, receives, hides_who_wants_to_be_hidden, goes_on_where_it_stopped, replays_the_same_bytes,
             answers_one_application, another_departments_key_answers_nothing,
             the_reference_consumer_sees_the_same, a_wrong_cursor_is_told, another_departments_stream_is_closed,
             a_strange_key_hears_nothing, a_revoked_key_hears_nothing_more, another_router_serves_it_when_its_own_dies_or_is_silent, ends):
    TAP.run(test.__name__.replace("_", " "), test)
TAP.end()
