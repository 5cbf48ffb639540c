#!/usr/bin/env python3
"""flow: mails come in over a real IMAP server (Dovecot) and letters go out over a real SMTP server (Postfix): what becomes an
application, a reply, an addition, what goes to a person, what is left alone, and that nothing is lost or doubled. limit: 240 s"""

import base64
import json
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import commands  # noqa: E402
import dovecot  # noqa: E402
import postfix  # noqa: E402
import system as kopru  # noqa: E402
from commands import clerk, code, manager, officer  # noqa: E402

TAP = kopru.Tap()
ASAN = "asan" in kopru.BUILD  # keeps 256 MiB of what was freed
OUR = "basvuru@karatay.example"
PERSON = "deneme@example.org"
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
TEXT = "Sokağımızda üç gündür çöp toplanmadı, İĞÜŞÖÇ ığüşöç."
DATA = os.path.join(kopru.TOP, "tests/data/mail")
STATE = {"mails": 0}


def mail(text, sender=PERSON, subject="Çöp", proven=True, message_id=None, headers="", parts=()):
    """A mail as bytes; text in windows-1254, as many are."""
    STATE["mails"] += 1
    name, domain = base64.b64encode("Deneme Şahıs".encode("cp1254")).decode(), sender.split("@")[1]
    lines = f"Received: from posta.example.net by posta.karatay.example; {STATE['mails']}\r\n"
    if proven:
        lines = f"Authentication-Results: posta.karatay.example; dmarc=pass header.from={domain}\r\n" + lines
    lines += (f"From: =?windows-1254?B?{name}?= <{sender}>\r\nTo: {OUR}\r\n"
              f"Subject: =?windows-1254?B?{base64.b64encode(subject.encode('cp1254')).decode()}?=\r\n"
              f"Message-ID: <{message_id or 'kopru-' + str(STATE['mails']) + '@example.net'}>\r\n"
              f"Date: Mon, 12 Jan 2026 10:00:00 +0300\r\nMIME-Version: 1.0\r\n{headers}")
    body = b"Content-Type: text/plain; charset=windows-1254\r\nContent-Transfer-Encoding: base64\r\n\r\n" + \
        base64.encodebytes(text.encode("cp1254")).replace(b"\n", b"\r\n")
    if not parts:
        return lines.encode() + body
    pieces = [body] + [f"Content-Type: image/png\r\nContent-Disposition: attachment; filename=\"{n}\"\r\n"
                       "Content-Transfer-Encoding: base64\r\n\r\n".encode() + base64.encodebytes(data).replace(b"\n", b"\r\n")
                       for n, data in parts]
    return lines.encode() + b"Content-Type: multipart/mixed; boundary=s\r\n\r\n--s\r\n" + b"\r\n--s\r\n".join(pieces) + b"\r\n--s--\r\n"


def fixture(name):
    with open(os.path.join(DATA, name + ".eml"), "rb") as file:
        return file.read()


def quiet(seconds=30):
    """Every mail that lies on the server is stored, digested, and has become what it becomes."""
    def done():
        lying = sum(len(D.kept(user)) for user in D.users)
        return int(S.value("SELECT count(*) FROM intake.inbound WHERE source LIKE 'email/%'")) >= lying + STATE.get("anew", 0) \
            and S.value("SELECT (SELECT count(*) FROM intake.inbound WHERE state = 'stored')"
                        " + (SELECT count(*) FROM intake.draft WHERE state <> 'done')") == "0"
    kopru.wait_until(done, seconds, "all mails are digested", lambda: S.sql(
        "SELECT id, source, state, verdict, attempts FROM intake.inbound WHERE state <> 'ignored' ORDER BY id DESC LIMIT 30")
        + S.sql("SELECT * FROM intake.mailbox") + S.tail("intake"))


def comes(*mails, user="basvuru"):
    """Several together, since a mailbox is looked into once a second. Gives "state: verdict" of each."""
    before = S.value("SELECT coalesce(max(id), 0) FROM intake.inbound")
    for raw in mails:
        D.deliver(user, raw)
    quiet()
    return S.rows(f"SELECT state || ': ' || verdict FROM intake.inbound WHERE id > {before} ORDER BY id")


def applications():
    return int(S.value("SELECT count(*) FROM intake.application"))


def last_row(what="state || ': ' || verdict"):
    return S.value(f"SELECT {what} FROM intake.inbound ORDER BY id DESC LIMIT 1")


def last_draft(what="ended_as"):
    return S.value(f"SELECT {what} FROM intake.draft ORDER BY first_at DESC, id DESC LIMIT 1")


def letters(template):
    """Letters about the first application of this kind, as the mail server has them."""
    ids = S.rows(f"SELECT id FROM notifier.notice WHERE number = '{STATE['number']}' AND template = '{template}'")
    return [letter for letter in P.letters() if any(letter["Message-ID"].startswith(f"<{i}.") for i in ids)]


def letter(template):
    kopru.wait_until(lambda: letters(template), 30, f"the letter {template} came", lambda: S.sql(
        "SELECT template, state, reason FROM notifier.notice") + S.tail("notifier") + P.log())
    return letters(template)[0]


def do(action, actor, fields=None):
    kopru.wait_until(lambda: S.value(f"SELECT count(*) FROM router.case WHERE application_id = '{STATE['id']}'") == "1", 20,
                     "it is routed", lambda: S.tail("router"))
    version = int(S.value(f"SELECT version FROM router.case WHERE application_id = '{STATE['id']}'"))
    reply = STATE["client"].do(action, STATE["id"], fields, expected_version=version, actor=actor)
    assert code(reply) == "ok", (action, code(reply), reply.text)


def department():
    return S.value(f"SELECT department FROM router.case WHERE application_id = '{STATE['id']}'")


def a_turkish_mail_becomes_an_application():
    comes(mail(TEXT, parts=[("çöp.png", PNG)]))
    assert applications() == 1 and last_draft() == "application", last_row()
    row = S.value("SELECT concat_ws('|', body, subject, applicant_name, applicant_email, channel, email_verified)"
                  " FROM intake.application")
    assert row == f"{TEXT}|Çöp|Deneme Şahıs|{PERSON}|5|t", row
    assert S.value("SELECT name || media_type FROM intake.attachment WHERE application_id IS NOT NULL") == "çöp.pngimage/png"
    STATE["number"], STATE["id"] = S.value("SELECT number || '|' || id FROM intake.application").split("|")


def nothing_changes_on_the_server():
    assert all(name.startswith("new/") and ":" not in name for name in D.kept("basvuru")), D.kept("basvuru")


def its_letter_names_the_number():
    STATE["received"] = letter("received")
    assert STATE["received"]["Message-ID"].split(".", 1)[1].startswith(STATE["number"] + "@"), STATE["received"]["Message-ID"]
    assert STATE["received"]["Auto-Submitted"] == "auto-generated" and STATE["received"]["Return-Path"] == "<>"


def a_reply_answers_the_question():
    do("accept", officer(department()))
    do("ask", officer(department()), {"text": "Konteyner hangi numarada?"})
    question = letter("question")
    quoted = "".join("> " + line + "\n" for line in question.get_content().splitlines())
    comes(mail("14 numarada.\n\n12 Oca 2026 Pzt, 10:00 tarihinde Karatay\n<basvuru@karatay.example> şunu yazdı:\n\n" +
               quoted.encode("cp1254", "replace").decode("cp1254"), subject="Re: Başvurunuz",
               headers=f"In-Reply-To: {question['Message-ID']}\r\nReferences: {question['Message-ID']}\r\n"))
    assert last_draft() == "reply" and applications() == 1, (last_draft(), last_row())
    assert S.value(f"SELECT state FROM router.case WHERE application_id = '{STATE['id']}'") != "4"
    assert S.value("SELECT body FROM intake.message ORDER BY inbound_id DESC LIMIT 1") == "14 numarada."


def what_is_sent_unasked_is_added():
    comes(mail("Bir de fotoğraf.", subject="Re: x", parts=[("a.png", PNG)],
               headers=f"In-Reply-To: {STATE['received']['Message-ID']}\r\n"))
    assert last_draft() == "addition" and applications() == 1, (last_draft(), last_row())
    comes(mail("Numarayı konuya yazdım.", subject=f"[{STATE['number']}] ek"))
    assert last_draft() == "addition" and applications() == 1, (last_draft(), last_row())


def a_stranger_who_names_a_number_goes_to_triage():
    rows = comes(mail("Bana ne oldu?", sender="yabanci@example.net", subject=f"[{STATE['number']}]"),
                 mail("Ben oyum.", proven=False, subject=f"[{STATE['number']}]"),
                 mail("Ben oyum.", proven=False, headers="Authentication-Results: posta.karatay.example; dmarc=fail\r\n"
                      "Authentication-Results: posta.karatay.example; dmarc=pass header.from=example.org\r\n",
                      subject=f"[{STATE['number']}]"),
                 mail("Ben de komşusuyum.", sender="komsu@example.net", headers="In-Reply-To: <kopru-1@example.net>\r\n"))
    assert len(rows) == 4 and all(row.startswith("triage: ") for row in rows) and applications() == 1, rows
    assert rows[3] == "triage: answers another's message", rows
    assert S.value("SELECT count(*) FROM intake.draft WHERE ended_as = 'triage'") == "4"


def the_same_mail_by_two_ways_is_one():
    raw = mail("İki kutuya da geldi.", sender="iki@example.org")
    D.deliver("yedek", raw.replace(b"by posta.karatay.example;", b"by baska.karatay.example;"))
    comes(raw)
    assert applications() == 2, applications()
    comes(mail("Aynı kimlikle başka bir ileti.", sender="uc@example.org", message_id="ayni@example.org"))
    comes(mail("Aynı kimlikle bambaşka bir ileti.", sender="uc@example.org", message_id="ayni@example.org", subject="Park"))
    assert applications() == 4, applications()


def nobody_answers_machines():
    names = ("auto_submitted", "list", "bulk", "null_path", "out_of_office_tr", "own_address", "own_letter", "bounce_stranger",
             "bounce_delayed")
    rows = comes(*map(fixture, names))
    assert len(rows) == len(names) and all(row.startswith("ignored: ") for row in rows), rows
    assert applications() == 4


def what_a_machine_answers_without_saying_so_comes_to_an_end():
    """It answers every letter with a mail that nothing marks; NOTIFIER_CONFIRM_DAY ends it."""
    robot, answered, before = "makine@example.org", set(), applications()
    D.deliver("basvuru", mail("0. yanıt", sender=robot, proven=False))
    end = time.monotonic() + 6
    while time.monotonic() < end:
        for one in P.letters():
            if robot in str(one["To"]) and one["Message-ID"] not in answered:
                answered.add(one["Message-ID"])
                D.deliver("basvuru", mail(f"{len(answered)}. yanıt", sender=robot, proven=False))
        time.sleep(0.2)
    quiet()
    assert len(answered) == 2 and applications() == before + 3, (len(answered), applications() - before)


def what_only_the_registry_may_open_is_kept_whole():
    for name in ("kep", "utf8"):
        comes(fixture(name), user="kep")
        assert last_row("state") == "triage" and "registry" in last_row("verdict"), last_row()
        digest = last_row("encode(raw_file, 'hex')")
        with open(S.path("files", digest[:2], digest[2:4], digest), "rb") as file:
            assert file.read() == fixture(name)
    comes(fixture("eyp"))
    assert last_row("state") == "triage" and last_row("raw_size") == str(len(fixture("eyp"))), last_row()


def a_mailbox_that_fails_harms_no_other():
    wanted = {"parolasiz": "Login denied", "sahte": "certificate", "olu": "connect"}
    kopru.wait_until(lambda: S.value("SELECT count(*) FROM intake.mailbox WHERE error IS NOT NULL") == "3", 20, "they failed",
                     lambda: S.sql("SELECT * FROM intake.mailbox") + S.tail("intake"))
    for name, words in wanted.items():
        error = S.value(f"SELECT error FROM intake.mailbox WHERE name = '{name}'")
        assert words.lower() in error.lower(), (name, error)
    assert S.value("SELECT count(*) FROM intake.mailbox WHERE error IS NULL AND uid > 0") == "3"
    metrics = S.request("intake", "GET", "/metrics")[2]
    metrics = metrics if isinstance(metrics, str) else metrics.decode()
    assert 'kopru_intake_mailbox_failing{mailbox="olu"} 1' in metrics and 'kopru_intake_mailbox_failing{mailbox="basvuru"} 0' in metrics


def bombs_go_to_triage():
    head = b"From: bomba@example.org\r\nMIME-Version: 1.0\r\n"
    bombs = {
        "too many parts": head + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\n" * 200000,
        "too many multiparts": head + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i)
                                               for i in range(20000)),
        "larger than 25 MiB": head + b"\r\n" + b"0123456789012345678901234567890123456789\r\n" * 700000,
        "headers are too large": head + b"X: y\r\n" * 200000,
        "no sender": b"Subject: x\r\n\r\n",
    }
    rows = comes(*bombs.values())
    assert len(rows) == len(bombs) and all(row.startswith("triage: ") for row in rows), rows
    for words in bombs:
        assert any(words in row for row in rows), (words, rows)
    assert ASAN or S.processes["intake"].rss_kib() < 128 * 1024, S.processes["intake"].rss_kib()
    before = applications()
    names = ("no_date", "future_date", "ancient_date", "no_id", "missing_end")
    rows = comes(*(fixture(name).replace(b"eneme@example.org", b"eniz@example.org") for name in names))
    assert rows == ["done: message"] * len(names) and applications() == before + len(names), rows
    assert applications() > before and S.value("SELECT max(received_at) < now() + interval '1 minute' FROM intake.application") == "t"


def a_letter_that_comes_back_is_known():
    back = fixture("bounce").decode()
    wanted = STATE["received"]["Message-ID"]
    old = back.split("Message-ID: <01900000")[1].split(">")[0]
    comes(back.replace(f"<01900000{old}>", wanted).replace("yok@example.org", PERSON).encode())
    assert last_row() == "done: bounce", last_row()
    kopru.wait_until(lambda: S.value("SELECT count(*) FROM notifier.notice WHERE returned_at IS NOT NULL") == "1", 20,
                     "the notifier knows", lambda: S.tail("notifier") + S.sql("SELECT * FROM feed.cursor"))
    do("answer", manager(department()), {"text": "Konteyner boşaltıldı."})
    kopru.wait_until(lambda: S.value(f"SELECT state || reason FROM notifier.notice WHERE template = 'answered'"
                                     f" AND number = '{STATE['number']}'") == "noneaddress bounced", 20, "no more letters",
                     lambda: S.sql("SELECT template, state, reason FROM notifier.notice"))
    shown = S.kopru("notices", "list", "--number", STATE["number"], "--state", "failed")
    assert "the letter came back (5.1.1)" in shown, shown


def a_mailbox_that_is_numbered_anew_doubles_nothing():
    before = S.value("SELECT count(*) || ' ' || (SELECT count(*) FROM intake.message) || ' ' || (SELECT count(*) FROM"
                     " intake.inbound) FROM intake.application")
    validity = S.value("SELECT uid_validity FROM intake.mailbox WHERE name = 'basvuru'")
    D.stop()
    D.forget_uids("basvuru")
    time.sleep(1.1)  # the new one is a time in seconds
    D.start()
    kopru.wait_until(lambda: S.value(f"SELECT uid_validity <> {validity} AND uid >= {len(D.kept('basvuru'))} FROM intake.mailbox"
                                     " WHERE name = 'basvuru'") == "t", 40, "all was read again",
                     lambda: S.sql("SELECT * FROM intake.mailbox") + S.tail("intake"))
    quiet()
    assert before == S.value("SELECT count(*) || ' ' || (SELECT count(*) FROM intake.message) || ' ' || (SELECT count(*) FROM"
                             " intake.inbound) FROM intake.application")


def killed_while_it_fetches_it_loses_and_doubles_nothing():
    before, many = applications(), 300
    S.supervise()
    for i in range(many):
        D.deliver("yedek", mail(f"{i}. ileti", sender=f"kisi{i}@example.net", proven=False))
        if i % 60 == 30:
            S.processes["intake"].kill()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        time.sleep(0.7)
        S.processes["intake"].kill()
    quiet(60)  # the lease of a killed one has to end
    assert applications() == before + many, applications() - before
    assert S.value("SELECT count(DISTINCT applicant_email) FROM intake.application WHERE applicant_email LIKE 'kisi%'") == str(many)


def nothing_is_lost_doubled_or_out_of_order():
    S.kopru("reconcile")


def no_address_is_in_the_log():
    for name in ("intake", "notifier", "router"):
        text = S.tail(name, 20_000_000)
        assert "example.org" not in text and "example.net" not in text and "Sokağ" not in text, name


REASON = dovecot.why_not() or postfix.why_not()
if REASON:
    TAP.skip("mailbox", REASON)
    TAP.end()
FOLDER = kopru.tempfile.mkdtemp(prefix="kopru-mailbox.", dir="/tmp")
os.chmod(FOLDER, 0o755)
P = postfix.Postfix(kopru.tempfile.mkdtemp(prefix="kopru-postfix.", dir="/tmp"), kopru.free_port())
D = dovecot.Dovecot(os.path.join(FOLDER, "dovecot"), ["basvuru", "yedek", "kep"])
F = dovecot.Dovecot(os.path.join(FOLDER, "sahte"), ["sahte"], cert="bad")
TRUST = {"authserv": "posta.karatay.example"}
WRONG = os.path.join(FOLDER, "wrong")
with open(WRONG, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as secret:
    secret.write("yanlis-parola-123\n")
CHANNELS = os.path.join(FOLDER, "channels.json")
with open(CHANNELS, "w", encoding="utf-8") as conf:
    json.dump({"mailboxes": [
        {**D.mailbox("basvuru", **TRUST), "name": "parolasiz", "password_file": WRONG},
        {**F.mailbox("sahte", **TRUST)},
        {**D.mailbox("basvuru", **TRUST), "name": "olu", "url": f"imaps://127.0.0.1:{kopru.free_port()}/INBOX"},
        D.mailbox("basvuru", **TRUST), D.mailbox("yedek", "imap", tls="starttls", **TRUST), D.mailbox("kep", registered=True)]}, conf)
S = kopru.System(settings={"intake": {"INTAKE_CHANNELS_FILE": CHANNELS}, "notifier": {
    "NOTIFIER_PROVIDER": "smtp", "NOTIFIER_SMTP": f"smtp://127.0.0.1:{P.port}", "NOTIFIER_SMTP_CA": os.path.join(P.folder, "ca.pem"),
    "NOTIFIER_DOMAIN_MINUTE": "0", "NOTIFIER_CONFIRM_DAY": "2", "NOTIFIER_FROM": OUR}})
try:
    S.start("intake", "router", "notifier")
    STATE["client"] = commands.Client(S.commands)
    for function in (a_turkish_mail_becomes_an_application, nothing_changes_on_the_server, its_letter_names_the_number,
                     a_reply_answers_the_question, what_is_sent_unasked_is_added, a_stranger_who_names_a_number_goes_to_triage,
                     the_same_mail_by_two_ways_is_one, nobody_answers_machines,
                     what_a_machine_answers_without_saying_so_comes_to_an_end, what_only_the_registry_may_open_is_kept_whole,
                     a_mailbox_that_fails_harms_no_other, bombs_go_to_triage, a_letter_that_comes_back_is_known,
                     a_mailbox_that_is_numbered_anew_doubles_nothing, killed_while_it_fetches_it_loses_and_doubles_nothing,
                     nothing_is_lost_doubled_or_out_of_order, no_address_is_in_the_log):
        TAP.run(function.__name__, function)
finally:
    S.close()
    D.close()
    F.close()
    P.close()
    shutil.rmtree(FOLDER, ignore_errors=True)
TAP.end()
