#!/usr/bin/python3
"""flow: the tracking page in a browser (chromium, over its pipe): an addition with files arrives at the case; what is wrong
with a file is said beside the form, in Turkish, and focused. limit: 90 s"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
import front  # noqa: E402
import system as kopru  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if not CHROMIUM:
    print("ok 1 - the tracking page in a browser # SKIP there is no chromium\n1..1", flush=True)
    sys.exit(0)
S = kopru.System()
FRONT = front.Front(S)
TAP = kopru.Tap()


class Browser:
    """Its commands are JSON with a NUL at the end, over the file descriptors 3 and 4."""

    def __init__(self):
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        shell = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self.process = subprocess.Popen(
            ["bash", "-c", shell, CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--remote-debugging-pipe", f"--user-data-dir={S.path('chromium')}", "about:blank"],
            pass_fds=(theirs_in, theirs_out), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.read, self.write, self.rest, self.last, self.session = ours_in, ours_out, b"", 0, None
        targets = self.ask("Target.getTargets")["targetInfos"]
        page = next(t["targetId"] for t in targets if t["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]

    def ask(self, method, **params):
        self.last += 1
        message = {"id": self.last, "method": method, "params": params, **({"sessionId": self.session} if self.session else {})}
        os.write(self.write, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + 30
        while True:
            while b"\0" not in self.rest:
                assert select.select([self.read], [], [], max(0, until - time.monotonic()))[0], f"{method}: the browser is silent"
                more = os.read(self.read, 65536)
                assert more, f"{method}: the browser is gone"
                self.rest += more
            one, self.rest = self.rest.split(b"\0", 1)
            answer = json.loads(one)
            if answer.get("id") == self.last:
                assert "error" not in answer, (method, answer)
                return answer["result"]

    def value(self, expression):
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def choose(self, selector, *paths):
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=list(paths))

    def wait(self, expression, what):
        kopru.wait_until(lambda: self.value(expression), 20, what, lambda: str(self.value("document.body.innerText")))

    def close(self):
        """In order, as one that is killed leaves its processes behind; then whatever is left of them."""
        self.session = None
        try:
            self.ask("Browser.close")
            self.process.wait(20)
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            pass
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def file(name, data):
    with open(S.path(name), "wb") as target:
        target.write(data)
    return S.path(name)


def text_of(identifier):
    return BROWSER.value(f"document.getElementById('{identifier}').textContent")


def opens():
    S.start()
    FRONT.start()
    status, _, receipt = S.apply({"kind": "complaint", "text": "Salıncak kırık.", "applicant": {"name": "Deneme Kişi"}})
    assert status == 201, receipt
    kopru.wait_until(lambda: S.value(f"SELECT count(*) FROM router.case WHERE number = '{receipt['number']}'") == "1", 20, "it is routed")
    kopru.wait_until(lambda: S.request("reporting", "POST", "/api/v1/track", {
        "number": receipt["number"], "access_code": receipt["access_code"]})[2].get("can_add"), 20, "it can be added to")
    BROWSER.ask("Page.navigate", url=f"http://127.0.0.1:{FRONT.port}/takip#no={receipt['number']}&kod={receipt['access_code']}")
    BROWSER.wait("!!document.getElementById('result') && !document.getElementById('result').hidden", "the page shows the case")
    BROWSER.value("document.getElementById('add').open = true")


def says_what_is_wrong_with_a_file():
    for path, words in ((file("bos.pdf", b""), "Dosya boş: bos.pdf"), (file("sayfa.html", b"<html>" * 9), "Dosya alınmadı: sayfa.html. "),
                        (None, "Ekleyeceklerinizi yazın ya da bir dosya seçin.")):
        BROWSER.value("document.getElementById('add-files').value = ''")
        if path:
            BROWSER.choose("#add-files", path)
        BROWSER.value("document.getElementById('add-send').click()")
        BROWSER.wait(f"document.getElementById('add-problem').textContent.startsWith({json.dumps(words)})", words)
        assert BROWSER.value("document.activeElement.id") == "add-problem"
    assert S.value("SELECT count(*) FROM intake.attachment") == "0"


def adds_a_file():
    pdf = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
    BROWSER.choose("#add-files", file("çizim.pdf", pdf))
    BROWSER.value("document.getElementById('add-text').value = 'Çizim ekte.'; document.getElementById('add-send').click()")
    BROWSER.wait("document.getElementById('done').textContent === 'Başvurunuza eklendi.'", "it is added")
    assert text_of("add-problem") == "" and "Dosyalar: çizim.pdf" in text_of("steps"), text_of("steps")
    assert S.value("SELECT name FROM intake.attachment WHERE application_id IS NOT NULL AND command_id IS NOT NULL") == "çizim.pdf"


BROWSER = Browser()
try:
    for test in (opens, says_what_is_wrong_with_a_file, adds_a_file):
        TAP.run(test.__name__, test)
finally:
    BROWSER.close()
    S.close()
TAP.end()
