#!/usr/bin/python3
"""flow: Open311 (GeoReport v2) through nginx, as its clients use it: both formats say the same, every field of the
specification is there, filters and pages, what is wrong is refused in the specification's own shape, the same post twice is
one application, and what the public reads holds no word of anybody. limit: 180 s"""
import datetime
import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.parse
import xml.etree.ElementTree as ET

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
import front  # noqa: E402
import system as kopru  # noqa: E402

S = kopru.System()
FRONT = front.Front(S, public_rate=500)
TAP = kopru.Tap()
JURISDICTION = "ornek.bel.tr"
KEYS = {}
FORM = {"service_code": "YOL-01", "lat": "37.87451", "long": "32.53419", "description": "Çukur büyüdü; Deneme Şahıs düştü.",
        "first_name": "Deneme", "last_name": "Şahıs", "email": "deneme@example.org", "phone": "0500 000 00 00",
        "device_id": "tt222111", "account_id": "123456", "address_string": "Deneme Sokağı 12",
        "attribute[DANGER]": "yes", "attribute[WIDTH_CM]": "40"}
SECRETS = ["Deneme", "Şahıs", "deneme@example.org", "500", "düştü", "Deneme Sokağı", "3787451", "37.87451", "tt222111"]

# What the specification says of each answer, in its order.
SERVICE = ["service_code", "service_name", "description", "metadata", "type", "keywords", "group"]
ATTRIBUTE = ["variable", "code", "datatype", "required", "datatype_description", "order", "description", "values"]
POSTED = ["service_request_id", "service_notice", "account_id"]
REQUEST = ["service_request_id", "status", "status_notes", "service_name", "service_code", "description", "agency_responsible",
           "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "address", "address_id", "zipcode",
           "lat", "long", "media_url"]
UPDATE = ["update_id", "service_request_id", "status", "updated_datetime", "description", "media_url", "external_status_code"]
LISTS = {"services", "attributes", "values", "service_requests", "service_request_updates", "errors", "endpoints", "formats", "notes"}


def ask(method, path, body=None, **headers):
    """(status, headers, bytes), through nginx."""
    connection = http.client.HTTPConnection("127.0.0.1", FRONT.port, timeout=20)
    try:
        connection.request(method, "/open311/" + path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def as_spark(element):
    """XML as the specification's JSON has it, but for the types of simple values."""
    if element.tag in LISTS:
        return [as_spark(child) for child in element]
    if len(element):
        return {child.tag: as_spark(child) for child in element}
    return element.text or None


def as_text(value):
    if isinstance(value, dict):
        return {name: as_text(one) for name, one in value.items()}
    if isinstance(value, list):
        return [as_text(one) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def both(path, query="", status=200, method="GET", body=None, **headers):
    """The answer, after it was found to be the same in both formats."""
    query = "?" + query if query else ""
    got, head, xml = ask(method, path + ".xml" + query, body, **headers)
    assert got == status, (path, got, xml.decode())
    assert head["Content-Type"] == "text/xml; charset=utf-8", head["Content-Type"]
    assert xml.startswith(b'<?xml version="1.0" encoding="UTF-8"?>'), xml[:80]
    if shutil.which("xmllint"):
        subprocess.run(["xmllint", "--noout", "-"], input=xml, check=True)
    got, head, text = ask(method, path + ".json" + query, body, **headers)
    assert got == status, (path, got, text.decode())
    assert head["Content-Type"] == "application/json; charset=utf-8", head["Content-Type"]
    parsed = json.loads(text)
    assert as_text(parsed) == as_spark(ET.fromstring(xml)), (parsed, xml.decode())
    return parsed


def refused(status, says, path, query="", **more):
    """In both languages; says: a piece of the English text."""
    turkish = both(path, query, status, **more)
    english = both(path, query, status, **{**more, "Accept-Language": "en"})
    assert [sorted(error) for error in english] == [["code", "description"]] * len(english), english
    assert english[0]["code"] == status and any(says in error["description"] for error in english), english
    assert turkish[0]["description"] != english[0]["description"], turkish


def encoded(fields, key="poster"):
    fields = {**fields, **({"api_key": KEYS[key]} if key else {})}
    return urllib.parse.urlencode({name: value for name, value in fields.items() if value is not None}, doseq=True)


def post(fields, key="poster", ending="json", **headers):
    status, head, body = ask("POST", f"v2/requests.{ending}", encoded(fields, key),
                             **{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", **headers})
    return status, json.loads(body) if ending == "json" else body


def posted(fields, **more):
    status, answer = post(fields, **more)
    assert status == 200, (answer, S.tail("intake"))
    assert list(answer[0]) == POSTED, answer
    return answer[0]["service_request_id"]


def shown(number, extensions=False):
    """One request, when it has reached the read side."""
    more = "?extensions=true" if extensions else ""
    kopru.wait_until(lambda: ask("GET", f"v2/requests/{number}.json")[0] == 200, 30, "it is shown", lambda: S.tail("reporting"))
    return json.loads(ask("GET", f"v2/requests/{number}.json{more}")[2])[0]


def numbers(query):
    return [one["service_request_id"] for one in both("v2/requests", query)]


def counted(table, where="true"):
    return int(S.value(f"SELECT count(*) FROM {table} WHERE {where}"))


def start():
    attributes = os.path.join(kopru.TOP, "deploy/data/open311_attributes.csv")
    with open(os.open(S.path("channels.json"), os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        json.dump({"open311": {"jurisdiction": JURISDICTION, "contact": "acik311@example.org", "attributes_file": attributes}}, file)
    S.settings = {"intake": {"INTAKE_CHANNELS_FILE": S.path("channels.json")}, "reporting": {"REPORTING_OPEN311": JURISDICTION}}
    S.start()
    FRONT.start()
    KEYS["poster"] = S.api_key("poster", "open311")
    KEYS["reader"] = S.api_key("reader", "reports")
    KEYS["manager"] = S.api_key("manager", "cases", "--role", "manager", "--department", "FEN")
    KEYS["applications"] = S.api_key("applications", "applications")
    kopru.wait_until(lambda: ask("GET", "v2/services.json")[0] == 200, 10, "services are read", lambda: S.tail("intake"))


def discovery_says_where_and_in_which_formats():
    start()
    answer = both("discovery")
    assert list(answer) == ["changeset", "contact", "key_service", "endpoints"], answer
    endpoint = answer["endpoints"][0]
    assert list(endpoint) == ["specification", "url", "changeset", "type", "formats"], endpoint
    assert endpoint["formats"] == ["text/xml", "application/json"] and endpoint["url"].endswith("/open311/v2"), endpoint
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2" and "acik311@example.org" in answer["contact"]
    assert "servicerequestupdates" in answer["key_service"], answer


def services_are_topics_of_public_space():
    services = both("v2/services", f"jurisdiction_id={JURISDICTION}")
    codes = [service["service_code"] for service in services]
    assert all(list(service) == SERVICE for service in services), services[0]
    assert codes == S.rows("SELECT code FROM router.topic WHERE open311 ORDER BY code") and len(codes) > 30
    assert not [code for code in codes if code[:3] in ("SOS", "MAL", "IDR")], codes
    pothole = services[codes.index("YOL-01")]
    assert pothole["service_name"] == "Yol çukuru / asfalt bozukluğu" and pothole["group"] == "Yol ve kaldırım"
    assert pothole["metadata"] is True and pothole["type"] == "realtime" and "cukur" in pothole["keywords"], pothole
    english = both("v2/services", **{"Accept-Language": "en"})[codes.index("YOL-01")]
    assert english["service_name"] == "Pothole / damaged asphalt" and english["group"] == "Roads and pavements", english
    # Every service has a question; none is asked that no definition shows.
    for code in codes:
        definition = both("v2/services/" + code)
        assert list(definition) == ["service_code", "attributes"] and definition["service_code"] == code
        assert definition["attributes"], code
        for order, attribute in enumerate(definition["attributes"], 1):
            assert list(attribute) == ATTRIBUTE and attribute["order"] == order, attribute
            assert attribute["values"] or not attribute["datatype"].endswith("list"), attribute
            assert all(list(value) == ["key", "name"] for value in attribute["values"]), attribute
    # Who has it already is told so.
    head = ask("GET", "v2/services.json")[1]
    assert "max-age" in head["Cache-Control"] and head["Access-Control-Allow-Origin"] == "*"
    assert ask("GET", "v2/services.json", **{"If-None-Match": head["ETag"]})[0] == 304


def a_request_becomes_an_application_with_its_origin():
    number = posted(FORM)
    row = S.value("SELECT a.kind, a.channel, a.topic, a.address, a.applicant_name, a.applicant_email, a.applicant_phone, "
                  "a.anonymous, a.latitude_e7, a.longitude_e7, a.email_verified "
                  f"FROM intake.application a WHERE a.number = '{number}'")
    assert row == ("1|13|YOL-01|Deneme Sokağı 12|Deneme Şahıs|deneme@example.org|+905000000000|f|378745100|325341900|f"), row
    text = S.value(f"SELECT body FROM intake.application WHERE number = '{number}'")
    assert text == ("Çukur büyüdü; Deneme Şahıs düştü.\n\nÇukurun genişliği (santimetre): 40"
                    .replace("\n\n", "\n\nYaya ya da araçlar için tehlike var mı?: Evet, tehlikeli\n")), text
    # As it came, but for the key, it is the proof of its origin.
    raw = S.value("SELECT convert_from(raw, 'UTF8') FROM intake.inbound WHERE source = 'open311' AND state = 'done'")
    assert "service_code=YOL-01" in raw and "kopru_" not in raw and "api_key" not in raw, raw
    assert S.value(f"SELECT i.source FROM intake.application a JOIN intake.inbound i ON i.id = a.inbound_id "
                   f"WHERE a.number = '{number}'") == "open311"
    # As XML, with several answers to one question, the key in the header, and nothing but what must be there.
    status, xml = post({"service_code": "TEM-01", "address_id": "A-77", "attribute[WHAT][]": ["bin_full", "smell"]}, key=None,
                       ending="xml", Authorization="Bearer " + KEYS["poster"])
    assert status == 200, xml
    other = ET.fromstring(xml).find("request/service_request_id").text
    assert S.value(f"SELECT body || '|' || address || '|' || anonymous FROM intake.application WHERE number = '{other}'") == (
        "Çöpün toplanmaması\n\nNe görüyorsunuz?: Konteyner dolu, Kötü koku|Adres kimliği: A-77|true")
    # The number is its own token.
    assert both("v2/tokens/" + number) == [{"service_request_id": number, "token": number}]
    KEYS["number"] = number


def the_same_post_twice_is_one_application():
    before = counted("intake.application")
    fields = {**FORM, "description": "Bir kez"}
    first = posted(fields)
    assert posted(fields) == first and posted(fields) == first
    assert counted("intake.application") == before + 1
    # Another device, another key of the client's own: another one.
    assert posted({**fields, "device_id": "other"}) != first
    own = posted(fields, **{"Idempotency-Key": "client-1"})
    assert own != first and posted(fields, **{"Idempotency-Key": "client-1"}) == own
    status, answer = post({**fields, "description": "Başka"}, **{"Idempotency-Key": "client-1"})
    assert status == 400 and "Idempotency-Key" in answer[0]["description"], answer
    assert counted("intake.application") == before + 3


def at_once_or_while_intake_is_killed_each_request_is_one():
    """Clients that repeat until they have an answer; their ledger has one number for each form, and so has the database."""
    before, ledger = counted("intake.application"), {}

    def client(which):
        for i in range(20):
            fields = {**FORM, "description": f"Kesinti {which // 2}-{i}"}  # two clients send the same
            while True:
                try:
                    status, answer = post(fields)
                except (OSError, http.client.HTTPException, ValueError):
                    status = 0
                if status == 200:
                    ledger.setdefault(fields["description"], set()).add(answer[0]["service_request_id"])
                    break
                assert status in (0, 502, 503), (status, answer)
                time.sleep(0.1)
    S.supervise()
    clients = [threading.Thread(target=client, args=(which,)) for which in range(6)]
    for one in clients:
        one.start()
    for _ in range(4):
        time.sleep(0.4)
        S.processes["intake"].kill()
        S.wait_healthy("intake")
    for one in clients:
        one.join(60)
    S.wait_healthy("intake")
    S.supervising = False
    assert len(ledger) == 60 and all(len(given) == 1 for given in ledger.values()), ledger
    assert counted("intake.application") == before + 60
    assert counted("intake.application", "body LIKE 'Kesinti%' AND inbound_id IS NULL") == 0
    kopru.wait_until(lambda: ask("GET", "v2/services.json")[0] == 200, 10, "services are read", lambda: S.tail("intake"))


def what_is_wrong_is_refused_and_kept():
    before = counted("intake.application")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    def wrong(status, says, key="poster", **changes):
        refused(status, says, "v2/requests", method="POST", body=encoded({**FORM, **changes}, key), **headers)
    wrong(403, "api_key is required", key=None)
    wrong(403, "may not post", key="reader")
    wrong(403, "may not post", key="applications")
    refused(403, "not valid", "v2/requests", method="POST", body=encoded({**FORM, "api_key": "xyz"}, None), **headers)
    wrong(404, "service_code is unknown", service_code="SOS-01")
    wrong(404, "service_code is unknown", service_code="NEW-99")
    wrong(400, "service_code is required", service_code=None)
    wrong(404, "jurisdiction_id is unknown", jurisdiction_id="city.gov")
    query = "jurisdiction_id=city.gov"
    kept = counted("intake.inbound", "verdict = 'refused: jurisdiction_id'")
    refused(404, "jurisdiction_id is unknown", "v2/requests", query, method="POST", body=encoded(FORM), **headers)
    kopru.wait_until(lambda: counted("intake.inbound", "verdict = 'refused: jurisdiction_id'") == kept + 4, 10,
                     "what the address names is kept as what the form names")
    wrong(400, "location is required", lat=None, long=None, address_string=None)
    wrong(400, "given together", lat=None)
    wrong(400, "lat is a number", lat="91")
    wrong(400, "email must be", email="kim")
    wrong(400, "phone must be", phone="12")
    wrong(400, "media_url is an address", media_url="file:///etc/passwd")
    wrong(400, "attribute[DANGER] is one of", **{"attribute[DANGER]": "maybe"})
    wrong(400, "attribute[WIDTH_CM] is not valid", **{"attribute[WIDTH_CM]": "wide"})
    wrong(400, "4000 characters", description="a" * 4001)
    wrong(400, "attribute[VEHICLE] is required", service_code="ZAB-08")
    refused(400, "UTF-8", "v2/requests", method="POST", body=encoded(FORM) + "&x=%ff", **headers)
    refused(400, "hexadecimal", "v2/requests", method="POST", body=encoded(FORM) + "&x=%4", **headers)
    refused(400, "Content-Type", "v2/requests", method="POST", body="{}", **{"Content-Type": "application/json"})
    refused(404, "no such Open311", "v2/nothing")
    refused(404, "jurisdiction_id is unknown", "v2/services", "jurisdiction_id=city.gov")
    refused(404, "jurisdiction_id is unknown", "v2/requests", "jurisdiction_id=city.gov")
    refused(404, "service_code is unknown", "v2/services/NEW-99")
    refused(404, "no public request", "v2/requests/HM-2026-0000001-0")
    refused(404, "token is unknown", "v2/tokens/12345")
    refused(403, "cannot be posted", "v2/servicerequestupdates", method="POST", body="", **headers)
    for path in ("v2/services", "v2/requests", "v2/services.html", "discovery"):
        status, _, body = ask("GET", path)
        assert status == 404 and ET.fromstring(body).find("error/code").text == "404", (path, body)
    assert counted("intake.application") == before
    kopru.wait_until(lambda: counted("intake.inbound", "state = 'refused'") >= 20, 10, "refusals are kept")
    assert counted("intake.inbound", "state = 'refused' AND convert_from(raw, 'UTF8') LIKE '%kopru_%'") == 0
    assert counted("intake.inbound", "state = 'refused' AND verdict LIKE 'refused: %'") == counted("intake.inbound", "state = 'refused'")
    # A body larger than nginx passes on.
    status, _, body = ask("POST", "v2/requests.json", "a=" + "b" * 70000, **headers)
    assert status == 400 and json.loads(body)[0]["code"] == 400, body


def what_the_public_reads_holds_nobodys_words():
    number = KEYS["number"]
    request = shown(number)
    assert list(request) == REQUEST, request
    assert request["status"] == "open" and request["service_code"] == "YOL-01", request
    assert request["description"] == request["service_name"] == "Yol çukuru / asfalt bozukluğu", request
    assert request["agency_responsible"] == "Fen İşleri Müdürlüğü" and request["status_notes"].endswith("iletildi."), request
    assert (request["lat"], request["long"]) == (37.8745, 32.5342), request
    assert request["requested_datetime"].endswith("+03:00") and request["expected_datetime"].endswith("T23:59:59+03:00"), request
    assert both("v2/requests/" + number) == [request]
    for path in (f"v2/requests/{number}", "v2/requests", "v2/servicerequestupdates"):
        for ending in (".xml", ".json"):
            text = ask("GET", path + ending + "?extensions=true")[2].decode()
            assert not [secret for secret in SECRETS if secret in text], (path, text)
    # Hidden, elsewhere, of nobody's business, or without a place: not there.
    place = {"lat": 37.87, "lon": 32.53, "neighbourhood": "Fetih"}
    hidden = [S.apply({"kind": "request", "text": "Çukur var", "topic": topic, "location": where, "applicant": applicant},
                      api_key=KEYS["applications"])[2]["number"]
              for topic, where, applicant in (
                  ("YOL-01", place, {"name": "Deneme Şahıs", "email": "deneme@example.org", "hide_identity": True}),
                  ("SOS-01", place, {"name": "Deneme Şahıs"}), ("YOL-01", {}, {"name": "Deneme Şahıs"}))]
    thanks = S.apply({"kind": "thanks", "text": "Sağ olun", "topic": "YOL-01", "location": place})[2]
    tip_off = S.apply({"kind": "tip_off", "text": "Kaçak döküm", "topic": "ZAB-01", "location": place})[2]
    hidden += [one["number"] for one in (thanks, tip_off) if "number" in one]
    S.wait_quiet()
    assert not set(hidden) & set(numbers("")), hidden
    assert numbers("service_request_id=" + ",".join(hidden)) == []
    # A neighbourhood is shown as the municipality's list spells it, however many write anything else.
    named = [S.apply({"kind": "complaint", "text": "Ağaç devrildi", "topic": "PRK-04",
                      "location": {**place, "neighbourhood": name}})[2]
             for name in ("Fetih", "fetih mah.", "FETİH", *["Deneme Şahıs"] * 4)]
    assert all("number" in one for one in named), named
    described = {one["number"]: shown(one["number"]) for one in named}
    S.wait_quiet()
    described = [shown(one["number"]) for one in named]
    assert [(one["address"], one["description"]) for one in described[:3]] == [
        ("Fetih", "Devrilen / tehlikeli ağaç, Fetih")] * 3, described
    assert [(one["address"], one["description"]) for one in described[3:]] == [(None, "Devrilen / tehlikeli ağaç")] * 4, described


def filters_and_pages():
    now = datetime.datetime.now(datetime.timezone.utc)
    everything = numbers("")
    assert len(everything) == len(set(everything)) >= 6 and KEYS["number"] in everything, (everything, KEYS["number"])
    pages = [numbers(f"page_size=2&page={page}") for page in range(1, len(everything) // 2 + 2)]
    assert sum(pages, []) == everything and all(len(page) <= 2 for page in pages), pages
    assert set(numbers("service_code=PRK-04")) & set(everything) and KEYS["number"] not in numbers("service_code=PRK-04")
    assert len(numbers("service_code=PRK-04,YOL-01")) == len(numbers("service_code=PRK-04")) + len(numbers("service_code=YOL-01"))
    assert numbers("service_code=NEW-99") == []
    assert numbers(f"service_request_id={KEYS['number']},HM-2026-0000001-0,x&status=closed") == [KEYS["number"]]
    assert numbers("status=open") == everything and numbers("status=closed") == [] and numbers("status=open,closed") == everything
    assert numbers("status=") == everything
    assert numbers("end_date=" + (now - datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")) == []
    assert numbers("start_date=" + (now - datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")) == everything
    start = (now - datetime.timedelta(days=1)).strftime("%Y-%m-%d")
    assert numbers(f"start_date={start}T00:00:00+03:00") == everything  # a "+" as it stands is a blank
    assert numbers("start_date=2010-01-01T00:00:00Z&end_date=2010-02-01T00:00:00Z") == []
    assert KEYS["number"] in numbers("bbox=32.534,37.874,32.535,37.875")
    assert numbers("bbox=30,35,31,36") == []
    assert KEYS["number"] in numbers("lat=37.8745&long=32.5342&radius=50") and numbers("lat=37.90&long=32.5342&radius=50") == []
    assert sorted(numbers("updated_after=" + (now - datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"))) == sorted(everything)
    assert numbers("updated_before=2010-01-01T00:00:00Z") == []
    for query, says in (("start_date=yesterday", "moment"), ("start_date=2010-01-01T00:00:00Z&end_date=2011-01-01T00:00:00Z", "90 days"),
                        ("status=solved", "open or closed"), ("bbox=1,2,3", "west,south"), ("lat=1", "come together"),
                        ("page=0", "page counts"), ("page_size=1001", "between 1 and 1000"), ("page=1000&page_size=1000", "deep"),
                        ("start_date=2010-02-01T00:00:00Z&end_date=2010-01-01T00:00:00Z", "before")):
        refused(400, says, "v2/requests", query)


def what_moves_a_case_is_an_update():
    number = KEYS["number"]
    moved = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=2)

    def command(action, **fields):
        version = int(S.value(f"SELECT version FROM router.case WHERE number = '{number}'"))
        status, _, answer = S.request("intake", "POST", "/api/v1/commands", {
            "number": number, "action": action, "expected_version": version, **fields},
            {"Authorization": "Bearer " + KEYS["manager"]})
        assert status == 200, answer
    command("accept")
    command("note", text="İç not: Deneme Şahıs arandı")
    command("answer", text="Deneme Şahıs, çukurunuz kapatıldı.")
    S.wait_quiet()
    request = shown(number, extensions=True)
    assert request["status"] == "closed" and "cevap verildi" in request["status_notes"], request
    assert request["extended_attributes"] == {"detailed_status": "answered"}, request
    assert [note["type"] for note in request["notes"]] == ["assigned", "in_progress", "answered"], request
    assert all(list(note) == ["datetime", "description", "type"] for note in request["notes"])
    assert both("v2/requests/" + number, "extensions=true") == [request]
    assert numbers("status=closed") == [number]
    assert number in numbers("updated_after=" + moved.strftime("%Y-%m-%dT%H:%M:%SZ"))
    updates = [one for one in both("v2/servicerequestupdates") if one["service_request_id"] == number]
    assert all(list(one) == UPDATE for one in updates), updates
    assert [(one["status"], one["external_status_code"]) for one in updates] == [
        ("open", "assigned"), ("open", "in_progress"), ("closed", "answered")], updates
    assert len({one["update_id"] for one in updates}) == 3 and request["updated_datetime"] == updates[2]["updated_datetime"]
    assert both("v2/servicerequestupdates", "service_request_id=" + number) == updates
    assert both("v2/servicerequestupdates", "start_date=2010-01-01T00:00:00Z&end_date=2010-02-01T00:00:00Z") == []
    for path in (f"v2/requests/{number}.json?extensions=true", "v2/servicerequestupdates.json"):
        text = ask("GET", path)[2].decode()
        assert not [secret for secret in [*SECRETS, "kapatıldı", "not"] if secret in text.replace('"notes"', "").replace("status_notes", "")
                    .replace("service_notice", "")], text
    # Withdrawn: gone from the public's eye. Made again from the streams: the same.
    before = both("v2/requests")
    S.kopru("replay", "reporting", "--yes")
    time.sleep(4)
    S.wait_quiet(60)
    assert both("v2/requests") == before


def nothing_is_offered_where_it_is_not_configured():
    S.settings = {}
    for name in ("intake", "reporting"):
        S.processes.pop(name).stop()
    S.start("intake", "reporting")
    for path in ("discovery", "v2/services", "v2/services/YOL-01", "v2/requests", "v2/requests/" + KEYS["number"]):
        refused(404, "does not offer", path)
    refused(404, "does not offer", "v2/requests", method="POST", body=encoded(FORM), **{"Content-Type": "application/x-www-form-urlencoded"})


try:
    for test in (discovery_says_where_and_in_which_formats, services_are_topics_of_public_space,
                 a_request_becomes_an_application_with_its_origin, the_same_post_twice_is_one_application,
                 at_once_or_while_intake_is_killed_each_request_is_one,
                 what_is_wrong_is_refused_and_kept, what_the_public_reads_holds_nobodys_words, filters_and_pages,
                 what_moves_a_case_is_an_update, nothing_is_offered_where_it_is_not_configured):
        TAP.run(test.__name__, test)
finally:
    S.close()
TAP.end()
