#!/usr/bin/env python3
"""flow: what holds a letter back at the moment of sending: quiet hours, budgets, opting out, an address that nobody proved;
logins at the mail server; settings that make no sense. limit: 180 s"""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import mail  # noqa: E402
import system as kopru  # noqa: E402

TAP = kopru.Tap()
FOLDER = kopru.tempfile.mkdtemp(prefix="kopru-mail.", dir="/tmp")
M = mail.Server(FOLDER, user="kopru", password="dogru parola")
S = kopru.System()
SMTP = {"NOTIFIER_PROVIDER": "smtp", "NOTIFIER_SMTP": f"smtp://127.0.0.1:{M.ports[0]}", "NOTIFIER_SMTP_USER": "kopru",
        "NOTIFIER_SMTP_CA": os.path.join(FOLDER, "ca.pem"), "NOTIFIER_SMTP_PASSWORD": "dogru parola"}


def restart(**settings):
    """The notifier with other settings."""
    if "notifier" in S.processes:
        assert S.processes.pop("notifier").stop() == 0, S.tail("notifier")
    S.settings = {"notifier": settings}
    S.start("notifier")


def state(notice):
    """(state, reason, attempts, seconds until it is due)"""
    return tuple(S.value("SELECT state || '|' || coalesce(reason, '') || '|' || attempts || '|' || "
                         "coalesce(extract(epoch FROM nullif(next_at, 'infinity') - now())::int, 0) FROM notifier.notice "
                         f"WHERE id = '{notice}'").split("|"))


def wait_for(notice, wanted, reason=""):
    kopru.wait_until(lambda: state(notice)[0] == wanted and reason in state(notice)[1], 30, f"it is {wanted} ({reason})",
                     lambda: f"{state(notice)} {S.tail('notifier')}")
    return state(notice)


def sent_count():
    return len([name for name in os.listdir(S.path("outbox")) if name.endswith(".eml")])


def quiet_hours_are_kept_at_the_moment_of_sending():
    hour = (time.gmtime().tm_hour + 3) % 24
    restart(NOTIFIER_QUIET=f"{hour}-{(hour + 2) % 24}")
    notice = mail.notices(S, 1, "example.org")[0]
    found = wait_for(notice, "pending", "quiet hours")
    assert found[2] == "0" and 0 < int(found[3]) <= 7200, found
    assert sent_count() == 0
    restart(NOTIFIER_QUIET=f"{(hour + 2) % 24}-{(hour + 3) % 24}")
    S.sql("UPDATE notifier.notice SET next_at = now()")
    wait_for(notice, "sent")


def an_address_gets_so_many_letters_a_day():
    """S-26: over all applications; what is too much waits for the next day, and is not lost."""
    restart(NOTIFIER_ADDRESS_DAY="3", NOTIFIER_CONFIRM_DAY="2")
    ids = mail.notices(S, 8, "example.org", "received", address="kurban@example.org")
    kopru.wait_until(lambda: [state(n)[0] for n in ids].count("sent") == 3, 20, "three are sent", lambda: S.tail("notifier"))
    kopru.wait_until(lambda: all(state(n)[0] == "sent" or "all letters of the day" in state(n)[1] for n in ids), 20,
                     "the others wait", lambda: S.tail("notifier"))
    assert all(0 < int(state(n)[3]) <= 86401 for n in ids if state(n)[0] != "sent")
    others = mail.notices(S, 1, "example.org", "received", address="baska@example.org")
    wait_for(others[0], "sent")


def a_stranger_gets_few_neutral_messages():
    restart(NOTIFIER_ADDRESS_DAY="50", NOTIFIER_CONFIRM_DAY="2")
    ids = mail.notices(S, 6, "example.org", "confirm", address="yabanci@example.org")
    S.sql("UPDATE notifier.address SET verified_at = NULL, verified_by = NULL WHERE address = 'yabanci@example.org'")
    S.sql("UPDATE notifier.notice SET state = 'pending', reason = NULL, finished_at = NULL, next_at = now() "
          "WHERE address = 'yabanci@example.org' AND state = 'none'")
    kopru.wait_until(lambda: all(state(n)[0] == "sent" or "neutral messages of the day" in state(n)[1] for n in ids), 20,
                     "the others wait", lambda: str([state(n) for n in ids]) + S.tail("notifier"))
    assert [state(n)[0] for n in ids].count("sent") == 2


def an_unproven_address_is_seen_at_the_moment_of_sending():
    restart()
    notice = mail.notices(S, 1, "example.org")[0]
    wait_for(notice, "sent")
    S.sql("UPDATE notifier.address SET verified_at = NULL, verified_by = NULL")
    S.sql(f"UPDATE notifier.notice SET state = 'failed' WHERE id = '{notice}'")
    S.sql(f"SELECT notifier.retry(ARRAY['{notice}'::uuid])")
    found = wait_for(notice, "held", "address not verified")
    assert found[2] == "0", found
    asked = f"SELECT c.state FROM notifier.notice c JOIN notifier.notice n USING (application_id) WHERE n.id = '{notice}' " \
        "AND c.template = 'confirm'"
    kopru.wait_until(lambda: S.value(asked) == "sent", 20, "the neutral message went out", lambda: S.tail("notifier"))


def post(what, **fields):
    return S.request("notifier", "POST", f"/api/v1/addresses/{what}", fields)


def links(number):
    """The tokens that stand in the letters about an application, by name."""
    found = {}
    for letter in S.letters(number):
        for word in letter.get_content().split():
            if "#no=" in word:
                found.update(dict(pair.split("=") for pair in word.split("#")[1].split("&")))
    return found


def whoever_opts_out_gets_nothing_more():
    number = "HM-2026-0000123-5"
    for name in os.listdir(S.path("outbox")):
        os.unlink(S.path("outbox", name))
    S.sql("DELETE FROM notifier.attempt; DELETE FROM notifier.notice; DELETE FROM notifier.address")
    notice = mail.notices(S, 1, "example.org")[0]
    wait_for(notice, "sent")
    token = links(number)["dur"]
    assert post("opt-out", number=number, token="0" * 32)[0] == 404
    assert post("confirm", number=number, token=token)[0] == 404, "a token is of one purpose"
    assert post("opt-out", number="HM-2026-0000124-3", token=token)[0] in (404, 422)
    unknown, wrong = post("opt-out", number="HM-2026-0000001-4", token=token), post("opt-out", number=number, token="1" * 32)
    assert wrong[0] == 404 and unknown[0] in (404, 422)
    for fields in ({}, {"number": number}, {"token": token}, {"number": 5, "token": token}, {"number": number, "token": "x" * 65},
                   {"number": number, "token": token, "more": 1}):
        status, _, problem = post("opt-out", **fields)
        assert status == 422 and problem["status"] == 422, (fields, problem)
    status, _, answer = post("opt-out", number=number, token=token)
    assert status == 200 and answer == {"number": number, "status": "opted_out"}, answer
    assert post("opt-out", number=number, token=token)[0] == 200
    S.sql(f"UPDATE notifier.notice SET state = 'failed' WHERE id = '{notice}'")
    S.sql(f"SELECT notifier.retry(ARRAY['{notice}'::uuid])")
    wait_for(notice, "none", "opted out")


def what_nobody_confirms_ends():
    restart(NOTIFIER_CONFIRM_DAYS="14")
    notice = mail.notices(S, 1, "example.org")[0]
    wait_for(notice, "sent")
    S.sql(f"UPDATE notifier.notice SET state = 'held', created_at = now() - interval '15 days' WHERE id = '{notice}'")
    wait_for(notice, "none", "address was not verified in time")


def it_logs_in():
    restart(**SMTP)
    notice = mail.notices(S, 1, "example.org")[0]
    wait_for(notice, "sent")
    line = M.lines("taken")[-1]
    assert line["login"] and line["tls"] and line["message_id"] == mail.message_id(notice), line


def a_wrong_password_loses_no_letter():
    restart(**{**SMTP, "NOTIFIER_SMTP_PASSWORD": "yanlis"})
    notice = mail.notices(S, 1, "example.org")[0]
    found = wait_for(notice, "pending", "connecting: ")
    assert "yanlis" not in found[1] and "yanlis" not in S.tail("notifier", 100000), found
    restart(**SMTP)
    S.sql("UPDATE notifier.notice SET next_at = now() WHERE state = 'pending'")
    wait_for(notice, "sent")


def a_server_that_wants_a_login_fails_no_letter():
    restart(**{**SMTP, "NOTIFIER_SMTP_USER": "", "NOTIFIER_SMTP_PASSWORD": ""})
    notice = mail.notices(S, 1, "example.org")[0]
    wait_for(notice, "pending", "MAIL: 530")


def a_domain_gets_so_many_letters_a_minute():
    restart(**{**SMTP, "NOTIFIER_DOMAIN_MINUTE": "5"})
    ids, others = mail.notices(S, 12, "minute.example"), mail.notices(S, 5, "other.example")
    for notice in others:
        wait_for(notice, "sent")
    kopru.wait_until(lambda: [state(n)[0] for n in ids].count("sent") == 5
                     and any("all letters of the minute" in state(n)[1] for n in ids), 20, "five are sent, others wait",
                     lambda: str([state(n) for n in ids]) + S.tail("notifier"))


def what_makes_no_sense_is_said_at_start():
    for settings, reason in (
            ({"NOTIFIER_PROVIDER": "pigeon"}, "allowed are file and smtp"),
            ({"NOTIFIER_OUTBOX": ""}, "provider file needs it"),
            ({"NOTIFIER_PROVIDER": "smtp"}, "NOTIFIER_SMTP is not set"),
            ({**SMTP, "NOTIFIER_SMTP": "mail.example.org"}, "allowed are smtp://host:port"),
            ({**SMTP, "NOTIFIER_SMTP_TLS": "off"}, "a password goes out by TLS only"),
            ({**SMTP, "NOTIFIER_SMTP_PASSWORD": ""}, "belong together"),
            ({**SMTP, "NOTIFIER_SMTP_SENDER": "x"}, "allowed are an address, or nothing"),
            ({"NOTIFIER_QUIET": "22"}, "22-08"),
            ({"NOTIFIER_TEMPLATES": FOLDER}, "confirm.txt")):
        S.settings = {"notifier": settings}
        done = subprocess.run([os.path.join(kopru.BUILD, "kopru-notifier")], env=S.environment("notifier"), capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == 1 and reason in done.stderr and "dogru parola" not in done.stderr, (settings, done.stderr)


def templates_can_be_checked():
    def check(folder):
        return subprocess.run([os.path.join(kopru.BUILD, "kopru-notifier"), "--check-templates", folder], capture_output=True,
                              text=True, timeout=60)
    source = os.path.join(kopru.TOP, "services/notifier/templates")
    assert check(source).returncode == 0 and "46 templates, 0 wrong" in check(source).stdout
    copy = os.path.join(FOLDER, "templates")
    kopru.shutil.copytree(source, copy)
    os.unlink(os.path.join(copy, "en", "closed.txt"))
    with open(os.path.join(copy, "tr", "confirm.txt"), "a", encoding="utf-8") as file:
        file.write("{{text}}\n")
    done = check(copy)
    assert done.returncode == 1 and "46 templates, 2 wrong" in done.stdout, done.stdout
    assert "en/closed.txt" in done.stdout and '"{{text}}" is not known here; allowed are number, received_on' in done.stdout, done.stdout


for test in (quiet_hours_are_kept_at_the_moment_of_sending, an_address_gets_so_many_letters_a_day,
             a_stranger_gets_few_neutral_messages, an_unproven_address_is_seen_at_the_moment_of_sending,
             whoever_opts_out_gets_nothing_more, what_nobody_confirms_ends, it_logs_in, a_wrong_password_loses_no_letter,
             a_server_that_wants_a_login_fails_no_letter, a_domain_gets_so_many_letters_a_minute,
             what_makes_no_sense_is_said_at_start, templates_can_be_checked):
    TAP.run(test.__name__, test)
S.close()
M.close()
kopru.shutil.rmtree(FOLDER, ignore_errors=True)
TAP.end()
