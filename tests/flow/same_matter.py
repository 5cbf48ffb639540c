#!/usr/bin/env python3
"""flow: the same matter over WhatsApp, the telephone, CİMER and the web is found at its place, another matter and another place
are not; one person's two applications are recognised by marks, and who hides is told to the desk only; many are linked to one
case at once, answered once, each to his own applicant, and freed again. limit: 180 s"""

import csv
import json
import os
import subprocess
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import channels  # noqa: E402
import system as kopru  # noqa: E402

S = kopru.System()
META = channels.Simulator("meta", S.folder)
S.settings["intake"] = {"INTAKE_CHANNELS_FILE": channels.write(S.folder, META.url, idle=1)}
TAP = kopru.Tap()
KEYS = {}
N = {}  # number of each application that is told apart below
SPOT = {"lat": 37.8745, "lon": 32.5342}
LATITUDE_M = 1 / 111195  # degrees of a metre
PHONE, OTHER_PHONE = "+905000000001", "+905000000002"
SECRET = "GİZLİKİŞİ"


def at(north_m, **more):
    return {"lat": round(SPOT["lat"] + north_m * LATITUDE_M, 7), "lon": SPOT["lon"], **more}


def starts():
    S.start()
    for name, arguments in {"clerk": ("applications,cases", "--role", "clerk"), "arbiter": ("cases", "--role", "arbiter"),
                            "officer": ("cases", "--role", "officer", "--department", "FEN"),
                            "other": ("cases", "--role", "officer", "--department", "PRK"),
                            "poor": ("reports",)}.items():
        KEYS[name] = S.api_key(name, *arguments)


def enter(name, text, channel="phone", topic="YOL-01", **fields):
    body = {"kind": "complaint", "channel": channel, "text": text, "topic": topic, **fields}
    status, _, answer = S.apply({k: v for k, v in body.items() if v}, None, KEYS["clerk"])
    assert status == 201, answer
    N[name] = answer["number"]
    return answer["number"]


def similar(name, who="clerk", status=200, language="tr", query="", path="cases"):
    got, _, answer = S.request("reporting", "GET", f"/api/v1/{path}/{N.get(name, name)}/similar{query}", headers={
        "Authorization": "Bearer " + KEYS[who], "Accept-Language": language})
    assert got == status, (got, answer)
    return answer


def names(answer):
    by_number = {number: name for name, number in N.items()}
    return [by_number.get(one["number"], one["number"]) for one in answer["list"]]


def case(name, who="clerk"):
    got, _, answer = S.request("reporting", "GET", f"/api/v1/cases/{N.get(name, name)}", headers={"Authorization": "Bearer " + KEYS[who]})
    assert got == 200, answer
    return answer


def imported(number, text):
    path = S.path("cimer.csv")
    head = ["Başvuru No", "Tarih", "Tür", "Konu", "Metin", "Ad Soyad", "T.C.", "Telefon", "Mahalle", "Gizlilik"]
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([head, [
            number, time.strftime("%d.%m.%Y %H:%M"), "Şikâyet", "Yol", text, "Deneme Şahıs", "11111111110", PHONE, "Fetih Mah.", "Hayır"]])
    done = subprocess.run([os.path.join(kopru.BUILD, "kopru"), "import", "cimer", path, "--json"], text=True, capture_output=True, env={
        **os.environ, "KOPRU_DATABASE": kopru.conninfo_with(S.admin, dbname=S.database), "KOPRU_URL": "unix:" + S.path("intake.sock"),
        "KOPRU_KEY": KEYS["clerk"]}, timeout=60, check=False)
    assert json.loads(done.stdout)["new"] == 1, (done.stdout, done.stderr)
    return S.value(f"SELECT number FROM intake.application WHERE external_id = '{number}'")


def four_people_tell_of_one_pothole():
    # The first is who calls about it, from the place itself; the next 60 m along the street.
    enter("phone", "Işık Sokağı 12 önündeki yolda derin bir çukur oluştu, arabalar zarar görüyor",
          location=at(0, neighbourhood="Fetih", address="Işık Sk. 12"), applicant={"name": "Deneme Şahıs", "phone": PHONE})
    assert META.deliver([channels.whatsapp(channels.text("wamid.S1", "yolda cukur var araba dustu lutfen asfalt yapin"),
                                           channels.message("wamid.S2", "location", {"latitude": at(40)["lat"], "longitude": SPOT["lon"]}),
                                           number="905000000003")],
                        socket=S.path("intake.sock"), path="/webhooks/whatsapp", secret=channels.SECRETS["whatsapp"][0]) == [[200]]
    N["cimer"] = imported("2500000001", "Işık Sokağı'nda asfalt bozuk, büyük çukurlar var, tamirini istiyorum.")
    status, _, answer = S.apply({"kind": "complaint", "text": "Asfalt çökmüş, koca bir çukur var; kaza olacak.", "location": at(-20),
                                 "applicant": {"name": "Deneme Kişi", "email": "web@example.org"}})
    assert status == 201, answer
    N["web"] = answer["number"]
    # Another matter there, the same matter elsewhere, and long ago.
    enter("refuse", "Konteyner taştı, çöpler toplanmıyor", topic="TEM-01", location=at(5))
    enter("elsewhere", "Yolda derin bir çukur oluştu, arabalar zarar görüyor", location=at(400))
    enter("long ago", "Yolda derin bir çukur oluştu, arabalar zarar görüyor", location=at(2),
          received_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 80 * 86400)))
    kopru.wait_until(lambda: S.value("SELECT count(*) FROM intake.application WHERE channel = 8") == "1", 15, "WhatsApp's came",
                     lambda: S.tail("intake"))
    N["whatsapp"] = S.value("SELECT number FROM intake.application WHERE channel = 8")
    S.wait_quiet()
    answer = similar("phone")
    assert sorted(names(answer)) == ["cimer", "web", "whatsapp"], (answer, S.sql("SELECT * FROM reporting.likeness"))
    assert answer["count"] == 3 and not answer["more"] and answer["sentence"].startswith("3 başvuru daha: aynı yer, bugün "), answer
    by = dict(zip(names(answer), answer["list"]))
    assert [by[name]["distance_m"] for name in ("whatsapp", "web", "cimer")] == [40, 20, None], by
    assert by["web"]["channel"] == "web" and by["web"]["version"] >= 2 and by["web"]["status"] == "assigned", by
    assert by["cimer"]["reasons"][0]["code"] == "street" and by["web"]["likeness"] > 0, by
    assert sorted(names(similar("web"))) == ["phone", "whatsapp"]
    assert names(similar("refuse")) == [] and similar("refuse")["since"] is None
    assert names(similar("elsewhere")) == [] and names(similar("long ago")) == []
    english = similar("phone", language="en", query="?limit=1", path="applications")
    assert english["count"] == 3 and len(english["list"]) == 1 and "3 others, same spot, since " in english["sentence"], english


def who_may_not_see_it_is_told_as_of_none():
    assert sorted(names(similar("phone", "arbiter"))) == ["cimer", "web", "whatsapp"]
    assert sorted(names(similar("phone", "officer"))) == ["cimer", "web", "whatsapp"]
    refused = similar("phone", "other", 404)
    unknown = similar("HM-2026-9999999-0", "other", 422)
    assert unknown["type"] != refused["type"]
    similar("phone", "poor", 403)
    assert "limit" in json.dumps(similar("phone", status=422, query="?limit=101"))


def one_person_is_recognised_over_another_channel():
    by = dict(zip(names(similar("phone")), similar("phone")["list"]))
    assert by["cimer"]["same_person"] and not by["web"]["same_person"], by
    # Without any place, and over the telephone and at the desk.
    person = {"name": "Deneme Şahıs", "phone": OTHER_PHONE, "email": "Kisi@Example.org"}
    enter("desk", "Emlak vergisi borcum yanlış hesaplanmış", "desk", "MAL-01", applicant=person)
    enter("mail", "Emlak vergisi itirazım hakkında", "email", "MAL-01", applicant={"email": "kisi@example.org"})
    enter("neighbour", "Emlak vergisi borcum yanlış hesaplanmış", "email", "MAL-01", applicant={"email": "baska@example.org"})
    enter("nobody", "Emlak vergisi borcum yanlış hesaplanmış", "desk", "MAL-01", applicant={"anonymous": True})
    S.wait_quiet()
    answer = similar("desk")
    assert names(answer) == ["mail"] and answer["list"][0]["same_person"], answer
    assert answer["sentence"].startswith("aynı kişiden 1 başvuru daha, bugün "), answer
    assert answer["list"][0]["reasons"][-1]["code"] == "person", answer
    assert names(similar("nobody")) == []
    assert S.value(f"SELECT count(*) FROM reporting.person_mark AS m JOIN reporting.application AS a USING (application_id) "
                   f"WHERE a.number = '{N['nobody']}'") == "0"


def who_hides_is_told_to_the_desk_only():
    person = {"name": SECRET, "phone": "+905000000004"}
    enter("open", "Parktaki salıncak kırık", topic="YOL-04", applicant=person)
    enter("hidden", "Parkta salıncağın zinciri kopuk", "desk", "YOL-04", applicant={**person, "hide_identity": True})
    S.wait_quiet()
    for name, other in (("open", "hidden"), ("hidden", "open")):
        assert names(similar(name)) == [other] and similar(name)["list"][0]["same_person"]
        for who in ("officer", "arbiter"):
            answer = similar(name, who)
            assert answer["list"] == [] and answer["count"] == 0, (who, answer)


def marks_are_in_stream_intake_only():
    marks = S.rows("SELECT DISTINCT encode(mark, 'hex') FROM reporting.person_mark")
    assert len(marks) >= 5, marks
    streams = {mark: S.rows(f"SELECT DISTINCT stream FROM feed.event WHERE position('\\x{mark}'::bytea IN payload) > 0") for mark in marks}
    assert all(found == ["intake"] for found in streams.values()), streams
    for service in ("intake", "router", "notifier", "reporting"):
        log = S.tail(service, 10 ** 7)
        assert not any(mark in log for mark in marks), service


def members(names_):
    return [{"number": N.get(name, name), "expected_version": case(name)["version"]} for name in names_]


def gather(body, key, status=200, who="clerk"):
    got, _, answer = S.request("intake", "POST", "/api/v1/incidents", body, {
        "Authorization": "Bearer " + KEYS[who], "Idempotency-Key": key, "Accept-Language": "en"})
    assert got == status, (got, answer)
    return answer


def what_cannot_be_gathered_is_refused():
    def fields(body):
        return sorted(fault["field"] for fault in gather(body, "bad", 422)["errors"])
    one = {"number": N["web"], "expected_version": 2}
    assert fields({}) == ["leading", "members", "reason"]
    assert fields({"leading": N["phone"], "members": [], "reason": "x"}) == ["members"]
    assert fields({"leading": N["phone"], "members": [one] * 201, "reason": "x"}) == ["members"]
    assert fields({"leading": N["phone"], "members": [one, one, {"number": N["phone"], "expected_version": 1}, 5], "reason": "x"}) == [
        "members.1.number", "members.2.number", "members.3"]
    assert fields({"leading": N["phone"], "members": [{"number": "x", "expected_version": 0, "more": 1}], "reason": "x"}) == [
        "members.0.expected_version", "members.0.more", "members.0.number"]
    assert fields({"leading": N["phone"], "members": [one], "reason": "x", "action": "close"}) == ["action"]
    assert gather({"leading": N["phone"], "members": [one], "reason": "x"}, "poor", 403, "poor")["title"]


def twelve_are_linked_by_one_click_and_answered_once():
    for i in range(12):
        enter(f"m{i}", f"Çukur {i}", location=at(600 + i), applicant={
            "name": "Deneme Şahıs", "email": f"uye{i}@example.org", "email_verified": True})
    enter("leader", "Yol çöktü", location=at(600), applicant={"email": "bas@example.org", "email_verified": True})
    S.wait_quiet()
    found = similar("leader")
    assert found["count"] == 12 and sorted(names(found)) == sorted(f"m{i}" for i in range(12)), found
    body = {"leading": N["leader"], "reason": "aynı çukur", "members": [
        {"number": one["number"], "expected_version": one["version"]} for one in found["list"]]}
    body["members"][0]["expected_version"] += 1  # somebody was quicker
    due = {name: case(name)["due_on"] for name in N}
    answer = gather(body, "click-1")
    assert answer["leading"] == N["leader"] and answer["done"] == 11, answer
    assert [one["status"] for one in answer["members"]] == [409] + [200] * 11 and answer["members"][0]["detail"], answer
    again = gather(body, "click-1")
    assert again == answer, (again, answer)
    body["members"] = body["members"][:1]
    body["members"][0]["expected_version"] -= 1
    assert gather(body, "click-2")["done"] == 1
    S.wait_quiet()
    page = case("leader")
    assert page["incident"]["count"] == 12 and len(page["incident"]["members"]) == 12, page["incident"]
    assert page["incident"]["sentence"].startswith("12 başvuru daha, bugün "), page["incident"]
    found = similar("m3")
    assert found["list"][0]["number"] == N["leader"] and found["list"][0]["leading"], found
    assert {one["merged_into"] for one in found["list"][1:]} == {N["leader"]}, found
    assert {name: case(name)["due_on"] for name in N} == due
    act("accept", "leader")
    act("answer", "leader", text="Çukur kapatıldı.")
    S.wait_quiet()
    for name in ["leader"] + [f"m{i}" for i in range(12)]:
        assert case(name)["status"] == "answered", name
        letters = [letter for letter in S.letters(N[name]) if "Çukur kapatıldı" in letter.get_content()]
        address = "bas@example.org" if name == "leader" else f"uye{name[1:]}@example.org"
        assert len(letters) == 1 and letters[0]["To"] == address and N[name] in letters[0]["Subject"], (name, letters)


def act(action, name, **fields):
    """As the department, over intake."""
    if "manager" not in KEYS:
        KEYS["manager"] = S.api_key("manager", "cases", "--role", "manager", "--department", "FEN")
    got, _, answer = S.request("intake", "POST", "/api/v1/commands", {
        "number": N[name], "action": action, "expected_version": int(S.value(
            f"SELECT version FROM router.case WHERE number = '{N[name]}'")), **fields}, {"Authorization": "Bearer " + KEYS["manager"]})
    assert got == 200, answer
    return answer


def an_incident_is_taken_apart_again():
    """As many as one case may lead."""
    for i in range(201):
        enter(f"u{i}", f"Kaldırım {i}", topic="YOL-04", location=at(900))
    S.wait_quiet()
    body = {"leading": N["u0"], "reason": "aynı yer", "members": members([f"u{i}" for i in range(1, 201)])}
    assert gather(body, "apart-1")["done"] == 200
    S.wait_quiet()
    assert case("u1")["status"] == "merged" and case("u1")["merged_into"] == N["u0"]
    full = gather({"leading": N["u0"], "reason": "aynı yer", "members": members(["elsewhere"])}, "apart-full")
    assert full["done"] == 0 and full["members"][0]["status"] == 409 and "200" in full["members"][0]["detail"], full
    # One, and then all that are left, as the page of the leading case names them.
    free = {"leading": N["u0"], "reason": "yanlış", "action": "unmerge", "members": members(["u1"])}
    assert gather(free, "apart-2")["done"] == 1
    S.wait_quiet()
    left = case("u0")["incident"]["members"]
    assert sorted(one["number"] for one in left) == sorted(N[f"u{i}"] for i in range(2, 201)), left
    free["members"] = [{"number": one["number"], "expected_version": one["version"]} for one in left]
    assert gather(free, "apart-3")["done"] == 199
    S.wait_quiet()
    assert case("u0")["incident"] is None
    assert {case(f"u{i}")["status"] for i in range(0, 201, 50)} == {"assigned"}


def a_rebuilt_read_side_knows_the_same():
    few = [name for name in N if name[0] != "u"]
    before = {name: sorted(names(similar(name))) for name in few}
    rows = S.sql("SELECT * FROM reporting.likeness ORDER BY 1; SELECT * FROM reporting.person_mark ORDER BY 1, 2")
    S.kopru("replay", "reporting", "--yes")
    S.wait_quiet()
    assert S.sql("SELECT * FROM reporting.likeness ORDER BY 1; SELECT * FROM reporting.person_mark ORDER BY 1, 2") == rows
    assert {name: sorted(names(similar(name))) for name in few} == before


def field(tag, content):
    return bytes([tag << 3 | 2, len(content)]) + content


def what_is_erased_is_forgotten():
    identity = S.value(f"SELECT id FROM intake.application WHERE number = '{N['cimer']}'")
    event = uuid.uuid4()
    payload = (field(1, event.bytes) + field(2, uuid.UUID(identity).bytes) + field(3, N["cimer"].encode()) + bytes([4 << 3, 9])
               + bytes([5 << 3, 1]) + field(12, field(1, b"test")))
    S.sql(f"SELECT feed.append(ARRAY['case'], ARRAY['{event}'::uuid], ARRAY['{identity}'::uuid], ARRAY['erased'], "
          f"ARRAY[now()], ARRAY['\\x{payload.hex()}'::bytea])", S.conninfo("router"))
    kopru.wait_until(lambda: S.value(f"SELECT (SELECT count(*) FROM reporting.likeness WHERE application_id = '{identity}') + "
                                     f"(SELECT count(*) FROM reporting.person_mark WHERE application_id = '{identity}')") == "0",
                     15, "it is forgotten", lambda: S.tail("reporting"))
    assert sorted(names(similar("phone"))) == ["web", "whatsapp"]
    assert similar("cimer")["count"] == 0


def a_storm_is_counted_to_a_thousand():
    """Rows as events would have made them."""
    S.sql("""
        CREATE TEMP TABLE made AS SELECT gen_random_uuid() AS id, i, now() - i * interval '30 seconds' AS at FROM generate_series(1, 1500) AS i;
        INSERT INTO reporting.application (application_id, number, kind, channel, received_at, received_on, due_on, body, version, state,
               department, topic, changed_at)
        SELECT id, 'STORM-' || i, 2, 4, at, at::date, at::date + 30, 'Elektrik yok', 2, 2, CASE WHEN i % 100 = 0 THEN 'PRK' ELSE 'FEN' END,
               'YOL-09', at FROM made;
        INSERT INTO reporting.likeness (application_id, received_at, topic, streets, latitude_e7, longitude_e7, cell, hidden)
        SELECT id, at, 'YOL-09', '{}', 378900000 + i % 100, 325342000, (378900000 + i % 100 + 900000000) / 13500 * 262144::bigint
               + (325342000 + 1800000000) / 18200, false FROM made""")
    enter("storm", "Elektrikler kesik", topic="YOL-09", location={"lat": 37.89, "lon": 32.5342})
    S.wait_quiet()
    answer = similar("storm", language="en")
    first = S.value("SELECT to_char(min(received_at) AT TIME ZONE 'Europe/Istanbul', 'YYYY-MM-DD\"T\"HH24:MI:SS') FROM reporting.likeness "
                    "WHERE topic = 'YOL-09' AND latitude_e7 < 378900100")
    assert answer["count"] == 1000 and answer["more"] and answer["sentence"].startswith("1000+ others, same spot, since "), answer["sentence"]
    assert len(answer["list"]) == 100 and answer["since"][:19] == first, (answer["since"], first)
    times = [one["received_at"] for one in answer["list"]]
    assert times == sorted(times, reverse=True), times
    assert similar("storm", "officer")["count"] < 1000 or similar("storm", "officer")["more"]


TESTS = (
    starts,
    four_people_tell_of_one_pothole,
    who_may_not_see_it_is_told_as_of_none,
    one_person_is_recognised_over_another_channel,
    who_hides_is_told_to_the_desk_only,
    marks_are_in_stream_intake_only,
    what_cannot_be_gathered_is_refused,
    twelve_are_linked_by_one_click_and_answered_once,
    an_incident_is_taken_apart_again,
    a_rebuilt_read_side_knows_the_same,
    what_is_erased_is_forgotten,
    a_storm_is_counted_to_a_thousand,
)
try:
    for test in TESTS:
        TAP.run(test.__name__, test)
finally:
    META.close()
    S.close()
TAP.end()
