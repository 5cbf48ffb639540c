#!/usr/bin/env python3
"""flow: the letters of whole lives of applications go through a real mail server (Postfix), and are read back from its
maildir: each kind of letter once, readable, in one thread for each application. limit: 180 s"""

import os
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import commands  # noqa: E402
import mail  # noqa: E402
import postfix  # noqa: E402
import system as kopru  # noqa: E402
from commands import applicant, clerk, code, manager, officer  # noqa: E402

TAP = kopru.Tap()
STATE = {"cases": {}}
ANSWER = "Konteyner boşaltıldı: ığüşöç İĞÜŞÖÇ.\n.\n..\nFrom here\n\tgirinti\nBcc: x@example.net\n" + "uzun satır " * 200
# What stands in each kind of letter, besides number and link.
SAID = {
    "confirm": "&onay=", "received": "Takip kodu: ", "assigned": "İlgili birim: ", "question": "Konteyner hangi numarada?",
    "reminder": "Hatırlatma", "interim_answer": "7. maddesi", "answered": "Konteyner boşaltıldı: ığüşöç İĞÜŞÖÇ.",
    "closed": "İş tamam", "forwarded": "5. maddesi", "rejected": "madde 6/b", "merged": "birleştirildi",
    "unmerged": "tek başına", "reopened": "Kurum yetkisiz", "withdrawn": "geri çekme isteğiniz", "deadline_moved": "11. maddesi",
}


def apply(name, kind="complaint", **more):
    status, _, answer = S.apply({"kind": kind, "text": "BAŞVURANIN METNİ: üç gündür çöp toplanmadı, konteyner taşıyor.",
                                 "subject": "BAŞVURANIN KONUSU",
                                 "applicant": {"name": "Deneme Şahıs", "email": f"{name}@example.org", "address": "Fetih Mah."},
                                 **more})
    assert status == 201, answer
    kopru.wait_until(lambda: S.value(f"SELECT count(*) FROM router.case WHERE number = '{answer['number']}'") == "1", 30,
                     "it is routed", lambda: S.tail("router"))
    STATE["cases"][name] = answer
    answer["id"] = S.value(f"SELECT application_id FROM router.case WHERE number = '{answer['number']}'")
    return answer["id"]


def do(action, case, actor, fields=None, expected=None):
    if expected is None:
        expected = int(S.value(f"SELECT version FROM router.case WHERE application_id = '{case}'"))
    reply = STATE["client"].do(action, case, fields, expected_version=expected, actor=actor)
    assert code(reply) == "ok", (action, code(reply), reply.text)


def department_of(case):
    return S.value(f"SELECT department FROM router.case WHERE application_id = '{case}'")


def starts():
    S.start("intake", "router", "notifier")
    STATE["client"] = commands.Client(S.commands)


def unproven_addresses_get_one_neutral_message():
    for name in ("one", "two", "three", "four"):
        apply(name)
    apply("five", kind="information_request")
    kopru.wait_until(lambda: len(P.letters()) == 5, 60, "the neutral messages came", lambda: S.tail("notifier") + P.log())
    for letter in P.letters():
        text = letter.get_content()
        assert "&onay=" in text and "&kod=" not in text and "BAŞVURANIN" not in text, text
        assert letter["To"].endswith("@example.org")
        status, _, answer = S.confirm(letter)
        assert status == 200, answer


def lives_are_lived():
    one, two, three, four, five = (STATE["cases"][name]["id"] for name in ("one", "two", "three", "four", "five"))
    do("transfer", one, manager(department_of(one)), {"department": "FEN", "reason": "BAŞVURANIN işi orada"})
    do("accept", one, officer("FEN"))
    do("ask", one, officer("FEN"), {"text": "Konteyner hangi numarada?"})
    S.sql(f"UPDATE router.question SET remind_on = current_date - 1 WHERE application_id = '{one}'")
    kopru.wait_until(lambda: "citizen.reminded" in S.rows("SELECT kind FROM feed.event"), 40, "the clock reminds", lambda: S.tail("router"))
    do("citizen_reply", one, applicant(), {"text": "BAŞVURANIN yanıtı: 14"}, expected=0)
    do("interim_answer", one, manager("FEN"), {"text": "Ekip yolda."})
    do("answer", one, manager("FEN"), {"text": ANSWER})
    do("close", one, clerk(), {"reason": "İş tamam"})
    do("forward", two, manager(department_of(two)), {"institution": "KOSKI", "letter": "BAŞVURANIN dilekçesi", "letter_number": "E-1"})
    do("reopen", two, clerk(), {"reason": "Kurum yetkisiz"})
    do("reject", two, manager(department_of(two)), {"reason": 2, "text": "Konu yargıdadır."})
    do("merge", three, manager(department_of(three)), {"into": uuid.UUID(four).bytes, "reason": "BAŞVURANIN komşusu"})
    do("unmerge", three, clerk(), {"reason": "Başka sokak"})
    do("withdraw", four, applicant(), {"reason": "BAŞVURANIN vazgeçişi"}, expected=0)
    do("extend", five, manager(department_of(five)), {"reason": "Başka birimden bilgi gerekli"})
    kopru.wait_until(lambda: S.value("SELECT count(*) FROM notifier.notice WHERE state <> 'sent'") == "0"
                     and S.value("SELECT seq FROM feed.cursor WHERE consumer = 'notifier' AND stream = 'case'")
                     == S.value("SELECT max(seq) FROM feed.event WHERE stream = 'case'"), 60, "all letters are sent",
                     lambda: S.sql("SELECT template, state, reason FROM notifier.notice") + S.tail("notifier"))


def every_letter_was_delivered_once():
    wanted = {mail.message_id(row.split("|")[0], row.split("|")[2]): row.split("|")[1:] for row in
              S.rows("SELECT id || '|' || template || '|' || number || '|' || application_id FROM notifier.notice")}
    kopru.wait_until(lambda: len(P.letters()) >= len(wanted), 60, "Postfix has delivered them", P.log)
    STATE["letters"] = P.letters()
    assert sorted(letter["Message-ID"] for letter in STATE["letters"]) == sorted(wanted)
    assert {template for template, *_ in wanted.values()} == set(SAID)
    STATE["wanted"] = wanted


def every_letter_can_be_read():
    for letter in STATE["letters"]:
        template, number, application = STATE["wanted"][letter["Message-ID"]]
        text = letter.get_content()
        assert SAID[template] in text or SAID[template] in letter["Subject"], (template, text)
        assert number in letter["Subject"] and number in text, (template, letter["Subject"])
        assert letter["Auto-Submitted"] == "auto-generated" and letter["X-Auto-Response-Suppress"] == "All"
        assert letter["Return-Path"] == "<>" and letter["Bcc"] is None and letter["List-Unsubscribe"] is None
        assert letter["In-Reply-To"] == letter["References"] == f"<{application}@example.org>"
        assert not letter.defects and letter.get_content_type() == "text/plain" and letter.get_content_charset() == "utf-8"
        assert "&dur=" in text and ("&kod=" in text) == (template != "confirm"), text
        assert "BAŞVURANIN" not in text and "Deneme Şahıs" not in letter.as_string(), (template, text)
        if template == "answered":
            assert ANSWER.strip() in text.replace("\r\n", "\n"), text


def letters_of_an_application_left_in_order():
    """R-22: none was handed over before the one of an earlier event."""
    assert S.value("""
        SELECT count(*) FROM notifier.notice a JOIN notifier.notice b USING (application_id)
         WHERE (a.version, a.template <> 'confirm') < (b.version, b.template <> 'confirm') AND a.finished_at > b.attempted_at""") \
        == "0"


def no_address_is_in_the_log():
    text = S.tail("notifier", 10_000_000)
    assert "@example.org" not in text and "BAŞVURANIN" not in text and "Konteyner" not in text


REASON = postfix.why_not()
if REASON:
    print(f"ok 1 - postfix # SKIP {REASON}\n1..1")
    sys.exit(0)
P = postfix.Postfix(kopru.tempfile.mkdtemp(prefix="kopru-postfix.", dir="/tmp"), kopru.free_port())
S = kopru.System(settings={"notifier": {
    "NOTIFIER_PROVIDER": "smtp", "NOTIFIER_SMTP": f"smtp://127.0.0.1:{P.port}",
    "NOTIFIER_SMTP_CA": os.path.join(P.folder, "ca.pem"), "NOTIFIER_DOMAIN_MINUTE": "0"}})
try:
    for test in (starts, unproven_addresses_get_one_neutral_message, lives_are_lived, every_letter_was_delivered_once,
                 every_letter_can_be_read, letters_of_an_application_left_in_order, no_address_is_in_the_log):
        TAP.run(test.__name__, test)
finally:
    S.close()
    P.close()
TAP.end()
