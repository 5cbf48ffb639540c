"""lessons: a small municipality that corrects its router, for tests of learning: applications of three topics whose words
differ, and the clerk who says which is which."""

import concurrent.futures
import json
import os
import random

import commands
import system as kopru

WORDS = {
    "YOL-01": "çukur asfalt yol bozuk kasis lastik sokak tamir yama delik araç çarptı göçük cadde onarım".split(),
    "TEM-01": "çöp konteyner alınmadı koku kamyon toplanmadı poşet atık temizlik taşıyor sinek dolu kova birikti süpürge".split(),
    "PRK-01": "park bank salıncak çocuk oyun kırık kaydırak çeşme kamelya ağaç çim gölge oturak zincir spor".split(),
}
COMMON = "mahallemizde lütfen ilgilenin günlerdir bekliyoruz teşekkürler acil yardım şikayet komşular sürekli kimse bakmıyor".split()
DEPARTMENTS = {"YOL-01": "FEN", "TEM-01": "TEM", "PRK-01": "PRK"}
TOPICS = list(WORDS)


def text(topic, number):
    choice = random.Random(f"{topic}{number}")
    words = choice.sample(WORDS[topic], 4) + choice.sample(COMMON, 4)
    choice.shuffle(words)
    return " ".join(words) + f" {number}"


def shipped(folder, each=12):
    """A folder of shipped texts; its path."""
    path = os.path.join(folder, "texts")
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, "lessons.tsv"), "w", encoding="utf-8") as out:
        out.writelines(f"{topic}\t{text(topic, 100000 + i)}\n" for i in range(each) for topic in TOPICS)
    return path


class Lessons:
    def __init__(self, system):
        self.system, self.truth, self.client = system, {}, None

    def apply(self, topic, number):
        status, _, answer = self.system.apply({"kind": "complaint", "text": text(topic, number), "applicant": {}})
        assert status == 201, answer
        self.truth[answer["number"]] = topic
        return answer["number"]

    def apply_many(self, count, first=0):
        """Applications of all topics in turn, all routed."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            numbers = list(pool.map(lambda i: self.apply(TOPICS[i % len(TOPICS)], first + i), range(count)))
        self.await_routed()
        return numbers

    def await_routed(self, seconds=30):
        kopru.wait_until(lambda: self.system.value(
            "SELECT count(*) FROM intake.application AS a WHERE NOT EXISTS (SELECT FROM router.case AS c "
            "WHERE c.application_id = a.id)") == "0", seconds, "all are routed", lambda: self.system.tail("router"))

    def correct_many(self, numbers):
        """A clerk assigns each with its true topic."""
        if not self.client:
            self.client = commands.Client(self.system.commands)
        rows = dict(row.split("|") for row in self.system.rows("SELECT number, application_id FROM router.case"))
        sent = [self.client.send("assign", rows[number], {"department": DEPARTMENTS[self.truth[number]],
                                                          "topic": self.truth[number]},
                                 expected_version=2, actor=commands.clerk()) for number in numbers]
        for id_ in sent:
            reply = self.client.wait(id_)
            assert commands.code(reply) == "ok", reply

    def learn(self, *more, seconds=60):
        return json.loads(self.system.kopru("topics", "learn", "--json", "--wait", str(seconds), *more))

    def status(self):
        return json.loads(self.system.kopru("topics", "status", "--json"))

    def models(self):
        """Newest first."""
        return json.loads(self.system.kopru("topics", "models", "--json"))

    def metric(self, name, service="router"):
        """By instance."""
        found = {}
        for instance in self.system.names(service):
            lines = self.system.request(instance, "GET", "/metrics")[2].decode().splitlines()
            found[instance] = sum(float(line.split()[-1]) for line in lines
                                  if line.split(" ")[0].split("{")[0] == name and not line.startswith("#"))
        return found

    def await_version(self, version, seconds=20):
        """Until every router decides by it."""
        kopru.wait_until(lambda: set(self.metric("kopru_router_model_version").values()) == {float(version)}, seconds,
                         f"all routers decide by model {version}", lambda: self.system.tail("router"))
