"""lifecycles: whole lives of cases over HTTP, many at once: create, assign, answer, close, read back one's own write."""

import itertools
import time
import uuid

import crowd

DEPARTMENT, TRIES = "TEM", 1000


class Lifecycles:
    def __init__(self, system, port):
        self.system, self.port, self.names = system, port, itertools.count()
        self.program = self.key("bench", "applications,reports")
        self.clerk = self.key("clerk", "cases", "--role", "clerk")
        self.manager = self.key("manager", "cases", "--role", "manager", "--department", DEPARTMENT)
        time.sleep(1.3)  # services read keys anew every second

    def key(self, name, rights, *more):
        told = self.system.kopru("key", "create", name, "--rights", rights, *more)
        return next(word for word in told.split() if word.startswith("kopru_"))

    def life(self, _):
        place = next(self.names)
        made = yield from self.ask("create", 201, "POST", "/api/v1/applications", self.program, {
            "kind": "complaint", "channel": "desk", "text": f"Konuyu başka müdürlük görmeli, sıra {place}",
            "applicant": {"name": "Deneme Şahıs"}})
        version, seq = 2, 0
        for name, key, fields in (("assign", self.clerk, {"department": DEPARTMENT}),
                                  ("answer", self.manager, {"text": "Gereği yapılmıştır. Bilgilerinize sunarız."}),
                                  ("close", self.clerk, {})):
            answer = yield from self.ask(name, 200, "POST", "/api/v1/commands", key, {
                "id": str(uuid.uuid4()), "number": made["number"], "action": name, "expected_version": version,
                "after": made["after"], **fields})
            assert answer["version"] == version + 1, (name, answer)
            version, seq = answer["version"], answer["after"]["seq"]
        answer = yield from self.ask("read_back", 200, "GET", f"/api/v1/cases/{made['number']}?after=case:{seq}", self.clerk, None)
        assert answer["status"] == "closed" and answer["version"] == version, answer

    @staticmethod
    def ask(name, wanted, *request):
        """The answer. Who is told to come later does so, with the same request."""
        yield name
        for _ in range(TRIES):
            status, answer = yield request
            if status == wanted:
                return answer
            assert status == 503, (name, status, answer)
        raise AssertionError(f"{name}: told to come later {TRIES} times")

    def run(self, people, seconds):
        """The figures of so many at once for so long."""
        many = crowd.Crowd(self.port, people, self.life)
        rate = many.run(seconds)
        requests = [took for name in many.took for took in many.took[name]]
        return {"per_s": round(rate), "life_p50_ms": crowd.percentile(many.lives, .5),
                "life_p95_ms": crowd.percentile(many.lives, .95), "request_p50_ms": crowd.percentile(requests, .5),
                "request_p95_ms": crowd.percentile(requests, .95),
                **{name + "_p95_ms": crowd.percentile(took, .95) for name, took in many.took.items()}}
