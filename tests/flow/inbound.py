#!/usr/bin/env python3
"""What arrived over a channel becomes an application, a reply, an addition, or lies in triage: through the real intake and
router. Rows are put into intake.inbound as a webhook would. limit: 240 s"""

import json
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from system import System, Tap, wait_until  # noqa: E402

NEWEST = "SELECT id FROM intake.application ORDER BY received_at DESC, number DESC LIMIT 1"
OURS = "106540352242922"
PERSON, OTHER = "905000000000", "905000000001"


def secret(folder, name, text="0123456789abcdef"):
    path = os.path.join(folder, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path


def channels_file(folder, idle=1):
    secret(folder, "secret")
    path = os.path.join(folder, "channels.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"whatsapp": {"secret_files": ["secret"], "verify_token_file": "secret", "ids": [OURS],
                                "idle_seconds": idle}}, file)
    return path


class World:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="kopru-inbound.", dir="/tmp")
        self.system = System(settings={"intake": {"INTAKE_CHANNELS_FILE": channels_file(self.folder)}})
        self.made = 0

    def close(self):
        import shutil
        self.system.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def arrive(self, *messages, sender=PERSON, source_id=None):
        """One webhook body with these messages, which are objects without "from" and "timestamp"."""
        self.made += 1
        body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {
            "messaging_product": "whatsapp", "metadata": {"phone_number_id": OURS},
            "contacts": [{"wa_id": sender, "profile": {"name": "Deneme Şahıs"}}],
            "messages": [{"from": sender, "timestamp": str(int(time.time())), **m} for m in messages]}}]}]}
        raw = json.dumps(body, ensure_ascii=False).replace("'", "''")
        self.system.sql(f"INSERT INTO intake.inbound (source, source_id, raw) VALUES ('whatsapp', "
                        f"'{source_id or self.made}', convert_to('{raw}', 'UTF8')) ON CONFLICT DO NOTHING")

    def say(self, words, sender=PERSON, message_id=None):
        self.made += 1
        self.arrive({"id": message_id or f"wamid.{self.made}", "type": "text", "text": {"body": words}}, sender=sender)

    def quiet(self, seconds=30):
        wait_until(lambda: self.system.value(
            "SELECT (SELECT count(*) FROM intake.inbound WHERE state = 'stored') + "
            "(SELECT count(*) FROM intake.draft WHERE state <> 'done')") == "0", seconds, "nothing is under way",
            lambda: self.system.sql("SELECT id, state, verdict, attempts, next_at FROM intake.inbound; "
                                    "SELECT * FROM intake.draft") + self.system.tail("intake"))

    def newest(self, what):
        return self.system.value(f"SELECT {what} FROM intake.application ORDER BY received_at DESC, number DESC LIMIT 1")

    def applications(self):
        return int(self.system.value("SELECT count(*) FROM intake.application"))

    def command(self, number, action, key=None, **more):
        deadline = time.monotonic() + 10
        while True:
            version = int(self.system.value(
                f"SELECT coalesce((SELECT version FROM router.case WHERE number = '{number}'), 0)"))
            status, _, body = self.system.request("intake", "POST", "/api/v1/commands", {
                "number": number, "action": action, "expected_version": version, **more}, {
                "Authorization": "Bearer " + (key or self.clerk)})
            if status == 200:
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"{action}: {status} {body}")
            time.sleep(0.2)


def messages_of_minutes_are_one_application(w):
    w.say("Çöp üç gündür")
    w.arrive({"id": "wamid.place", "type": "location", "location": {"latitude": 37.8745, "longitude": 32.5342,
                                                                    "address": "Fetih Mah."}})
    w.say("toplanmadı")
    w.quiet()
    assert w.applications() == 1, w.applications()
    assert w.newest("body") == "Çöp üç gündür\ntoplanmadı", w.newest("body")
    assert w.newest("channel") == "8" and w.newest("latitude_e7") == "378745000" and w.newest("address") == "Fetih Mah."
    assert w.newest("applicant_phone") == "+905000000000" and w.newest("applicant_name") == "Deneme Şahıs"
    assert w.system.value("SELECT ended_as FROM intake.draft") == "application"
    w.arrive({"id": "wamid.place", "type": "text", "text": {"body": "a repetition, days late"}})
    w.quiet()
    assert w.applications() == 1


def a_reply_to_the_question_is_one(w):
    number = w.newest("number")
    w.command(number, "assign", department="HM")
    w.command(number, "accept")
    w.command(number, "ask", text="Hangi sokak?")
    w.say("Gül Sokak")
    w.quiet()
    assert w.applications() == 1, w.applications()
    assert w.system.value("SELECT string_agg(ended_as, ',' ORDER BY first_at) FROM intake.draft") == "application,reply"
    assert w.system.value(f"SELECT state FROM router.case WHERE number = '{number}'") != "waiting_for_citizen"
    w.say("Başka bir konu: lamba yanmıyor")
    w.quiet()
    assert w.applications() == 2 and w.newest("body") == "Başka bir konu: lamba yanmıyor"


def a_photo_alone_says_so(w):
    w.arrive({"id": "wamid.photo", "type": "image", "image": {"id": "9", "mime_type": "image/jpeg", "sha256": "x"}}, sender=OTHER)
    time.sleep(3)
    assert w.system.value("SELECT count(*) FROM intake.draft WHERE state <> 'done'") == "1"  # its file is waited for
    w.system.sql("UPDATE intake.media SET state = 'failed'")
    w.quiet()
    assert w.newest("body").startswith("Fotoğraf gönderildi; açıklama yazılmadı.\n[1 dosya"), w.newest("body")
    w.system.sql("UPDATE intake.media SET reason = 'the provider says 404, code 100'")
    status, _, body = clerk(w, "GET", f"/api/v1/inbound?number={w.newest('number')}")
    assert status == 200 and len(body["inbound"]) == 1, (status, body)
    assert clerk(w, "GET", f"/api/v1/inbound/{body['inbound'][0]['id']}")[2]["files"] == [
        {"id": None, "name": None, "media_type": "image/jpeg", "state": "failed", "reason": "the provider says 404, code 100",
         "size": None}]
    w.system.sql("UPDATE intake.media SET state = 'settled'")  # it came later, and the case knows it
    assert clerk(w, "GET", f"/api/v1/inbound/{body['inbound'][0]['id']}")[2]["files"] == []


def what_cannot_be_read_lies_in_triage(w):
    w.system.sql("INSERT INTO intake.inbound (source, source_id, raw) VALUES ('whatsapp', 'broken', '{')")
    w.quiet()
    assert w.system.value("SELECT state FROM intake.inbound WHERE source_id = 'broken'") == "triage"


def clerk(w, method, path, body=None, key=None):
    return w.system.request("intake", method, path, body, {"Authorization": "Bearer " + (key or w.clerk)})


def triage_shows_what_arrived_to_clerks_only(w):
    status, _, body = clerk(w, "GET", "/api/v1/inbound?source=whatsapp")
    assert status == 200 and [row["verdict"] for row in body["inbound"]] != [] and body["after"] is None, (status, body)
    status, _, one = clerk(w, "GET", f"/api/v1/inbound/{body['inbound'][0]['id']}")
    assert one["verdict_text"] == "kabul edilen biçimde bir JSON değil" and one["files"] == [], one
    assert status == 200 and one["raw"] == "{" and one["raw_is_whole"] and one["messages"] == [], (status, one)
    assert clerk(w, "GET", "/api/v1/inbound/999999")[0] == 404
    assert clerk(w, "GET", "/api/v1/inbound?state=odd")[0] == 400
    assert clerk(w, "GET", "/api/v1/inbound", key=w.manager)[0] == 403
    assert w.system.request("intake", "GET", "/api/v1/inbound")[0] == 401
    w.broken = one["id"]


def a_decision_is_made_once(w):
    before = w.applications()
    status, _, body = clerk(w, "POST", "/api/v1/inbound/decide", {"id": w.broken, "decision": "application"})
    assert status == 422 and "text" in json.dumps(body), (status, body)
    decision = {"id": w.broken, "decision": "application", "text": "Okunan: lamba yanmıyor"}
    assert clerk(w, "POST", "/api/v1/inbound/decide", decision)[0] == 200
    w.quiet()
    # The same again, as the answer was lost: what became of it; another decision: what was decided, and by whom.
    status, _, body = clerk(w, "POST", "/api/v1/inbound/decide", decision)
    assert (status, body) == (200, {"id": w.broken, "decision": "application", "became": "application", "number": w.newest("number")}), body
    for other in ({"id": w.broken, "decision": "dismiss", "reason": "boş"}, {**decision, "text": "Başka"}):
        status, _, body = clerk(w, "POST", "/api/v1/inbound/decide", other)
        assert status == 409 and body["decided_by"] == "desk" and body["number"] == w.newest("number"), (status, body)
        assert f"zaten karar verildi: yeni başvuru, {w.newest('number')}; karar veren anahtar \"desk\"" in body["detail"], body
    assert w.applications() == before + 1 and w.newest("body") == "Okunan: lamba yanmıyor", w.newest("body")
    assert w.system.value(f"SELECT decided_by || state FROM intake.inbound WHERE id = {w.broken}") == "deskdone"
    number = w.newest("number")
    w.system.sql("INSERT INTO intake.inbound (source, source_id, raw) VALUES ('whatsapp', 'broken-2', '{'), "
                 "('whatsapp', 'broken-3', '{')")
    w.quiet()
    second, third = w.system.rows("SELECT id FROM intake.inbound WHERE source_id LIKE 'broken-%' ORDER BY id")
    status, _, body = clerk(w, "POST", "/api/v1/inbound/decide", {"id": int(second), "decision": "addition", "text": "Ek bilgi"})
    assert status == 422 and "number" in json.dumps(body), (status, body)
    status, _, body = clerk(w, "POST", "/api/v1/inbound/decide",
                            {"id": int(second), "decision": "addition", "number": number, "text": "Ek bilgi"})
    assert status == 200, (status, body)
    status, _, body = clerk(w, "POST", "/api/v1/inbound/decide", {"id": int(third), "decision": "dismiss", "reason": "boş"})
    assert status == 200, (status, body)
    w.quiet()
    assert clerk(w, "POST", "/api/v1/inbound/decide", {"id": int(third), "decision": "dismiss", "reason": "boş"})[0] == 200
    assert clerk(w, "GET", f"/api/v1/inbound/{third}")[2]["decided_reason"] == "boş"
    status, _, body = clerk(w, "GET", f"/api/v1/inbound?number={number.lower()}")
    assert status == 200 and [row["id"] for row in body["inbound"]] == sorted((w.broken, int(second))), (status, body)
    assert [row["verdict_text"] for row in body["inbound"]] == ["karar: yeni başvuru", "karar: başvuruya ek"], body
    assert clerk(w, "GET", "/api/v1/inbound?number=HM-1")[0] == 400
    assert w.applications() == before + 1
    status, _, one = clerk(w, "GET", f"/api/v1/inbound/{second}")
    assert one["messages"] == [{"type": "text", "text": "Ek bilgi", "became": "addition", "number": number}], one
    assert w.system.value(f"SELECT state FROM intake.inbound WHERE id = {third}") == "ignored"
    assert clerk(w, "GET", "/api/v1/inbound")[2]["inbound"] == []


def pages_of_what_was_decided_are_bounded(w):
    """However far apart they lie: a page may be empty, and says where to go on."""
    w.system.sql("INSERT INTO intake.inbound (source, source_id, state) SELECT 'telegram', 'far-' || n, "
                 "CASE WHEN n IN (2, 10900) THEN 'refused' ELSE 'done' END FROM generate_series(1, 11000) AS n")
    found, after, pages = [], 0, 0
    while after is not None:
        status, _, body = clerk(w, "GET", f"/api/v1/inbound?state=refused&source=telegram&after={after}")
        assert status == 200 and (body["after"] or after + 1) > after, (status, body)
        found, after, pages = found + [int(row["id"]) for row in body["inbound"]], body["after"], pages + 1
    first = w.system.value("SELECT id FROM intake.inbound WHERE source_id = 'far-1'")
    assert [identifier - int(first) for identifier in found] == [1, 10899] and pages == 3, (found, pages)
    whole = clerk(w, "GET", "/api/v1/inbound?state=done&source=telegram")[2]
    assert len(whole["inbound"]) == 100 and whole["after"] == whole["inbound"][-1]["id"], whole["after"]
    w.system.sql("DELETE FROM intake.inbound WHERE source_id LIKE 'far-%'")


def a_number_counts_only_from_who_has_to_do_with_it(w):
    number = w.system.value(f"SELECT number FROM intake.application WHERE applicant_phone = '+{PERSON}' LIMIT 1")
    before = w.applications()
    w.system.sql(
        "WITH i AS (INSERT INTO intake.inbound (source, source_id, raw, state) VALUES ('email/a', 'named-1', '', 'done'), "
        "('email/a', 'named-2', '', 'done') RETURNING id, source_id), c AS (INSERT INTO intake.contact (id, channel, email) "
        "VALUES (gen_random_uuid(), 5, 'stranger@example.org') RETURNING id), d AS (INSERT INTO intake.draft (id, channel, "
        "contact_id, state, next_at) SELECT gen_random_uuid(), 5, c.id, 'closing', now() + interval '1 day' FROM c, i "
        "RETURNING id) INSERT INTO intake.message (channel, external_id, inbound_id, draft_id, contact_id, sent_at, type, body, "
        f"quoted_number, email_verified) SELECT 5, i.source_id, i.id, d.id, c.id, now(), 'mail', 'Ne oldu?', '{number}', true "
        "FROM c, (SELECT id, source_id, row_number() OVER () AS n FROM i) AS i JOIN (SELECT id, row_number() OVER () AS n "
        "FROM d) AS d USING (n)")
    w.system.sql("UPDATE intake.draft SET next_at = now() WHERE id = (SELECT draft_id FROM intake.message "
                 "WHERE external_id = 'named-1')")
    time.sleep(3)
    assert w.system.value("SELECT verdict FROM intake.inbound WHERE source_id = 'named-1'") == "names a number that is not his"
    w.system.sql(f"UPDATE intake.application SET applicant_email = 'Stranger@example.org' WHERE number = '{number}'")
    w.system.sql("UPDATE intake.draft SET next_at = now() WHERE state = 'closing'")
    w.quiet()
    assert w.system.value("SELECT d.ended_as FROM intake.draft d JOIN intake.message m ON m.draft_id = d.id "
                          "WHERE m.external_id = 'named-2'") in ("addition", "reply")
    assert w.applications() == before


def draft(w, *mails):
    """Mails of one person that wait, for an hour, to become something: (id, what it answers) each."""
    for name, answers in mails:
        w.system.sql(
            f"WITH i AS (INSERT INTO intake.inbound (source, source_id, raw, state) VALUES ('email/a', '{name}', '', 'done') "
            "RETURNING id), c AS (INSERT INTO intake.contact (id, channel, email) VALUES ('00000000-0000-7000-8000-00000000000c', "
            "5, 'one@example.org') ON CONFLICT (id) DO UPDATE SET channel = 5 RETURNING id), d AS (INSERT INTO intake.draft (id, channel, contact_id, state, "
            "next_at) SELECT gen_random_uuid(), 5, c.id, 'closing', now() + interval '1 hour' "
            "FROM c RETURNING id) INSERT INTO intake.message (channel, external_id, inbound_id, draft_id, contact_id, sent_at, "
            f"type, body, answers) SELECT 5, '{name}', i.id, d.id, c.id, now(), 'mail', 'Ne oldu?', ARRAY['{answers}'] "
            "FROM i, c, d")


def became(w, name, what="ended_as"):
    return w.system.value(f"SELECT d.{what} FROM intake.draft AS d JOIN intake.message AS m ON m.draft_id = d.id "
                          f"WHERE m.external_id = '{name}'")


def mails_that_answer_each_other_come_to_an_end(w):
    """Neither becomes an application before the other: each attempt counts and waits longer, and the last waits no more."""
    before = w.applications()
    draft(w, ("circle-1", "circle-2"), ("circle-2", "circle-1"))
    w.system.sql("UPDATE intake.draft SET next_at = now() WHERE state = 'closing'")
    wait_until(lambda: became(w, "circle-1", "attempts") == "3", 15, "the attempts count", lambda: w.system.tail("intake"))
    assert w.applications() == before
    w.system.sql("UPDATE intake.draft SET attempts = 9, next_at = now() WHERE state = 'closing'")
    w.quiet()
    assert became(w, "circle-1") == "application", became(w, "circle-1")
    assert became(w, "circle-2") in ("application", "addition"), became(w, "circle-2")
    draft(w, ("later", "circle-1"))
    w.system.sql("UPDATE intake.draft SET next_at = now() WHERE state = 'closing'")
    w.quiet()
    assert became(w, "later") == "addition", became(w, "later")


def a_case_that_is_not_there_holds_nothing_up(w):
    """Applications that the router knows nothing of: what answers one is a person's, who writes in a messenger is heard."""
    before = w.applications()
    draft(w, ("lost", "nothing"))
    w.system.sql("UPDATE intake.draft SET state = 'done', ended_as = 'application', application_id = gen_random_uuid() "
                 "WHERE id = (SELECT draft_id FROM intake.message WHERE external_id = 'lost')")
    draft(w, ("answers-lost", "lost"))
    w.system.sql("UPDATE intake.draft SET next_at = now() WHERE state = 'closing'")
    third = "905000000002"
    w.say("Lamba yanmıyor", sender=third)
    w.quiet()
    assert became(w, "answers-lost") == "triage"
    assert w.system.value("SELECT verdict FROM intake.inbound WHERE source_id = 'answers-lost'") == "its case is not there"
    w.system.sql(f"UPDATE intake.draft SET application_id = gen_random_uuid() WHERE application_id = ({NEWEST})")
    w.say("Hâlâ yanmıyor", sender=third)
    w.quiet()
    assert w.applications() == before + 2 and w.newest("body") == "Hâlâ yanmıyor", w.newest("body")
    w.system.sql("UPDATE intake.inbound SET state = 'ignored' WHERE source_id = 'answers-lost'")


def an_addition_is_tried_anew_when_a_clerk_says_so_again(w):
    """The router remembers that it refused the command: another decision is another command."""
    draft(w, ("first", "nothing"))
    w.system.sql("UPDATE intake.draft SET next_at = now() WHERE state = 'closing'")
    w.quiet()
    number = w.newest("number")
    wait_until(lambda: w.system.value(f"SELECT department FROM router.case WHERE number = '{number}'"), 10, "it is assigned")
    manager = w.system.api_key("its-manager", "cases", "--role", "manager", "--department",
                               w.system.value(f"SELECT department FROM router.case WHERE number = '{number}'"))
    w.command(number, "reject", manager, text="Belli bir konu yok.", reason="no_specific_subject")
    w.command(number, "close", manager, reason="Bitti.")
    draft(w, ("second", "first"))
    w.system.sql("UPDATE intake.draft SET next_at = now() WHERE state = 'closing'")
    w.quiet()
    assert became(w, "second") == "triage", became(w, "second")
    row = int(w.system.value("SELECT id FROM intake.inbound WHERE source_id = 'second'"))
    decision = {"id": row, "decision": "addition", "number": number}
    assert clerk(w, "POST", "/api/v1/inbound/decide", decision)[0] == 200
    w.quiet()
    assert became(w, "second") == "triage", became(w, "second")
    w.command(number, "reopen", manager, reason="Yeniden aradı.")
    assert clerk(w, "POST", "/api/v1/inbound/decide", decision)[0] == 200
    w.quiet()
    assert became(w, "second") == "addition", became(w, "second")


def the_operator_sees_what_waits(w):
    w.system.sql("DELETE FROM intake.channel_error")  # of the photo, which nobody could fetch
    rows = {row["source"]: row for row in json.loads(w.system.kopru("channels", "--json"))}
    assert rows["whatsapp"]["state"] == "well" and rows["whatsapp"]["configured"] == "yes", rows
    assert rows["whatsapp"]["backlog"] == 0 and rows["email/a"]["triage"] == 1 and not rows["email/a"]["configured"], rows
    wait_until(lambda: 'kopru_intake_inbound_backlog{channel="whatsapp"} 0' in  # looked at every 10 s
               w.system.request("intake", "GET", "/metrics")[2].decode(), 15, "the figure says so",
               lambda: w.system.request("intake", "GET", "/metrics")[2].decode())
    w.system.sql("INSERT INTO intake.inbound (source, source_id, raw, received_at, next_at) VALUES ('telegram', 'late', '', "
                 "now() - interval '5 minutes', now() + interval '1 hour')")
    try:
        w.system.kopru("channels")
    except AssertionError as error:
        assert "exit 1" in str(error) and "1 not well" in str(error), error
    else:
        raise AssertionError("a late arrival is not told")
    late = [row for row in json.loads(w.system.kopru("channels", "--json", "--age", "86400")) if row["source"] == "telegram"]
    assert late[0]["backlog"] == 1 and late[0]["oldest_seconds"] >= 300, late


def main():
    tap, w = Tap(), World()
    try:
        w.system.start("intake", "router")
        w.clerk = w.system.api_key("desk", "cases", "--role", "clerk")
        w.manager = w.system.api_key("manager", "cases", "--role", "manager", "--department", "TEM")
        for test in (messages_of_minutes_are_one_application, a_reply_to_the_question_is_one, a_photo_alone_says_so,
                     what_cannot_be_read_lies_in_triage, triage_shows_what_arrived_to_clerks_only, a_decision_is_made_once,
                     a_number_counts_only_from_who_has_to_do_with_it, mails_that_answer_each_other_come_to_an_end,
                     a_case_that_is_not_there_holds_nothing_up, an_addition_is_tried_anew_when_a_clerk_says_so_again,
                     pages_of_what_was_decided_are_bounded,
                     the_operator_sees_what_waits):
            tap.run(test.__name__, lambda test=test: test(w))
    finally:
        w.close()
    tap.end()


if __name__ == "__main__":
    main()
