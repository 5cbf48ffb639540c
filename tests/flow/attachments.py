#!/usr/bin/python3
"""flow: files come with applications: uploaded, named, carried to the department in the event, fetched byte by byte; what is
refused says why; a file is used once; intake is killed between file and row; ten of 20 MB at once stay within memory.
limit: 200 s"""
import concurrent.futures
import hashlib
import json
import os
import struct
import subprocess
import sys
import threading
import time
import uuid
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
import system as kopru  # noqa: E402

S = kopru.System()
TAP = kopru.Tap()
KEYS = {}
MIB = 1024 * 1024
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
TEXT = "Parktaki salıncak kırılmış, fotoğrafı ekte."


def png(width, height, seed=0):
    """A true-colour PNG of pixels that do not compress, with a remark."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    pixels = os.urandom(3 * width * height)
    rows = b"".join(b"\0" + pixels[3 * width * y:3 * width * (y + 1)] for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"tEXt", b"Author\0gizli%d" % seed) +
            chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def upload(data, name=None, key=None, language="tr", connection=None):
    headers = {"Accept-Language": language, "Content-Type": "application/octet-stream"}
    if name:
        headers["Attachment-Name"] = name
    if key:
        headers["Authorization"] = "Bearer " + KEYS[key]
    return S.request("intake", "POST", "/api/v1/attachments", data, headers, connection)


def uploaded(data, **more):
    status, _, answer = upload(data, **more)
    assert status == 201, answer
    return answer


def fetch(identifier, key="manager"):
    return S.request("intake", "GET", "/api/v1/attachments/" + identifier,
                     headers={"Authorization": "Bearer " + KEYS[key]} if key else {})


def body(*attachments, **more):
    return {"kind": "complaint", "text": TEXT, "topic": "TEM-01", "applicant": {"name": "Deneme Şahıs"},
            "attachments": [a["id"] if isinstance(a, dict) else a for a in attachments], **more}


def path_of(hexadecimal):
    return S.path("files", hexadecimal[:2], hexadecimal[2:4], hexadecimal)


def starts():
    S.start("intake", "router")
    for name, arguments in {"manager": ("cases", "--role", "manager", "--department", "TEM"),
                            "outside": ("cases", "--role", "manager", "--department", "KOSKI"),
                            "arbiter": ("cases", "--role", "arbiter"),
                            "clerk": ("cases", "--role", "clerk"), "desk": ("applications",),
                            "other": ("applications",)}.items():
        KEYS[name] = S.api_key(name, *arguments)
    S.department("TEM")


def goes_to_the_department():
    image = png(40, 30)
    first = uploaded(image, name="UTF-8''sal%C4%B1ncak%20k%C4%B1r%C4%B1k.png")
    second = uploaded(PDF, name="../../etc/dilek%C3%A7e.pdf")
    assert first["media_type"] == "image/png" and first["name"] == "salıncak kırık.png", first
    assert first["sha256"] != hashlib.sha256(image).hexdigest() and first["quarantine"] is False
    assert second["media_type"] == "application/pdf" and "/" not in second["name"], second
    assert second["sha256"] == hashlib.sha256(PDF).hexdigest() and second["size"] == len(PDF)
    assert fetch(first["id"])[0] == 404, "nobody named it yet"
    status, _, receipt = S.apply(body(first, second))
    assert status == 201, receipt

    def events():
        return [line for line in S.lines("TEM") if line.get("number") == receipt["number"]]
    kopru.wait_until(events, 30, "the department hears of it", lambda: S.tail("router"))
    text = json.dumps(events()[0], ensure_ascii=False)
    for one in (first, second):
        assert one["id"] in text and one["sha256"] in text and one["media_type"] in text, text
        status, headers, data = fetch(one["id"])
        assert status == 200 and hashlib.sha256(data).hexdigest() == one["sha256"], (status, data[:100])
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Content-Type"] == one["media_type"]
        assert headers["Content-Disposition"].startswith("attachment; filename=")
    assert b"gizli" not in fetch(first["id"])[2]
    S.receipt = receipt


def only_who_may():
    one = S.value("SELECT id FROM intake.attachment WHERE media_type = 'image/png' LIMIT 1")
    assert fetch(one, None)[0] == 401 and fetch(one, "desk")[0] == 403
    unknown = fetch(str(uuid.uuid4()))
    assert unknown[0] == 404 and fetch("hello")[2] == unknown[2]
    for applicant, told in (({"name": "Deneme Şahıs", "phone": "+905000000000", "hide_identity": True}, ("clerk",)),
                            ({"anonymous": True}, ("clerk",)), ({"name": "Deneme Şahıs"}, ("clerk", "manager"))):
        file = uploaded(png(20, 20), name="deneme-sahis.png")
        status, _, answer = S.apply(body(file, applicant=applicant))
        assert status == 201, answer
        for key in ("manager", "outside", "arbiter", "clerk"):
            name = fetch(file["id"], key)[1]["Content-Disposition"]
            assert ("deneme-sahis.png" in name) == (key in told) and ("deneme" in name) == (key in told), (applicant, key, name)
            assert key in told or f"ek-{file['id'][:8]}.png" in name, name


def refused():
    for data, status, words in ((b"<html><script>alert(1)</script>", 415, "JPEG PNG"), (b"MZ\x90\0\3\0\0\0", 415, "JPEG"),
                                (png(40, 40)[:-30], 422, ("eksik", "incomplete")), (b"PK\3\4aaaa" * 20, 415, "EYP")):
        for language in ("tr", "en"):
            got, headers, answer = upload(data, language=language)
            wanted = words if isinstance(words, str) else words[language == "en"]
            assert got == status and wanted in answer["detail"], answer
            assert headers["Content-Language"] == language
    for name in ("%zz", "a%0Ab", "%FF%FE", "x" * 300, "%20"):
        got, _, answer = upload(PDF, name=name)
        assert got == 400 and answer["errors"][0]["field"] == "Attachment-Name", (name, answer)
    for language, words in (("tr", "Dosya boş"), ("en", "The file is empty")):
        got, _, answer = upload(b"", language=language)
        assert got == 400 and answer["title"] == words, answer
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + PDF + b"\r\n--x--\r\n"
    got, _, answer = S.request("intake", "POST", "/api/v1/attachments", form, {"Content-Type": "multipart/form-data; boundary=x"})
    assert got == 415 and "dosyayı gövde olarak" in answer["detail"], answer
    got, _, answer = upload(b"x" * (20 * MIB + 1))
    assert got == 413, answer
    assert os.listdir(S.path("files", "incoming")) == []


def used_once():
    one, mine = uploaded(PDF), uploaded(PDF, key="desk")
    key = str(uuid.uuid4())
    first = S.apply(body(one), key=key)
    again = S.apply(body(one), key=key)
    assert first[0] == again[0] == 201 and first[2]["number"] == again[2]["number"], again
    for given, api_key, words in ((one, None, "başka bir başvuru"), (str(uuid.uuid4()), None, "böyle bir dosya yok"),
                                  (mine, None, "böyle bir dosya yok"), (mine, KEYS["other"], "böyle bir dosya yok")):
        status, _, answer = S.apply(body(given), api_key=api_key)
        assert status == 422 and words in answer["errors"][0]["message"], answer
        assert answer["errors"][0]["field"] == "attachments.0", answer
    status, _, answer = S.apply(body(one), key=str(uuid.uuid4()))
    assert status == 422 and "başka bir başvuru" in answer["errors"][0]["message"], answer
    assert S.apply(body(mine), api_key=KEYS["desk"])[0] == 201


def races_for_one_file():
    """Twenty applications name the same file at once, among twenty others: one gets it, no neighbour suffers."""
    one = uploaded(PDF)
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        wanted = [pool.submit(S.apply, body(one), key=str(uuid.uuid4())) for _ in range(20)]
        others = [pool.submit(S.apply, body(), key=str(uuid.uuid4())) for _ in range(20)]
    statuses = sorted(w.result()[0] for w in wanted)
    assert statuses == [201] + [422] * 19, statuses
    assert all(o.result()[0] == 201 for o in others)


def comes_with_additions():
    receipt = S.receipt
    added, kept = uploaded(PDF, name="ek.pdf"), uploaded(png(10, 10))
    given = {"number": receipt["number"], "access_code": receipt["access_code"], "text": "Bir belge daha."}
    path = "/api/v1/track/add"
    wrong = S.request("intake", "POST", path, {**given, "access_code": "AAAA" * 8, "attachments": [added["id"]]})
    assert wrong[0] in (404, 422), wrong
    key = {"Idempotency-Key": str(uuid.uuid4())}
    for _ in range(2):
        status, _, answer = S.request("intake", "POST", path, {**given, "attachments": [added["id"]]}, key)
        assert status == 200, answer
    status, _, answer = S.request("intake", "POST", path, {**given, "attachments": [added["id"]]})
    assert status == 422, answer

    def told():
        return added["id"] in json.dumps(S.lines("TEM"))
    kopru.wait_until(told, 30, "the department hears of the addition", lambda: S.tail("router"))
    assert fetch(added["id"])[0] == 200
    # No question waits, so the reply is refused, and its file is free for an addition.
    status, _, answer = S.request("intake", "POST", "/api/v1/track/reply", {**given, "attachments": [kept["id"]]})
    assert status == 409, answer
    kopru.wait_until(lambda: S.request("intake", "POST", path, {**given, "attachments": [kept["id"]]})[0] == 200, 10,
                     "the file is free again")


def ten_large_ones_at_once():
    S.processes["intake"].stop()
    S.start("intake")
    kinds = [PDF + os.urandom(20 * MIB - len(PDF)) for _ in range(5)]
    photos = [png(2590, 2590, i) for i in range(5)]
    assert all(19 * MIB < len(p) <= 20 * MIB for p in photos), len(photos[0])
    before = S.processes["intake"].rss_kib()
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = [f.result() for f in [pool.submit(upload, d, connection=S.connection("intake", 120))
                                        for pair in zip(kinds, photos) for d in pair]]
    peak = S.processes["intake"].rss_kib()
    print(f"# ten of 20 MB at once: {before} KiB before, {peak} KiB at most")
    assert [a[0] for a in answers] == [201] * 10, [a[2] for a in answers]
    assert peak <= 128 * 1024, peak


def killed_in_the_middle():
    """Whoever got an id finds the file under it; no row names a file that is not there; the rest is swept up."""
    S.supervise()
    stop, answers = threading.Event(), []

    def send(number):
        while not stop.is_set():
            try:
                status, _, answer = upload(png(100 + number, 100), connection=S.connection("intake", 30))
                if status == 201:
                    answers.append(answer)
            except (OSError, kopru.http.client.HTTPException):
                time.sleep(0.05)
    threads = [threading.Thread(target=send, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(4):
        time.sleep(1)
        S.processes["intake"].kill()
    time.sleep(1)
    stop.set()
    for thread in threads:
        thread.join()
    S.wait_healthy("intake")
    assert len(answers) > 10, len(answers)
    for row in S.rows("SELECT encode(sha256, 'hex') || ' ' || size FROM intake.attachment"):
        digest, size = row.split()
        with open(path_of(digest), "rb") as file:
            data = file.read()
        assert len(data) == int(size) and hashlib.sha256(data).hexdigest() == digest
    for answer in answers[:5]:
        assert S.apply(body(answer))[0] == 201 and fetch(answer["id"])[0] == 200
    print(f"# {len(answers)} files through 4 kills")


def sweeps_up():
    """A file that no row names goes when it is old, one that is named stays, and so does a young one."""
    S.supervising = False
    S.processes["intake"].stop()
    os.makedirs(S.path("files", "00", "00"), exist_ok=True)
    old, young, named = ("0000" + letter * 60 for letter in "abc")
    for name in (old, young, named):
        with open(path_of(name), "wb") as file:
            file.write(b"x")
        if name != young:
            os.utime(path_of(name), (1000, 1000))
    left = S.path("files", "incoming", "left")
    with open(left, "wb") as file:
        file.write(b"x")
    os.utime(left, (1000, 1000))
    S.sql(f"INSERT INTO intake.inbound (source, source_id, state, raw_file) VALUES ('email/x', 'x', 'done', '\\x{named}')")
    one = str(uuid.uuid4())
    S.sql("INSERT INTO intake.attachment (id, sha256, original_sha256, size, media_type, scope, state, created_at) VALUES "
          f"('{one}', sha256('y'), sha256('y'), 1, 'text/plain', 'public', 'clean', now() - interval '26 hours')")
    S.sql("INSERT INTO intake.inbound (source, source_id, state, received_at) SELECT 'email/x', state || days, state, "
          "now() - days * interval '1 day' FROM unnest(ARRAY['refused', 'done', 'triage']) AS state, unnest(ARRAY[29, 31]) AS days")
    S.start("intake")
    kopru.wait_until(lambda: not os.path.exists(path_of(old)) and not os.path.exists(left), 20, "old ones go",
                     lambda: S.tail("intake"))
    assert os.path.exists(path_of(young)) and os.path.exists(path_of(named))
    assert S.value(f"SELECT count(*) FROM intake.attachment WHERE id = '{one}'") == "0"
    assert S.rows("SELECT source_id FROM intake.inbound WHERE source_id ~ '[0-9]$' ORDER BY 1") == [
        "done29", "done31", "refused29", "triage29", "triage31"], "what was refused is kept for 30 days"


def public_room_is_bounded():
    S.sql("INSERT INTO intake.attachment (id, sha256, original_sha256, size, media_type, scope, state) SELECT "
          "gen_random_uuid(), sha256('y'), sha256('y'), 20971520, 'text/plain', 'public', 'clean' FROM generate_series(1, 103)")
    left = os.listdir(S.path("files", "incoming"))  # by those that were killed
    status, headers, answer = upload(PDF)
    assert status == 503 and headers["Retry-After"], answer
    assert upload(PDF, key="desk")[0] == 201, "who has a key is not held up by the public"
    assert os.listdir(S.path("files", "incoming")) == left
    S.sql("DELETE FROM intake.attachment WHERE sha256 = sha256('y')")
    assert upload(PDF)[0] == 201


def a_full_disk_is_told():
    """503, nothing half is left, and it goes on when there is room. The volume goes with the namespace of mounts."""
    folder = S.path("full")
    os.mkdir(folder)
    mount = f"mount --make-rprivate / && mount -t tmpfs -o size=3m kopru-test {folder}"
    if subprocess.run(["unshare", "-m", "sh", "-c", mount], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        raise kopru.Skip("a volume of our own needs root and a namespace of mounts")
    S.processes.pop("intake").stop()
    S.settings["intake"] = {"INTAKE_FILES": folder}
    S.start("intake", prefix=["unshare", "-m", "sh", "-c", mount + ' && exec "$0"'])
    inside = f"/proc/{S.processes['intake'].process.pid}/root{folder}"
    assert upload(PDF)[0] == 201
    before = S.value("SELECT count(*) FROM intake.attachment")
    for _ in range(3):
        status, headers, answer = upload(PDF + os.urandom(5 * MIB))
        assert status == 503 and headers["Retry-After"], answer
        assert os.listdir(inside + "/incoming") == []
    assert S.value("SELECT count(*) FROM intake.attachment") == before
    assert upload(PDF + os.urandom(MIB))[0] == 201


def ends_well():
    assert S.processes["intake"].stop() == 0, S.tail("intake")


for test in (starts, goes_to_the_department, only_who_may, refused, used_once, races_for_one_file, comes_with_additions,
             ten_large_ones_at_once, killed_in_the_middle, sweeps_up, public_room_is_bounded, a_full_disk_is_told, ends_well):
    TAP.run(test.__name__, test)
S.close()
TAP.end()
