#!/usr/bin/env python3
"""flow: WhatsApp, end to end: what a citizen sends within the idle time is one application, its sender is told once, answers to
questions and additions go to the case; whatever comes again, late, in another order, changes nothing; whoever is killed, each
message is in exactly one application. I-01, I-02, I-10
limit: 200 s"""

import json
import os
import re
import secrets
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import channels  # noqa: E402
import commands  # noqa: E402
import system as kopru  # noqa: E402

S = kopru.System()
META = channels.Simulator("meta", S.folder)
S.settings["intake"] = {"INTAKE_CHANNELS_FILE": channels.write(S.folder, META.url, idle=2)}
TAP = kopru.Tap()
SENT = []  # all bodies
SECRET = channels.SECRETS["whatsapp"][0]


def order(**more):
    return {"socket": S.path("intake.sock"), "path": "/webhooks/whatsapp", "secret": SECRET, **more}


def send(*messages, **more):
    body = channels.whatsapp(*messages, **more)
    SENT.append(body)
    assert META.deliver([body], **order()) == [[200]]


def applications():
    return int(S.value("SELECT count(*) FROM intake.application"))


def draft_of(message):
    """(state, ended as, application id, told) of the draft that a message is in."""
    row = S.value(f"SELECT d.state, d.ended_as, d.application_id, d.told FROM intake.message m JOIN intake.draft d ON d.id = m.draft_id "
                  f"WHERE m.external_id = '{message}'")
    return row.split("|") if row else ["", "", "", ""]


def wait_done(message, ended, told=None, seconds=15):
    """The application's id."""
    kopru.wait_until(lambda: draft_of(message)[:2] == ["done", ended] and (not told or draft_of(message)[3] == told), seconds,
                     f"{message} is {ended}, told: {told}",
                     lambda: f"{draft_of(message)} {S.sql('SELECT source, state, verdict FROM intake.inbound')} {S.tail('intake', 2500)}")
    return draft_of(message)[2]


def field(application, name):
    return S.value(f"SELECT {name} FROM intake.application WHERE id = '{application}'")


def told_of(application):
    number = field(application, "number")
    return [line for line in META.lines("message") if number in line["text"]]


def photo(identity="800000000000001"):
    """A JPEG at the provider's."""
    path = S.path("photo.jpg")
    if not os.path.exists(path):
        with open(os.path.join(kopru.TOP, "tests/data/channels/photo.jpg"), "rb") as source, open(path, "wb") as target:
            target.write(source.read())
    META.media(identity, path, "image/jpeg")
    return identity


def starts():
    S.start("intake", "router")
    META.post("/_statuses", {**order(), "phone_number_id": channels.WHATSAPP_ID, "words": ["read", "delivered", "sent"]})


def what_comes_within_minutes_is_one_application():
    send(channels.text("wamid.A1", "Fetih Mahallesi Işık Sokak'ta kaldırım çöktü"))
    time.sleep(0.5)
    send(channels.message("wamid.A2", "image", {"id": photo(), "mime_type": "image/jpeg", "caption": "Fotoğrafı bu"}, 1764100060))
    time.sleep(0.5)
    send(channels.message("wamid.A3", "location", {"latitude": 37.8712345, "longitude": 32.5198765}, 1764100120))
    application = wait_done("wamid.A1", "application", "read")
    assert {draft_of(m)[2] for m in ("wamid.A2", "wamid.A3")} == {application} and applications() == 1
    assert field(application, "body") == "Fetih Mahallesi Işık Sokak'ta kaldırım çöktü\nFotoğrafı bu", field(application, "body")
    assert field(application, "latitude_e7 || ' ' || longitude_e7") == "378712345 325198765"
    assert field(application, "applicant_name || ' ' || applicant_phone") == "Deneme Kişi +905000000000"
    assert field(application, "channel") == "8"
    files = S.rows(f"SELECT media_type || ' ' || state FROM intake.attachment WHERE application_id = '{application}'")
    assert files == ["image/jpeg clean"], files
    assert int(field(application, "inbound_id")) > 0
    told = told_of(application)
    assert len(told) == 1 and told[0]["to"] == "905000000000" and "/takip#no=" in told[0]["text"], told


def what_comes_again_late_and_in_another_order_changes_nothing():
    def all_rows():
        return S.sql("SELECT * FROM intake.message ORDER BY channel, external_id; SELECT * FROM intake.draft ORDER BY id; "
                     "SELECT id, number, body FROM intake.application ORDER BY id; SELECT * FROM intake.contact_key ORDER BY 1, 2")
    before, told = all_rows(), len(META.lines("message"))
    # The same bytes, and the same messages in other bytes (another entry id, more messages in one body, days later).
    again = [json.loads(json.dumps(body)) for body in SENT]
    for body in again:
        body["entry"][0]["id"] = "999"
    merged = json.loads(json.dumps(SENT[-1]))
    merged["entry"][0]["changes"] = [change for body in reversed(SENT) for change in body["entry"][0]["changes"]]
    statuses = META.deliver(SENT + again + [merged], **order(repeat=3, shuffle=11, clients=4))
    assert all(each == [200] * 3 for each in statuses)
    kopru.wait_until(lambda: S.value("SELECT count(*) FROM intake.inbound WHERE state = 'stored'") == "0", 10, "all is digested")
    time.sleep(3)
    assert all_rows() == before, (before, all_rows())
    assert len(META.lines("message")) == told


def an_answer_to_a_question_goes_to_the_case():
    application = draft_of("wamid.A1")[2]
    client = commands.Client(S.commands)
    kopru.wait_until(lambda: S.value(f"SELECT count(*) FROM router.case WHERE application_id = '{application}'") == "1", 10, "it is routed")
    department = S.value(f"SELECT department FROM router.case WHERE application_id = '{application}'")
    officer = commands.officer(department)

    def version():
        return int(S.value(f"SELECT version FROM router.case WHERE application_id = '{application}'"))

    def do(action, **fields):
        reply = client.do(action, application, fields, expected_version=version(), actor=officer)
        assert commands.code(reply) == "ok", (action, reply)
    do("accept")
    do("ask", text="Hangi kapı numarasının önünde?")
    before = applications()
    send(channels.text("wamid.B1", "12 numaranın önünde"))
    assert wait_done("wamid.B1", "reply") == application
    assert S.value(f"SELECT state FROM router.case WHERE application_id = '{application}'") != "5" and applications() == before
    event = S.value(f"SELECT kind FROM feed.event WHERE stream = 'case' AND application_id = '{application}' ORDER BY seq DESC LIMIT 1")
    assert event == "citizen.replied", event
    # No question any more: what answers an old message of his own is added.
    send(channels.text("wamid.B2", "Çukur büyüdü", context={"from": "905000000001", "id": "wamid.A1"}))
    assert wait_done("wamid.B2", "addition") == application and applications() == before
    # So is what answers the very message that told the number, and what names the number.
    send(channels.text("wamid.B4", "Hâlâ kimse gelmedi", context={"from": "905000000001", "id": told_of(application)[0]["message"]}))
    assert wait_done("wamid.B4", "addition") == application and applications() == before
    send(channels.text("wamid.B5", f"{field(application, 'number').lower().replace('-', ' ')} no'lu başvurum ne oldu?"))
    assert wait_done("wamid.B5", "addition") == application and applications() == before
    # And what is not about it is another application.
    send(channels.text("wamid.B3", "Park lambası yanmıyor"))
    assert wait_done("wamid.B3", "application") != application and applications() == before + 1


def media_state(message):
    return S.value(f"SELECT state FROM intake.media WHERE external_id = '{message}'")


def events_with_file(message):
    """Kinds of the events that name the message's file."""
    return S.rows("SELECT e.stream || ' ' || e.kind FROM intake.attachment a JOIN feed.event e ON e.application_id = a.application_id "
                  "AND e.stream IN ('intake', 'case') AND position(uuid_send(a.id) IN e.payload) > 0 "
                  f"WHERE a.message_external_id = '{message}' ORDER BY e.stream, e.seq")


def late_photo(message, identity, who):
    """An application that did not wait for its photo; the provider has it now."""
    META.rules({"at": "lookup", "do": "500", "times": -1, "id": identity})
    send(channels.message(message, "image", {"id": photo(identity), "mime_type": "image/jpeg", "caption": "Fotoğraf " + message},
                          number=who))
    kopru.wait_until(lambda: S.value(f"SELECT reason FROM intake.media WHERE external_id = '{message}'"), 15, "it cannot be had")
    S.sql(f"UPDATE intake.draft SET next_at = now() - interval '601 s' WHERE id = "
          f"(SELECT draft_id FROM intake.message WHERE external_id = '{message}')")
    application = wait_done(message, "application")
    kopru.wait_until(lambda: S.value(f"SELECT count(*) FROM router.case WHERE application_id = '{application}'") == "1", 10, "it is routed")
    META.rules()
    return application


def has_come(message):
    S.sql(f"UPDATE intake.media SET next_at = now() WHERE external_id = '{message}' AND state = 'wanted'")
    kopru.wait_until(lambda: media_state(message) == "settled", 15, "its case knows of it", lambda: S.sql(
        f"SELECT * FROM intake.media WHERE external_id = '{message}'") + S.tail("intake", 2500))


def a_file_that_comes_late_is_added_to_its_case_once():
    application = late_photo("wamid.L1", "800000000000071", "905000000071")
    has_come("wamid.L1")
    assert events_with_file("wamid.L1") == ["case citizen.added"], events_with_file("wamid.L1")
    # As after a crash between the router's answer and what is recorded of it, and as one that nobody had bound.
    S.sql("UPDATE intake.attachment SET application_id = NULL WHERE message_external_id = 'wamid.L1'; "
          "UPDATE intake.media SET state = 'fetched', next_at = now() WHERE external_id = 'wamid.L1'")
    has_come("wamid.L1")
    assert events_with_file("wamid.L1") == ["case citizen.added"], events_with_file("wamid.L1")
    assert S.value("SELECT application_id FROM intake.attachment WHERE message_external_id = 'wamid.L1'") == application
    # What came in time is named by the application, and by nothing else.
    S.sql("UPDATE intake.media SET next_at = now() WHERE state = 'fetched'")
    kopru.wait_until(lambda: media_state("wamid.A2") == "settled", 15, "the first one's is settled")
    named = events_with_file("wamid.A2")
    assert named == ["case application.routed", "intake application.received"], named


def a_late_file_that_its_case_takes_no_more_is_for_a_person():
    application = late_photo("wamid.L2", "800000000000072", "905000000072")
    S.sql(f"UPDATE router.case SET state = 10 WHERE application_id = '{application}'")
    has_come("wamid.L2")
    assert events_with_file("wamid.L2") == [], events_with_file("wamid.L2")
    assert S.value("SELECT application_id FROM intake.attachment WHERE message_external_id = 'wamid.L2'") == application
    row = S.value("SELECT i.state, i.verdict FROM intake.inbound i JOIN intake.message m ON m.inbound_id = i.id "
                  "WHERE m.external_id = 'wamid.L2'")
    assert row == "triage|a file of it came late, and its case takes no more", row
    S.sql("UPDATE intake.inbound SET state = 'done' WHERE state = 'triage'")


def edits_and_deletions_count_until_it_is_an_application():
    who = {"number": "905000000011"}
    send(channels.text("wamid.C1", "yanlış metin"), channels.text("wamid.C2", "silinecek", when=1764100001), **who)
    send(channels.message("wamid.C3", "edit", {"original_message_id": "wamid.C1", "message": {"type": "text", "text": {
        "body": "doğru metin"}}}, 1764100002), **who)
    send(channels.message("wamid.C4", "revoke", {"original_message_id": "wamid.C2"}, 1764100003), **who)
    application = wait_done("wamid.C1", "application")
    assert field(application, "body") == "doğru metin", field(application, "body")
    # Too late: the text of an application never changes, what was corrected is added to it.
    send(channels.message("wamid.C5", "edit", {"original_message_id": "wamid.C1", "message": {"type": "text", "text": {
        "body": "bambaşka"}}}, 1764100099), **who)
    # An edit before its message, as deliveries may come.
    who = {"number": "905000000012"}
    send(channels.message("wamid.D2", "edit", {"original_message_id": "wamid.D1", "message": {"type": "text", "text": {
        "body": "son hali"}}}, 1764100050), **who)
    send(channels.text("wamid.D1", "ilk hali"), **who)
    assert field(wait_done("wamid.D1", "application"), "body") == "son hali"
    assert field(application, "body") == "doğru metin"
    late = S.value("SELECT external_id FROM intake.message WHERE external_id LIKE 'wamid.C1/edit/%'")
    assert wait_done(late, "addition") == application
    # All taken back: nothing.
    before = applications()
    who = {"number": "905000000013"}
    send(channels.text("wamid.E1", "vazgeçtim"), **who)
    send(channels.message("wamid.E2", "revoke", {"original_message_id": "wamid.E1"}, 1764100009), **who)
    wait_done("wamid.E1", "nothing")
    assert applications() == before


def a_username_without_a_number_is_somebody():
    send(channels.text("wamid.F1", "Numaram görünmüyor"), number=None, user_id="TR.0000000000000021")
    application = wait_done("wamid.F1", "application", "read")
    assert field(application, "applicant_phone") == ""
    told = told_of(application)
    assert [line["to"] for line in told] == ["TR.0000000000000021"], told
    # With both ids he is the same sender; with his next number, too.
    send(channels.text("wamid.F2", "Şimdi görünüyor"), number="905000000021", user_id="TR.0000000000000021")
    send({"id": "wamid.F3", "timestamp": "1764100009", "type": "system",
          "system": {"type": "user_changed_number", "wa_id": "905000000022", "body": "x"}}, number="905000000021")
    send(channels.text("wamid.F4", "Yeni numaram"), number="905000000022")
    assert wait_done("wamid.F2", "application") == wait_done("wamid.F4", "application")
    senders = S.rows("SELECT count(DISTINCT contact_id) FROM intake.contact_key WHERE external_id IN "
                     "('TR.0000000000000021', '905000000021', '905000000022')")
    assert senders == ["1"], senders


def what_cannot_be_read_is_kept_and_asked_for():
    send({"id": "wamid.G1", "timestamp": "1764100000", "type": "unsupported", "errors": [{"code": 131051}]}, number="905000000031")
    application = wait_done("wamid.G1", "application", "read")
    assert "yazarak anlatın" in told_of(application)[0]["text"], told_of(application)
    assert S.value("SELECT count(*) FROM intake.inbound i JOIN intake.message m ON m.inbound_id = i.id "
                   "WHERE m.external_id = 'wamid.G1' AND i.raw IS NOT NULL") == "1"


def whoever_is_told_is_told_at_most_once():
    META.post("/_statuses", None)
    for rule, number, told, times in (("lost", "905000000041", "unknown", 1), ("400", "905000000042", "failed", 0),
                                      ("429", "905000000043", "no", 0), ("500", "905000000044", "unknown", 0)):
        META.rules({"at": "message", "do": rule, "times": 1})
        send(channels.text(f"wamid.H{number}", "merhaba, çöp alınmadı"), number=number)
        application = wait_done(f"wamid.H{number}", "application")
        kopru.wait_until(lambda: S.value(f"SELECT told FROM intake.draft WHERE application_id = '{application}' AND "  # noqa: B023
                                         "told_at IS NOT NULL") == told, 15, f"{rule}: {told}", lambda: S.tail("intake"))  # noqa: B023
        assert len(told_of(application)) == times, (rule, told_of(application))
    META.rules()
    # It was taken after all, says a status; nothing that comes late takes that back.
    draft = S.value("SELECT d.id FROM intake.draft d JOIN intake.message m ON m.draft_id = d.id "
                    "WHERE m.external_id = 'wamid.H905000000041'")

    def status(word):
        return channels.whatsapp(statuses=[{"id": "wamid.X", "status": word, "timestamp": "1764100000", "recipient_id": "905000000041",
                                            "biz_opaque_callback_data": draft}])
    for word, becomes in (("delivered", "delivered"), ("sent", "delivered"), ("read", "read"), ("delivered", "read")):
        assert META.deliver([status(word)], **order()) == [[200]]
        kopru.wait_until(lambda: S.value("SELECT count(*) FROM intake.inbound WHERE state = 'stored'") == "0", 10, "it is digested")
        assert draft_of("wamid.H905000000041")[3] == becomes, (word, draft_of("wamid.H905000000041"))


def broken_bodies_lie_in_triage_and_hold_up_nobody():
    bodies = ["{", json.dumps({"object": "page", "entry": []}), json.dumps({"object": "whatsapp_business_account"})]
    assert META.deliver(bodies, **order()) == [[200]] * 3
    strange = channels.whatsapp(channels.text("wamid.I1", "başkasına"), phone_number_id="1")
    assert META.deliver([strange], **order()) == [[200]]
    kopru.wait_until(lambda: S.value("SELECT count(*) FROM intake.inbound WHERE state = 'triage'") == "3", 10, "three in triage",
                     lambda: S.sql("SELECT id, state, verdict FROM intake.inbound WHERE state <> 'done'"))
    assert S.value("SELECT count(*) FROM intake.message WHERE external_id = 'wamid.I1'") == "0"
    assert S.value("SELECT state FROM intake.inbound WHERE verdict LIKE '%not for a number of ours%' LIMIT 1") == "ignored"


def killed_at_any_moment_each_message_is_in_one_application():
    META.post("/_statuses", {**order(patience=30), "phone_number_id": channels.WHATSAPP_ID, "words": ["delivered", "sent"]})
    identity, before = photo(), applications()
    bodies, senders = [], [f"9051{secrets.randbelow(10**8):08d}" for _ in range(30)]
    for n, sender in enumerate(senders):
        bodies.append(channels.whatsapp(channels.text(f"wamid.K{n}a", f"metin {n} a"), number=sender))
        bodies.append(channels.whatsapp(channels.message(f"wamid.K{n}b", "image", {"id": identity, "caption": f"metin {n} b"},
                                                         1764100009), number=sender))
    S.supervise()
    stop, kills = threading.Event(), []

    def kill():
        while not stop.is_set():
            time.sleep(0.2 + secrets.randbelow(500) / 1000)
            kills.append(S.processes["intake"].kill(signal.SIGKILL))
    killer = threading.Thread(target=kill)
    killer.start()
    statuses = META.deliver(bodies, **order(repeat=2, shuffle=5, clients=4, patience=60))
    assert all(each == [200, 200] for each in statuses), statuses

    def hurry():
        """Leases of those who were killed end at once."""
        S.sql("UPDATE intake.inbound SET next_at = now() WHERE state = 'stored'; "
              "UPDATE intake.media SET next_at = now() WHERE state IN ('wanted', 'fetched'); "
              "UPDATE intake.draft SET next_at = now() WHERE state = 'closing'")
    for _ in range(8):
        time.sleep(1)
        hurry()
    stop.set()
    killer.join()
    S.wait_healthy("intake")
    S.supervising = False
    hurry()

    def done():
        hurry()
        return S.value("SELECT count(*) FROM intake.message m JOIN intake.draft d ON d.id = m.draft_id "
                       "WHERE m.external_id LIKE 'wamid.K%' AND d.ended_as = 'application'") == str(len(bodies))
    kopru.wait_until(done, 40, "all are in applications", lambda: S.sql(
        "SELECT m.external_id, d.* FROM intake.message m LEFT JOIN intake.draft d ON d.id = m.draft_id "
        "WHERE m.external_id LIKE 'wamid.K%' AND d.ended_as IS NULL") + S.tail("intake", 2000))
    assert sum(kills) >= 5, kills
    texts = S.rows("SELECT replace(body, E'\\n', '/') FROM intake.application WHERE body LIKE 'metin %'")
    said = sorted(piece for text in texts for piece in re.findall(r"metin \d+ [ab]", text))
    assert said == sorted(f"metin {n} {which}" for n in range(len(senders)) for which in "ab"), said
    assert applications() - before == len(texts)
    kopru.wait_until(lambda: hurry() or S.value(
        "SELECT count(*) FROM intake.attachment a JOIN intake.application x ON x.id = a.application_id "
        "WHERE x.body LIKE 'metin %'") == str(len(senders)), 20, "each has its file")
    named = S.value("SELECT count(*) || ' ' || count(DISTINCT a.id) FROM intake.attachment a JOIN intake.application x "
                    "ON x.id = a.application_id JOIN feed.event e ON e.application_id = x.id AND e.stream IN ('intake', 'case') "
                    "AND e.kind IN ('application.received', 'citizen.added') AND position(uuid_send(a.id) IN e.payload) > 0 "
                    "WHERE x.body LIKE 'metin %'")
    assert named == f"{len(senders)} {len(senders)}", named
    trackers = [line["tracker"] for line in META.lines("message")]
    assert len(trackers) == len(set(trackers)), "somebody was told twice"


TESTS = (
    starts,
    what_comes_within_minutes_is_one_application,
    what_comes_again_late_and_in_another_order_changes_nothing,
    an_answer_to_a_question_goes_to_the_case,
    a_file_that_comes_late_is_added_to_its_case_once,
    a_late_file_that_its_case_takes_no_more_is_for_a_person,
    edits_and_deletions_count_until_it_is_an_application,
    a_username_without_a_number_is_somebody,
    what_cannot_be_read_is_kept_and_asked_for,
    whoever_is_told_is_told_at_most_once,
    broken_bodies_lie_in_triage_and_hold_up_nobody,
    killed_at_any_moment_each_message_is_in_one_application,
)
try:
    for test in TESTS:
        TAP.run(test.__name__, test)
finally:
    META.close()
    S.close()
TAP.end()
