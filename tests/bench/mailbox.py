#!/usr/bin/env python3
"""bench: how fast mails are taken from a local IMAP server (Debian's Dovecot, TLS on loopback) and become applications.

    COUNT=50000 tests/run --exec "/usr/bin/python3 tests/bench/mailbox.py"

The mails lie in the mailbox before intake starts: every tenth is HTML only, every twentieth has a photo, and every fiftieth is
an automatic answer, which is stored and left alone. Told is when all are stored, and when all are applications. Writes
build/mailbox.json; ends with 1 when one is missing or doubled, or when it takes more than 10 minutes for 50,000."""

import base64
import json
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import dovecot  # noqa: E402
import system as kopru  # noqa: E402

COUNT = int(os.environ.get("COUNT", "50000"))
LIMIT = 50000 / 600  # mails a second
PNG = base64.encodebytes(base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")).decode()
TEXT = "Sokağımızda üç gündür çöp toplanmadı, konteyner taşıyor. Başvuru {}. " + "Uzunca bir açıklama, birkaç satır sürer.\n" * 20


def mail(i):
    """As bytes, in windows-1254."""
    head = (f"Return-Path: <kisi{i}@example.org>\r\nReceived: from posta.example.org by posta.karatay.example; {i}\r\n"
            f"From: Deneme Şahıs <kisi{i}@example.org>\r\nTo: basvuru@karatay.example\r\nSubject: Çöp {i}\r\n"
            f"Message-ID: <bench-{i}@example.org>\r\nDate: Mon, 12 Jan 2026 10:00:00 +0300\r\nMIME-Version: 1.0\r\n")
    if i % 50 == 0:
        head += "Auto-Submitted: auto-replied\r\n"
    text = TEXT.format(i)
    kind, body = ("html", f"<p>{text.replace(chr(10), '<br>')}</p>") if i % 10 == 1 else ("plain", text)
    part = f"Content-Type: text/{kind}; charset=windows-1254\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}".replace("\n", "\r\n")
    part = part.replace("\r\r", "\r")
    if i % 20 == 3:
        part = ("Content-Type: multipart/mixed; boundary=sinir\r\n\r\n--sinir\r\n" + part +
                "\r\n--sinir\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
                "Content-Disposition: attachment; filename=foto.png\r\n\r\n" + PNG + "\r\n--sinir--\r\n")
    return (head + part).encode("cp1254")


def main():
    reason = dovecot.why_not()
    if reason:
        sys.exit(f"mailbox: {reason}")
    folder = kopru.tempfile.mkdtemp(prefix="kopru-mailbox.", dir="/tmp")
    os.chmod(folder, 0o755)
    server = dovecot.Dovecot(os.path.join(folder, "dovecot"), ["basvuru"])
    channels = os.path.join(folder, "channels.json")
    with open(channels, "w", encoding="utf-8") as file:
        json.dump({"mailboxes": [server.mailbox("basvuru")]}, file)
    system = kopru.System(settings={"intake": {"INTAKE_CHANNELS_FILE": channels}})
    result = {"mails": COUNT, "bytes": 0}
    try:
        for i in range(COUNT):
            raw = mail(i)
            result["bytes"] += len(raw)
            server.deliver("basvuru", raw)
        wanted = COUNT - (COUNT + 49) // 50
        begun = time.monotonic()
        system.start("intake", "router")
        for name, query, count in (("stored", "SELECT count(*) FROM intake.inbound", COUNT),
                                   ("digested", "SELECT count(*) FROM intake.inbound WHERE state <> 'stored'", COUNT),
                                   ("applications", "SELECT count(*) FROM intake.application", wanted)):
            kopru.wait_until(lambda q=query, c=count: int(system.value(q)) >= c, 1200, f"all are {name}",
                             lambda: system.tail("intake"))
            seconds = time.monotonic() - begun
            result[name] = {"seconds": round(seconds, 1), "a_second": round(count / seconds)}
        result["rss_mib"] = round(system.processes["intake"].rss_kib() / 1024, 1)
        result["attachments"] = int(system.value("SELECT count(*) FROM intake.attachment WHERE application_id IS NOT NULL"))
        found = system.value("SELECT count(*) || ' ' || count(DISTINCT applicant_email) || ' ' || count(DISTINCT external_id)"
                             " FROM intake.application")
        right = found == f"{wanted} {wanted} {wanted}" and system.value("SELECT count(*) FROM intake.inbound") == str(COUNT)
        result["once_each"] = right
    finally:
        system.close()
        server.close()
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("stored", "digested", "applications"):
        print(f"{name:<14} {result[name]['seconds']:8.1f} s  {result[name]['a_second']:6d} a second")
    print(f"memory of intake {result['rss_mib']} MiB, attachments {result['attachments']}, each once: {result['once_each']}")
    with open(os.path.join(kopru.BUILD, "mailbox.json"), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    return 0 if right and result["applications"]["a_second"] >= LIMIT and result["rss_mib"] <= 128 else 1


if __name__ == "__main__":
    sys.exit(main())
