#!/usr/bin/python3
"""bench: rows a second of `kopru import`, through intake's unix socket: new ones, the same again, old cases with their answers;
and the memory of a file of a gigabyte. Prints a table and writes build/import.json.

    tests/bench/run import            ROWS=200000 ANSWERED=20000 GIGABYTE=1 ROUTER=1 are the defaults
"""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import system as kopru  # noqa: E402

ROWS = int(os.environ.get("ROWS", "200000"))
ANSWERED = int(os.environ.get("ANSWERED", "20000"))
GIGABYTE = os.environ.get("GIGABYTE", "1") == "1"
TEXT = "Sokağımızda üç gündür çöp toplanmadı, konteyner taşıyor; çocuklar oynayamıyor. Işık Sokak'ta koku dayanılmaz oldu."
S = kopru.System()
FIGURES = {}


def write(name, rows, text, old=False):
    path = S.path(name)
    with open(path, "w", encoding="windows-1254") as file:
        file.write("Başvuru No;Tarih;Tür;Konu;Metin;Ad Soyad;T.C.;Telefon;E-posta;Gizlilik"
                   + (";Cevap;Cevap Tarihi" if old else "") + "\r\n")
        for i in range(rows):
            file.write(f'{i:010d};03.02.2025 10:15;Şikâyet;Çöp;"{text}\r\nKayıt {i}";Deneme Şahıs;11111111110;05000000000;'
                       f"deneme@example.org;{'Gizli' if i % 7 == 0 else 'Hayır'}"
                       + (f";Konteyner boşaltıldı ({i}).;05.02.2025" if old else "") + "\r\n")
    return path


def run(name, rows, *arguments):
    """One run, with its rate and its highest memory."""
    environment = {**os.environ, "KOPRU_DATABASE": kopru.conninfo_with(S.admin, dbname=S.database),
                   "KOPRU_URL": "unix:" + S.path("intake.sock"), "KOPRU_KEY": KEY}
    before = time.monotonic()
    process = subprocess.Popen([os.path.join(kopru.BUILD, "kopru"), "import", *arguments, "--json"], env=environment, cwd=kopru.TOP,
                               stdout=subprocess.PIPE, text=True)
    answer = json.loads(process.stdout.read())
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - before
    if answer["refused"]:
        sys.stdout.write(open(answer["errors"], encoding="utf-8").read(2000))
    assert status == 0 and answer["rows"] == rows and answer["refused"] == 0, answer
    FIGURES[name] = {"rows": rows, "seconds": round(seconds, 1), "rows_per_s": round(rows / seconds),
                     "rss_mib": round(usage.ru_maxrss / 1024, 1), "intake_rss_mib": round(S.processes["intake"].rss_kib() / 1024, 1)}
    print(f"{name:28} {rows:9} rows {seconds:7.1f} s {rows / seconds:8.0f} rows/s, kopru {FIGURES[name]['rss_mib']} MiB, "
          f"intake {FIGURES[name]['intake_rss_mib']} MiB", flush=True)
    return answer


try:
    S.start("intake")
    KEY = S.api_key("import", "applications,cases", "--role", "clerk")
    path = write("new.csv", ROWS, TEXT)
    assert run("cimer_new", ROWS, "cimer", path)["new"] == ROWS
    assert run("cimer_repeated", ROWS, "cimer", path)["repeated"] == ROWS
    assert int(S.value("SELECT count(*) FROM intake.application")) == ROWS
    if GIGABYTE:
        big = 1024 * 1024 * 1024 // 5000
        path = write("big.csv", big, (TEXT + " ") * 42)
        FIGURES["gigabyte_bytes"] = os.stat(path).st_size
        run("gigabyte_dry_run", big, "cimer", path, "--dry-run")
        os.unlink(path)
    if ANSWERED:
        S.start("router")
        kopru.wait_until(lambda: int(S.value("SELECT count(*) FROM router.case")) == ROWS, 600, "all are routed")
        path = write("old.csv", ANSWERED, TEXT, old=True)
        mapping = os.path.join(kopru.TOP, "deploy/data/mappings/old.json")
        assert run("old_answered_new", ANSWERED, "old", path, "--mapping", mapping, "--source", "eski")["answered"] == ANSWERED
        assert run("old_answered_repeated", ANSWERED, "old", path, "--mapping", mapping, "--source", "eski")["answered"] == ANSWERED
    FIGURES["rows_per_s"] = FIGURES["cimer_new"]["rows_per_s"]
    with open(os.path.join(kopru.BUILD, "import.json"), "w", encoding="utf-8") as file:
        json.dump(FIGURES, file, indent=2)
finally:
    S.close()
