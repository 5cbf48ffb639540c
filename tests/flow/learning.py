#!/usr/bin/python3
"""flow: a clerk corrects what two routers decided; one of them learns from it; a better model is published and taken while
applications come in; a worse one is refused with its figures; one step back; what is no model is refused. limit: 120 s"""

import json
import os
import subprocess
import sys
import threading
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
import commands  # noqa: E402
import lessons  # noqa: E402
import system as kopru  # noqa: E402

COUNT = 360  # of which the newest fifth, 72, judges: about 24 of each topic
S = kopru.System(instances=2)
L = lessons.Lessons(S)
TAP = kopru.Tap()


class Citizens:
    """Apply all the time, and say afterwards how long they waited."""

    def __init__(self):
        self.going, self.number, self.failures = True, 500000, []
        self.thread = threading.Thread(target=self.run)
        self.since = S.value("SELECT clock_timestamp()")
        self.thread.start()

    def run(self):
        while self.going:
            self.number += 1
            try:
                L.apply(lessons.TOPICS[self.number % 3], self.number)
            except (AssertionError, OSError) as failure:
                self.failures.append(failure)
            time.sleep(.01)

    def end(self):
        """How many they were, and the longest that one waited for its decision, in seconds."""
        self.going = False
        self.thread.join()
        assert not self.failures, self.failures[0]
        L.await_routed()
        count, longest = S.value(
            "SELECT count(*), max(extract(epoch FROM d.decided_at - a.recorded_at)) FROM intake.application a "
            f"JOIN router.decision d ON d.application_id = a.id WHERE a.recorded_at >= '{self.since}'").split("|")
        return int(count), float(longest)


def fails(*arguments):
    """What kopru says when it refuses."""
    done = subprocess.run([os.path.join(kopru.BUILD, "kopru"), *arguments], cwd=kopru.TOP, capture_output=True, text=True,
                          env={**os.environ, "KOPRU_DATABASE": kopru.conninfo_with(S.admin, dbname=S.database)}, timeout=60,
                          check=False)
    assert done.returncode != 0, done.stdout
    return done.stderr


def decisions_that_became_unsure_are_an_alarm():
    """100 of 1,000 were unsure before, and 150 of 300 are now."""
    S.sql("INSERT INTO router.decision (received_event_id, application_id, department, topic, candidates, outcome, decided_at) "
          "SELECT gen_random_uuid(), gen_random_uuid(), 'HM', NULL, '[]', CASE WHEN n % k.each = 0 THEN 'unsure' ELSE 'sure' END, "
          "now() - k.age FROM (VALUES (1000, 10, interval '10 days'), (300, 2, interval '1 day')) AS k(many, each, age), "
          "generate_series(1, k.many) AS n")
    S.start("intake", "router")
    kopru.wait_until(lambda: set(L.metric("kopru_router_drift").values()) == {1.0}, 15, "both routers say that it drifts",
                     lambda: S.tail("router"))
    assert S.tail("router-1").count("event=decisions.drift what=unsure part=150 whole=300") == 1, S.tail("router-1")
    assert "150 of 300 decisions of the last 7 days were unsure" in doctor()
    drift = {row["what"]: row for row in L.status()["drift"]}
    assert drift["unsure"]["drifts"] == "yes" and not drift["corrected"].get("drifts"), drift
    S.sql("DELETE FROM router.decision")


def doctor():
    """What it notes; other things may be wrong here."""
    environment = {**os.environ, "KOPRU_DATABASE": kopru.conninfo_with(S.admin, dbname=S.database)}
    return subprocess.run([os.path.join(kopru.BUILD, "kopru"), "doctor"], cwd=kopru.TOP, capture_output=True, text=True,
                          env=environment, timeout=60, check=False).stdout


def shipped_texts_are_loaded_once():
    folder = lessons.shipped(S.folder)
    data = [os.path.join(kopru.TOP, "deploy/data", name) for name in ("topics.csv", "holidays_tr_2020_2030.csv")]
    ids = set()
    for _ in range(2):
        S.kopru("demo", *data, "--texts", folder)
        ids.add(S.value("SELECT string_agg(id::text, ',' ORDER BY id) FROM router.example WHERE source = 'shipped'"))
    assert len(ids) == 1 and ids.pop().count(",") == 35
    with open(os.path.join(folder, "lessons.tsv"), "w", encoding="utf-8") as out:
        out.write("YOL-01\tbaşka bir çukur\n")
    S.kopru("demo", *data, "--texts", folder)
    assert S.rows("SELECT topic, text FROM router.example WHERE source = 'shipped'") == ["YOL-01|başka bir çukur"]
    S.sql("DELETE FROM router.example")


def what_a_clerk_says_is_an_example():
    numbers = L.apply_many(COUNT)
    L.correct_many(numbers)
    assert S.value("SELECT count(*), count(DISTINCT application_id) FROM router.example") == f"{COUNT}|{COUNT}"
    decided = sum(L.metric("kopru_router_topic_decided_total").values())
    corrected = sum(L.metric("kopru_router_topic_corrections_total").values())
    said = S.value("SELECT count(*) FROM router.example WHERE said <> topic")
    assert (decided, corrected) == (COUNT, int(said)), (decided, corrected, said)
    wrong = S.value("SELECT count(*) FROM router.example x JOIN router.case c USING (application_id) WHERE x.topic <> c.topic")
    assert wrong == "0", wrong


def nothing_is_learnt_before_there_is_enough():
    # they are fewer than ROUTER_LEARNING_EXAMPLES, and nobody asked
    assert L.status()["ended_at"] == "" and L.models() == [], L.status()


def a_model_is_learnt_and_taken_while_applications_come_in():
    citizens = Citizens()
    answer = L.learn("--texts", lessons.shipped(S.folder), "--by", "masa")
    L.await_version(1)
    count, longest = citizens.end()
    print(f"# {count} applications meanwhile, the longest waited {longest:.2f} s for its decision")
    assert count > 20 and longest < 3, (count, longest)
    assert answer["outcome"] == "published", answer
    model, = L.models()
    assert (model["version"], model["state"], model["by"]) == (1, "active", "router"), model
    status = L.status()
    figures = status["figures"]
    assert figures["held_out"] == COUNT // 5 and figures["own"] == COUNT - COUNT // 5 and figures["shipped"] == 36, figures
    assert min(t["cases"] for t in figures["topics"]) >= 20 and figures["new"]["macro_f1"] > .8, figures
    assert status["shipped_examples"] == "36" and status["own_examples"] == str(COUNT), status


def two_routers_train_once():
    total = L.metric("kopru_router_learning_total")
    assert sorted(total.values()) == [0, 1], total
    assert S.value("SELECT count(*) FROM router.model") == "1"


def a_worse_one_is_refused_with_its_figures():
    # what is learnt from says the wrong topic; what judges (the newest fifth) says the right one
    S.sql("CREATE TABLE kept AS SELECT * FROM router.example; "
          "UPDATE router.example AS x SET topic = CASE x.topic WHEN 'YOL-01' THEN 'TEM-01' WHEN 'TEM-01' THEN 'PRK-01' "
          "ELSE 'YOL-01' END WHERE x.source = 'shipped' OR x.id NOT IN (SELECT y.id FROM router.example AS y "
          f"WHERE y.application_id IS NOT NULL ORDER BY y.made_at DESC, y.id DESC LIMIT {COUNT // 5})")
    answer = L.learn()
    assert answer["outcome"] == "refused" and "macro-F1" in answer["reason"], answer
    refused, active = L.models()
    assert (refused["state"], active["state"], active["version"]) == ("refused", "active", 1), (refused, active)
    assert refused["macro_f1"] < .5 < refused["compared_with"], refused
    figures = json.loads(S.value(f"SELECT figures FROM router.model WHERE version = {refused['version']}"))
    assert all(t["f1"] < t["active_f1"] for t in figures["topics"]), figures
    assert set(L.metric("kopru_router_model_version").values()) == {1.0}
    S.sql("UPDATE router.example AS x SET topic = k.topic FROM kept AS k WHERE k.id = x.id; DROP TABLE kept")


def an_erased_text_is_no_example_any_more():
    case = S.value("SELECT application_id FROM router.example WHERE application_id IS NOT NULL ORDER BY made_at, id LIMIT 1")
    erased = commands.event_pb2.Event(id=uuid.uuid4().bytes, application_id=uuid.UUID(case).bytes)
    erased.erased.reason = "6698"
    S.sql(f"SELECT feed.erase(stream, seq, '\\x{erased.SerializeToString().hex()}', '6698') FROM feed.event "
          f"WHERE application_id = '{case}'")
    answer = L.learn()
    assert answer["outcome"] == "published", answer
    figures = L.status()["figures"]
    assert figures["erased"] == 1 and figures["own"] + figures["held_out"] == COUNT - 1, figures


def one_step_back():
    error = fails("topics", "rollback")
    assert "--by is missing" in error, error
    answer = json.loads(S.kopru("topics", "rollback", "--by", "masa", "--reason", "deneme", "--json"))
    assert (answer["from"], answer["version"]) == ("3", "1"), answer
    L.await_version(1)
    states = {m["version"]: m["state"] for m in L.models()}
    assert states == {3: "refused", 2: "refused", 1: "active"}, states
    assert "rolled back by masa: deneme" in L.models()[0]["reason"]
    error = fails("topics", "rollback", "--by", "masa")
    assert "no model before the active one" in error, error


def what_is_no_model_is_refused():
    path = S.path("bad.model")
    with open(path, "wb") as out:
        out.write(bytes.fromhex(S.value("SELECT encode(bytes, 'hex') FROM router.model WHERE version = 1"))[:-7])
    assert path in fails("topics", "publish", path, "--by", "masa")
    with open(S.path("other.tsv"), "w", encoding="utf-8") as out:
        out.writelines(f"KONU-{i % 2}\t{lessons.text(lessons.TOPICS[i % 2], i)}\n" for i in range(20))
    S.kopru("topics", "train", S.path("other.tsv"), "--out", S.path("other.model"))
    error = fails("topics", "publish", S.path("other.model"), "--by", "masa")
    assert "KONU-0, KONU-1" in error and "no topics" in error, error
    # put there past all checks, it is refused by the routers, loudly, and the old one stays
    S.sql("UPDATE router.model SET state = 'retired' WHERE state = 'active'; INSERT INTO router.model (name, bytes, figures, "
          "state, made_by, activated_at) SELECT 'broken', substring(bytes FOR 1000), '{}', 'active', 'test', now() "
          "FROM router.model WHERE version = 1")
    kopru.wait_until(lambda: set(L.metric("kopru_router_model_refused").values()) == {1.0}, 20, "both refuse it")
    assert set(L.metric("kopru_router_model_version").values()) == {1.0}
    assert "event=model.refused" in S.tail("router-1") and "event=model.refused" in S.tail("router-2")


def a_good_one_is_published_by_hand():
    S.kopru("topics", "train", os.path.join(lessons.shipped(S.folder), "lessons.tsv"), "--out", S.path("good.model"))
    error = fails("topics", "publish", S.path("good.model"), "--by", "masa")
    assert "never says" in error and "DIS-01" in error and "--yes" in error, error
    answer = json.loads(S.kopru("topics", "publish", S.path("good.model"), "--by", "masa", "--reason", "deneme", "--yes", "--json"))
    assert "DIS-01" in answer["lacking"] and "YOL-01" not in answer["lacking"], answer
    L.await_version(answer["version"])
    S.sql("UPDATE router.model SET state = 'retired' WHERE state = 'active'")


try:
    TAP.run("decisions that became unsure are an alarm", decisions_that_became_unsure_are_an_alarm)
    TAP.run("shipped texts are loaded once", shipped_texts_are_loaded_once)
    TAP.run("what a clerk says is an example", what_a_clerk_says_is_an_example)
    TAP.run("nothing is learnt before there is enough", nothing_is_learnt_before_there_is_enough)
    TAP.run("a model is learnt and taken while applications come in", a_model_is_learnt_and_taken_while_applications_come_in)
    TAP.run("two routers train once", two_routers_train_once)
    TAP.run("a worse one is refused with its figures", a_worse_one_is_refused_with_its_figures)
    TAP.run("an erased text is no example any more", an_erased_text_is_no_example_any_more)
    TAP.run("one step back", one_step_back)
    TAP.run("what is no model is refused", what_is_no_model_is_refused)
    TAP.run("a good one is published by hand", a_good_one_is_published_by_hand)
finally:
    S.close()
TAP.end()
