#!/usr/bin/env python3
"""flow: files of CİMER and of old systems come in by `kopru import`, each row once whatever dies on the way, and answers go back
by `kopru cimer`. limit: 180 s"""

import contextlib
import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import front  # noqa: E402
import system as kopru  # noqa: E402

S = kopru.System()
TAP = kopru.Tap()
KEYS = {}
HEAD = ["Başvuru No", "Tarih", "Tür", "Konu", "Metin", "Ad Soyad", "T.C.", "Telefon", "E-posta", "Adres", "Gizlilik",
        "Son Cevap Tarihi", "Sevk Eden", "Ekler"]
OLD_HEAD = ["Talep No", "Başvuru Tarihi", "İçerik", "Başvuru Sahibi", "Cevap Metni", "Cevap Tarihi"]
SECRET = "GİZLİKİŞİ"


def environment(key="entry", url=None):
    return {**os.environ, "KOPRU_DATABASE": kopru.conninfo_with(S.admin, dbname=S.database),
            "KOPRU_URL": url or "unix:" + S.path("intake.sock"), "KOPRU_KEY": KEYS[key]}


def command(*arguments, code=0, key="entry", url=None):
    """(what it prints, what it says on standard error)"""
    done = subprocess.run([os.path.join(kopru.BUILD, "kopru"), *arguments], env=environment(key, url), cwd=kopru.TOP,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


def row(number, **more):
    cells = {"Başvuru No": number, "Tarih": "24.11.2025 09:30", "Tür": "Şikâyet", "Konu": "Çöp",
             "Metin": f"Sokağımızda çöp toplanmadı; konteyner taşıyor.\nKayıt {number}", "Ad Soyad": "Deneme Şahıs",
             "T.C.": "11111111110", "Telefon": "0500 000 00 00", "E-posta": "deneme@example.org",
             "Adres": "Fetih Mah. Işık Sk. 1", "Gizlilik": "Hayır", "Son Cevap Tarihi": "24.12.2025",
             "Sevk Eden": "Konya Valiliği", "Ekler": ""}
    return [{**cells, **more}[name] for name in HEAD]


def save(name, rows, head=None, encoding="utf-8", separator=";"):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerows([head or HEAD, *rows])
    with open(S.path(name), "wb") as file:
        file.write(text.getvalue().encode(encoding))
    return S.path(name)


def numbers(first, count):
    return [f"{first + i:010d}" for i in range(count)]


def stored(source="cimer"):
    return int(S.value(f"SELECT count(*) FROM intake.application WHERE key_scope = '{source}'"))


def counts(*arguments, code=0, key="entry", url=None):
    out, err = command(*arguments, "--json", code=code, key=key, url=url)
    return json.loads(out)


def adapted(name, change, of="cimer"):
    """A mapping after one of ours, or after a file."""
    path = of if os.path.isabs(of) else os.path.join(kopru.TOP, f"deploy/data/mappings/{of}.json")
    with open(path, encoding="utf-8") as file:
        mapping = json.load(file)
    change(mapping)
    with open(S.path(name), "w", encoding="utf-8") as file:
        json.dump(mapping, file)
    return S.path(name)


def refused(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def starts():
    S.start()
    KEYS["entry"] = S.api_key("entry", "applications,cases", "--role", "clerk")
    KEYS["second"] = S.api_key("second", "applications,cases", "--role", "clerk")
    KEYS["half"] = S.api_key("half", "applications")
    KEYS["poor"] = S.api_key("poor", "reports")


def every_encoding_and_separator():
    first = 2500000000
    for encoding in ("utf-8", "utf-8-sig", "windows-1254"):
        for separator in (";", ",", "\t"):
            path = save("file.csv", [row(n) for n in numbers(first, 5)], encoding=encoding, separator=separator)
            assert counts("import", "cimer", path)["new"] == 5, (encoding, separator)
            assert counts("import", "cimer", path)["repeated"] == 5, (encoding, separator)
            first += 5
    assert S.rows("SELECT DISTINCT channel, external_id = substr(key, 7), kind, subject, applicant_name, applicant_phone, address "
                  "IS NULL, applicant_address, prefers, received_at AT TIME ZONE 'UTC' FROM intake.application") == [
        "7|t|2|Çöp|Deneme Şahıs|+905000000000|t|Fetih Mah. Işık Sk. 1|5|2025-11-24 06:30:00"]
    assert counts("import", "cimer", path, key="second")["repeated"] == 5
    assert not os.path.exists(path + ".errors.csv")
    assert stored() == 45
    assert S.value("SELECT count(*) FROM intake.application a JOIN intake.inbound i ON i.id = a.inbound_id WHERE i.source = 'cimer' "
                   "AND a.sender_institution = 'Konya Valiliği' AND a.reply_by = '2025-12-24'") == "45"
    verdicts = S.rows("SELECT state, verdict FROM intake.inbound WHERE source = 'cimer'")
    assert verdicts == ["done|imported: 5 rows, 0 new, 5 there already, 0 refused"] * 9, verdicts


def says_what_is_wrong():
    rows = [row("2600000001"), row("26000000", Metin="=1+1"), row("2600000003", Tarih="45000"), row("2600000004", Tür="Fıkra"),
            row("2600000005", Gizlilik="belki"), row("2600000006", **{"T.C.": "11111111111", "Telefon": "5"}),
            row("2600000007", **{"Tarih": "24.11.2099", "Son Cevap Tarihi": ""}), row("2600000001"), row("2600000001", Metin="=Başka"), row("2600000010")]
    path = save("wrong.csv", rows)
    errors = S.path("refused.csv")
    assert counts("import", "cimer", path, "--dry-run", "--errors", errors, code=1)["valid"] == 4
    assert stored() == 45
    answer = counts("import", "cimer", path, "--errors", errors, code=1)
    assert (answer["rows"], answer["new"], answer["repeated"], answer["refused"]) == (10, 2, 1, 7), answer
    found = [(r["row"], r["number"], r["column"]) for r in refused(errors)]
    assert sorted(found, key=lambda f: int(f[0])) == [
        ("2", "", "Başvuru No"), ("3", "2600000003", "Tarih"), ("4", "2600000004", "Tür"), ("5", "2600000005", "Gizlilik"),
        ("6", "2600000006", "T.C."), ("6", "2600000006", "Telefon"), ("7", "2600000007", "Tarih"), ("9", "2600000001", "")], found
    assert "serial number" in [r["reason"] for r in refused(errors) if r["row"] == "3"][0]
    assert "other content" in [r["reason"] for r in refused(errors) if r["row"] == "9"][0]
    out, _ = command("import", "cimer", path, "--preview", "3")
    assert "UTF-8" in out and "Başvuru No" in out and "Deneme" not in out and "11111111110" not in out, out


def endpoint_refuses():
    item = {"key": "a", "application": {"kind": "request", "text": "x"}}
    def status(body, key="entry"):
        headers = {"Authorization": "Bearer " + KEYS[key]} if key else {}
        return S.request("intake", "POST", "/api/v1/imports", body, headers)[0]
    good = {"source": "import/deneme", "dry_run": True, "applications": [item]}
    assert (status(good), status(good, None), status(good, "poor")) == (200, 401, 403)
    for wrong in ({"source": "whatsapp"}, {"applications": []}, {"applications": [item] * 101}, {"applications": [{"key": "a"}]},
                  {"applications": [{**item, "key": "a b"}]}, {"inbound_id": -1}, {"dry_run": 1}, {"more": 1}):
        assert status({**good, **wrong}) == 422, wrong
    _, _, answer = S.request("intake", "POST", "/api/v1/imports", {**good, "dry_run": False, "inbound_id": 999999999},
                             {"Authorization": "Bearer " + KEYS["entry"]})
    assert answer["results"][0]["status"] == 500, answer
    assert stored("import/deneme") == 0


def cases_may_be_older_than_we_are():
    def sent(time):
        application = {"kind": "request", "text": "Yol yapılsın.", "received_at": time}
        _, _, answer = S.request("intake", "POST", "/api/v1/imports", {
            "source": "import/arsiv", "applications": [{"key": time, "application": application}]},
            {"Authorization": "Bearer " + KEYS["entry"]})
        return answer["results"][0]
    old = sent("2012-03-01T10:00:00+02:00")
    assert old["status"] == 201 and S.value(f"SELECT number LIKE 'HM-2012-%' FROM intake.application WHERE key_scope = 'import/arsiv'") == "t", old
    assert sent("1999-12-31T10:00:00+02:00")["status"] == 422


def comes_through_the_web_server():
    nginx = front.Front(S)
    nginx.start()
    long = [row(n, Metin="Çöp toplanmadı. " * 600) for n in numbers(2640000000, 300)]
    answer = counts("import", "cimer", save("long.csv", long), url=f"http://127.0.0.1:{nginx.port}")
    assert answer["new"] == 300, answer


def columns_are_checked():
    def refused_files():
        return int(S.value("SELECT count(*) FROM intake.inbound WHERE source = 'cimer' AND state = 'refused'"))
    files_before = refused_files()
    short = [name for name in HEAD if name != "Metin"]
    for head, said in ((short, "no column for text: expected \"Metin\""), (HEAD[:5] + ["tarih"] + HEAD[6:], "twice"),
                       (HEAD[:5] + ["Başvuru Tarihi"] + HEAD[6:], "two columns stand for received_at")):
        path = save("columns.csv", [["x"] * len(head)], head=head)
        _, err = command("import", "cimer", path, code=1)
        assert said in err, err
    path = save("open.csv", [[c for c, n in zip(row("2600000020"), HEAD) if n != "Gizlilik"]],
                head=[n for n in HEAD if n != "Gizlilik"])
    for more in (("--preview", "1"), ("--dry-run",), ()):
        _, err = command("import", "cimer", path, *more, code=1)
        assert 'no column for hidden: expected "Gizlilik", "Gizlilik Durumu"' in err and '"hidden": false' in err, err
    other = save("other.csv", [row("2600000021", Gizlilik="Gizli"), row("2600000022", Gizlilik="")],
                 head=["Gizlilik Durumu" if n == "Gizlilik" else n for n in HEAD])
    assert counts("import", "cimer", other, code=1)["refused"] == 1
    assert [r["column"] for r in refused(other + ".errors.csv")] == ["Gizlilik Durumu"]
    assert S.rows("SELECT external_id, hide_identity FROM intake.application WHERE external_id IN ('2600000020', '2600000021', "
                  "'2600000022')") == ["2600000021|t"]
    knowing = adapted("open.json", lambda m: m.update({"hidden": False, "visible": m["visible"] + [""]}))
    _, err = command("import", "cimer", path, "--mapping", knowing)
    assert "warning: no column says who wants to be hidden" in err, err
    assert counts("import", "cimer", other, "--mapping", adapted("visible.json", lambda m: m["visible"].append("")))["new"] == 1
    for data, said in ((b"PK\x03\x04....", "XLSX"), ("ş;ı".encode("utf-16"), "UTF-16"), (b"", "empty")):
        with open(S.path("no.csv"), "wb") as file:
            file.write(data)
        _, err = command("import", "cimer", S.path("no.csv"), code=1)
        assert said in err, err
    before = stored()
    for key, said in (("poor", "403"), ("half", "the rights applications and cases")):
        _, err = command("import", "cimer", save("rights.csv", [row("2600000030")]), key=key, code=1)
        assert said in err, err
    assert stored() == before
    assert counts("import", "cimer", save("rights.csv", [["2600000031", "1.2.2025", "istek", "x", "Hayır"]], head=["Başvuru No",
                  "Tarih", "Tür", "Metin", "Gizlilik"]), key="half")["new"] == 1
    assert refused_files() >= files_before + 4, refused_files()  # and each of them left its row


def encodings_do_not_mix():
    text = [row(n) for n in numbers(2610000000, 8)]
    path = save("mixed.csv", text, encoding="windows-1254")
    with open(path, "ab") as file:
        file.write((";".join(f'"{c}"' for c in row("2610000008")) + "\r\n").encode("utf-8"))
        file.write(b"2610000009;24.11.2025;\x81;;x;;;;;;;;;\r\n")
    answer = counts("import", "cimer", path, code=1)
    assert (answer["new"], answer["refused"]) == (8, 2), answer
    reasons = [r["reason"] for r in refused(path + ".errors.csv")]
    assert "its letters are UTF-8" in reasons[0] and "no characters" in reasons[1], reasons
    with open(S.path("open.csv"), "wb") as file:
        file.write((";".join(HEAD) + "\r\n" + ";".join(row("2610000010", Metin="x")) + "\r\n\"nie zu").encode())
    answer = counts("import", "cimer", S.path("open.csv"), code=1)
    assert answer["new"] == 1 and "broken off" in S.value(
        "SELECT verdict FROM intake.inbound ORDER BY id DESC LIMIT 1"), answer


def hidden_stays_hidden():
    S.department("TEM")
    path = save("hidden.csv", [row("2620000000", **{"Ad Soyad": SECRET, "Gizlilik": "Gizli", "Ekler": f"{SECRET}.pdf;b.jpg"}),
                               row("2620000001", **{"Ad Soyad": "Açık Şahıs", "Gizlilik": "Gizli değil"})])
    assert counts("import", "cimer", path)["new"] == 2
    kopru.wait_until(lambda: len([line for line in S.lines("TEM") if "Açık Şahıs" in json.dumps(line, ensure_ascii=False)]) > 0,
                     30, "the department has them", lambda: S.tail("router"))
    with open(S.path("departments", "TEM.jsonl"), encoding="utf-8") as file:
        assert SECRET not in file.read()
    S.processes["department-TEM"].stop()
    kopru.wait_until(lambda: int(S.value("SELECT count(*) FROM feed.event WHERE stream = 'case' AND kind = 'note.added'")) == 1, 20, "the note is in")
    for key in ("entry", "second"):
        answer = counts("import", "cimer", path, key=key)
        assert (answer["repeated"], answer["refused"]) == (2, 0), answer
    S.wait_quiet()
    assert S.value("SELECT count(*) FROM feed.event WHERE stream = 'case' AND kind = 'note.added'") == "1"
    S.sql("UPDATE router.command SET code = 4 WHERE action = (SELECT action FROM router.command AS c JOIN feed.event AS e "
              "ON e.seq = c.seq AND e.stream = 'case' AND e.kind = 'note.added')")
    assert counts("import", "cimer", path, key="second", code=1)["refused"] == 1  # what was not done is not taken for done
    S.sql("UPDATE router.command SET code = 1 WHERE code = 4")


def killed(count, arguments, total, source, victim, keys=("entry",)):
    """Kills the importer, and a service, again and again until a run ends by itself; each run with the next key, the ones before
    revoked."""
    S.supervise()
    runs, ended, first = 0, False, stored(source)
    while not ended:
        key = keys[min(runs, len(keys) - 1)]
        runs += 1
        process = subprocess.Popen([os.path.join(kopru.BUILD, "kopru"), *arguments], env=environment(key), cwd=kopru.TOP,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        before = stored(source)
        if runs <= count:
            kopru.wait_until(lambda: stored(source) > before or process.poll() is not None, 30, "it goes on")
            S.processes[victim].kill()
            time.sleep(0.1)
            process.kill()
            if keys[-1] != key:
                command("key", "revoke", S.value(f"SELECT id FROM auth.api_key WHERE name = '{key}'"))
        out, err = process.communicate(timeout=90)
        ended = process.returncode == 0
        assert process.returncode in (0, -signal.SIGKILL), (out, err)
    assert runs > 1, runs
    S.supervising = False
    assert stored(source) == first + total, stored(source)
    assert json.loads(out)["new"] + json.loads(out)["repeated"] == total, out
    return json.loads(out)


def survives_kills():
    total = 20000
    path = save("many.csv", [row(n) for n in numbers(2700000000, total)], encoding="windows-1254")
    def change(m):
        m["channel"] = "desk"
        del m["columns"]["sender_institution"]
    mapping = adapted("kills.json", change)
    err = command("import", "cimer", path, "--mapping", mapping, code=1)[1]
    assert "the mapping's channel is \"desk\"" in err, err
    command("import", "mapping", path, "--mapping", "deploy/data/mappings/cimer.json", "--out", S.path("proposed.json"))
    with open(S.path("proposed.json"), encoding="utf-8") as file:
        assert json.load(file)["channel"] == "cimer"
    answer = killed(3, ["import", "old", path, "--mapping", mapping, "--source", "kills", "--json"], total, "import/kills", "intake")
    assert answer["refused"] == 0, answer
    assert S.value("SELECT count(DISTINCT key) FROM intake.application WHERE key_scope = 'import/kills'") == str(total)
    assert S.value("SELECT count(*) FROM feed.event WHERE stream = 'intake'") == S.value("SELECT count(*) FROM intake.application")


def notes_survive_kills_and_keys():
    """CİMER's own channel, each third row with attachments, begun with a key that is revoked."""
    for name in ("first", "next"):
        KEYS[name] = S.api_key(name, "applications,cases", "--role", "clerk")
    sent = numbers(2750000000, 3000)
    path = save("noted.csv", [row(n, Ekler="a.pdf;b.jpg" if i % 3 == 0 else "") for i, n in enumerate(sent)])
    answer = killed(2, ["import", "cimer", path, "--json"], len(sent), "cimer", "router", ("first", "next"))
    assert answer["refused"] == 0, answer
    assert answer["new"] < len(sent), answer
    assert S.rows("SELECT external_id FROM intake.application WHERE key_scope = 'cimer' AND external_id BETWEEN '2750000000' "
                  "AND '2750002999' ORDER BY 1") == sent
    S.wait_quiet(60)
    assert S.rows("SELECT a.external_id, count(*) FROM feed.event AS e JOIN intake.application AS a ON a.id = e.application_id WHERE "
                  "e.stream = 'case' AND e.kind = 'note.added' AND a.external_id BETWEEN '2750000000' AND '2750002999' GROUP BY 1 "
                  "ORDER BY 1") == [f"{n}|1" for n in sent[::3]]


def shows_how_far_it_is():
    reader, writer = pty.openpty()
    process = subprocess.Popen([os.path.join(kopru.BUILD, "kopru"), "import", "old", S.path("many.csv"), "--mapping",
                                S.path("kills.json"), "--source", "kills"], env=environment(), cwd=kopru.TOP,
                               stdout=subprocess.PIPE, stderr=writer, text=True)
    os.close(writer)
    shown = b""
    with contextlib.suppress(OSError):  # how the other end of a terminal ends
        while piece := os.read(reader, 4096):
            shown += piece
    out, shown = process.communicate(timeout=90)[0], shown.decode()
    os.close(reader)
    assert process.returncode == 0 and "20000 there already" in out, out
    assert re.search(r"\r\[#+ *\] +[0-9]+ %  [0-9]+ rows  [0-9]+/s  00:0[0-9] left", shown), shown


def old_cases_are_closed():
    total = 3000
    mapping = S.path("old.json")
    rows = [[f"2021/{i}", "03.02.2021 10:00", f"Çöp alınmadı, kayıt {i}.", "Deneme Şahıs", "" if i % 10 == 0 else f"Alındı ({i}).",
             "" if i % 10 == 0 else "05.02.2021"] for i in range(total)]
    path = save("old.csv", rows, head=OLD_HEAD, separator=",")
    _, err = command("import", "mapping", path, "--out", mapping)
    assert "no column says who wants to be hidden" in err, err
    command("import", "old", path, "--mapping", mapping, "--source", "eski", code=1)
    adapted("old.json", lambda m: m.update({"hidden": False}), mapping)
    answer = killed(2, ["import", "old", path, "--mapping", mapping, "--source", "eski", "--json"], total, "import/eski", "router")
    assert answer["answered"] == total * 9 // 10, answer
    S.wait_quiet(60)
    states = S.rows("SELECT c.state, count(*) FROM router.case c JOIN intake.application a ON a.id = c.application_id "
                    "WHERE a.key_scope = 'import/eski' GROUP BY 1 ORDER BY 2")
    assert [line.split("|")[1] for line in states] == [str(total // 10), str(total * 9 // 10)], states
    once = S.rows("SELECT e.kind, count(*), count(DISTINCT application_id) FROM feed.event e JOIN intake.application a "
                  "ON a.id = e.application_id WHERE stream = 'case' AND a.key_scope = 'import/eski' "
                  "AND e.kind IN ('case.answered', 'case.closed') GROUP BY 1")
    assert sorted(once) == [f"case.answered|{total * 9 // 10}|{total * 9 // 10}",
                            f"case.closed|{total * 9 // 10}|{total * 9 // 10}"], once
    assert os.listdir(S.path("outbox")) == []
    assert S.value("SELECT count(*) FROM feed.event e JOIN intake.application a ON a.id = e.application_id WHERE a.key_scope = "
                   "'import/eski' AND e.stream LIKE 'department/%' AND e.stream <> 'department/HM'") == str(total // 10)


def clerks_and_files_meet():
    def enter(text, key):
        return S.request("intake", "POST", "/api/v1/applications", {
            "channel": "cimer", "external_id": "2690000000", "kind": "request", "text": text, "received_at": "2025-11-24T09:30:00+03:00"},
            {"Authorization": "Bearer " + KEYS[key], "Idempotency-Key": text[:3]})
    status, _, first = enter("Yol bozuk.", "entry")
    assert status == 201, first
    status, _, answer = enter("Bozuk yol.", "second")
    assert (status, answer["number"]) == (409, first["number"]) and "CİMER" in answer["detail"], answer
    path = save("typed.csv", [row("2690000000")])
    assert counts("import", "cimer", path, code=1)["refused"] == 1
    assert "as " + first["number"] + ": entered by hand" in refused(path + ".errors.csv")[0]["reason"]
    assert S.value("SELECT count(*) FROM intake.application WHERE external_id = '2690000000'") == "1"


def changed_rows_are_told():
    head = ["No", "Tarih", "Metin", "Gizlilik", "Cevap", "Kapandı"]
    def run(answer, closed, code=0):
        path = save("changed.csv", [["7", "24.11.2020", "Yol bozuk.", "Hayır", answer, closed]], head=head)
        got = counts("import", "old", path, "--mapping", "deploy/data/mappings/old.json", "--source", "degisen", code=code)
        S.wait_quiet()
        return got, [r["reason"] for r in refused(path + ".errors.csv")] if code else []
    def state():
        return S.rows("SELECT c.department, (SELECT string_agg(h.body, '|' ORDER BY h.version) FROM reporting.history AS h WHERE "
                      "h.application_id = a.id AND h.event = 'case.answered') FROM router.case AS c JOIN intake.application AS a "
                      "ON a.id = c.application_id WHERE a.key_scope = 'import/degisen'")
    assert "neither a day nor a word" in run("", "Herhalde", 1)[1][0] and stored("import/degisen") == 0
    assert run("", "Açık")[0]["new"] == 1
    assert run("Yol yapıldı.\r\nKonya", "Kapatıldı")[0] == {
        "source": "import/degisen", "rows": 1, "new": 0, "repeated": 1, "refused": 0, "answered": 1, "dry_run": False}
    assert S.value("SELECT count(*) FROM feed.event AS e JOIN intake.application AS a ON a.id = e.application_id WHERE "
                   "a.key_scope = 'import/degisen' AND e.stream = 'case' AND e.kind = 'case.closed'") == "1"
    there = state()
    assert run("Yol yapıldı.\nKonya", "Kapatıldı")[0]["refused"] == 0
    assert "answered with another text" in run("Yol yapılmadı.", "Kapatıldı", 1)[1][0]
    assert state() == there, (state(), there)


def errors_never_replace_the_file():
    path = save("precious.csv", [row("26000000")])
    os.link(path, S.path("link.csv"))
    with open(path, "rb") as file:
        content = file.read()
    for errors in (path, S.path("link.csv")):
        _, err = command("import", "cimer", path, "--errors", errors, code=2)
        assert "another file" in err, err
    with open(path, "rb") as file:
        assert file.read() == content
    counts("import", "cimer", path, "--errors", S.path("told.csv"), code=1)
    assert len(refused(S.path("told.csv"))) == 1
    assert [name for name in os.listdir(S.path("")) if name.startswith("told.csv")] == ["told.csv"]
    path = save("hidden_preview.csv", [row("2600000900", Gizlilik="Gizli", Konu=SECRET, Metin=f"Ben {SECRET}."),
                                       row("2600000901", Metin="Yol bozuk.")])
    out, _ = command("import", "cimer", path, "--preview", "2")
    assert SECRET not in out and f"({len(SECRET) + 5} characters)" in out and "Yol bozuk." in out, out


def answers_go_back():
    number = S.value("SELECT number FROM intake.application WHERE external_id = '2620000001'")
    out = S.path("answers.csv")
    assert counts("cimer", "answers", "--out", out)["answers"] == 0
    def done(action, **more):
        version = int(S.value(f"SELECT version FROM router.case WHERE number = '{number}'"))
        status, _, answer = S.request("intake", "POST", "/api/v1/commands", {"number": number, "action": action,
                                      "expected_version": version, **more}, {"Authorization": "Bearer " + KEYS["entry"]})
        assert status == 200, answer
        S.wait_quiet()
    done("assign", department="HM")
    done("answer", text="=Konteyner boşaltıldı; her akşam alınacak.")
    assert counts("cimer", "answers", "--out", out)["answers"] == 1
    with open(out, encoding="utf-8-sig", newline="") as file:
        answer = list(csv.DictReader(file, delimiter=";"))[0]
    assert (answer["cimer_number"], answer["number"]) == ("2620000001", number), answer
    assert answer["answer"] == "'=Konteyner boşaltıldı; her akşam alınacak.", answer
    text, _ = command("cimer", "answer", "2620000001")
    assert "CİMER başvuru no: 2620000001" in text and number in text and "her akşam" in text, text
    assert counts("cimer", "handed-in", "--file", out) == {"marked": 1, "before": 0}
    assert counts("cimer", "handed-in", "2620000001") == {"marked": 0, "before": 1}
    assert counts("cimer", "answers", "--out", out)["answers"] == 0
    done("reopen", reason="Yeniden istendi.")
    assert counts("cimer", "answers", "--out", out)["answers"] == 0
    done("answer", text="İkinci cevap.")
    assert counts("cimer", "answers", "--out", out, "--since", "2020-01-01")["answers"] == 1
    command("cimer", "handed-in", "1234567890", code=1)
    command("cimer", "handed-in", code=2)


def main():
    try:
        for name, function in (
                ("the services start", starts), ("every encoding and separator", every_encoding_and_separator),
                ("each refused row says where and why", says_what_is_wrong), ("wrong columns are refused at once", columns_are_checked),
                ("intake checks what it is sent", endpoint_refuses),
                ("cases may be older than we are", cases_may_be_older_than_we_are),
                ("the web server lets it through", comes_through_the_web_server),
                ("encodings do not mix", encodings_do_not_mix), ("a hidden name reaches no department", hidden_stays_hidden),
                ("importer and intake are killed: each row once", survives_kills),
                ("notes are there once, whatever key goes on", notes_survive_kills_and_keys),
                ("a terminal shows how far it is", shows_how_far_it_is),
                ("old cases are answered and closed, once", old_cases_are_closed), ("clerks and files meet", clerks_and_files_meet),
                ("changed rows are told", changed_rows_are_told),
                ("errors never replace the file", errors_never_replace_the_file), ("answers go back", answers_go_back)):
            TAP.run(name, function)
    finally:
        S.close()
    TAP.end()


main()
