#!/usr/bin/env python3
"""`kopru topics train|evaluate|explain` on files of made-up texts, without database and running system."""

import collections
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import system as kopru  # noqa: E402

TAP = kopru.Tap()
BUILD = os.environ.get("KOPRU_BUILD", "build")
FOLDER = tempfile.mkdtemp(prefix="kopru.", dir="/tmp")
OWN = {"YOL": ("çukur", "asfalt", "kaldırım"), "TEM": ("çöp", "konteyner", "süpürge"), "PRK": ("ağaç", "çimen", "park"),
       "VET": ("köpek", "kedi", "barınak")}
ANY = "mahallemizde lütfen sokağın başında günlerdir sorun var ilgilenilmesini rica ederim evimizin önünde".split()


def path(name):
    return os.path.join(FOLDER, name)


def write(name, data):
    with open(path(name), "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return path(name)


def run(*arguments, wanted=0):
    """What `kopru topics ...` says; with a database that is not there."""
    done = subprocess.run([os.path.join(BUILD, "kopru"), "topics", *arguments], capture_output=True, text=True,
                          timeout=100, env={**os.environ, "KOPRU_DATABASE": "host=/nowhere"})
    assert done.returncode == wanted, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stderr if wanted else done.stdout


def refused(reason, *arguments, wanted=1):
    said = run(*arguments, wanted=wanted)
    assert reason in said, (reason, said)


def sentences(seed, count):
    dice = random.Random(seed)
    rows = []
    for i in range(count):
        label = sorted(OWN)[i % len(OWN)]
        words = [dice.choice(ANY) for _ in range(6)]
        words[dice.randrange(6)] = dice.choice(OWN[label])
        if dice.random() < 0.2:  # what nobody could tell
            words = [dice.choice(ANY) for _ in range(6)]
        rows.append((label, " ".join(words)))
    return rows


def text_of(rows):
    return "".join(f"{label}\t{text}\n" for label, text in rows)


def a_model_is_trained_from_files_and_folders():
    rows = sentences(1, 400)
    os.mkdir(path("texts"))
    write("texts/b.tsv", text_of(rows[200:]))
    write("texts/a.tsv", text_of(rows[:200]))
    write("texts/README.md", "no tab here")
    write("all.tsv", text_of(rows))
    said = json.loads(run("train", path("texts"), "--out", path("folder.model"), "--day", "2026-11-26", "--json"))
    assert said["texts"] == 400 and said["labels"] == 4 and said["model"].startswith("2026-11-26-"), said
    assert 0.6 < said["accuracy"] <= 1 and said["memory"] < 32 << 20, said
    run("train", path("all.tsv"), "--out", path("file.model"), "--day", "2026-11-26")
    run("train", path("texts/a.tsv"), path("texts/b.tsv"), "--out", path("files.model"), "--day", "2026-11-26")
    models = [open(path(f"{name}.model"), "rb").read() for name in ("folder", "file", "files")]
    assert models[0] == models[1] == models[2] and len(models[0]) == said["bytes"]


def figures_of(rows, said):
    """Accuracy and macro-F1 from the confusion that was told."""
    confusion = {(c["label"], c["said"]): c["texts"] for c in said["confusion"]}
    assert sum(confusion.values()) == len(rows) == said["texts"]
    labels = sorted({label for label, _ in rows})
    truths = collections.Counter(label for label, _ in rows)
    answers = collections.Counter()
    for (_, answer), count in confusion.items():
        answers[answer] += count
    scores = [2 * confusion.get((label, label), 0) / (truths[label] + answers[label]) for label in labels]
    return sum(confusion.get((label, label), 0) for label in labels) / len(rows), sum(scores) / len(labels)


def a_model_is_evaluated():
    rows = sentences(2, 300)
    file = write("test.tsv", text_of(rows))
    said = json.loads(run("evaluate", file, "--model", path("file.model"), "--json"))
    accuracy, macro_f1 = figures_of(rows, said)
    assert abs(said["accuracy"] - accuracy) < 1e-9 and abs(said["macro_f1"] - macro_f1) < 1e-9, said
    assert said["top3"] >= said["accuracy"] > 0.7 and said["precision_at_70"] > 0.9, said
    assert abs(said["folded_accuracy"] - said["accuracy"]) <= 0.01 and said["unknown"] == 0, said
    assert 0 < said["coverage_at_95"] <= 1, said
    assert "accuracy" in run("evaluate", file, "--model", path("file.model"))
    more = write("more.tsv", text_of(rows) + "KLT\tsergi ne zaman\n")
    said = json.loads(run("evaluate", more, "--model", path("file.model"), "--json"))
    assert said["unknown"] == 1 and any(row["label"] == "KLT" and row["recall"] == 0 for row in said["labels"]), said
    other = write("other.tsv", "A\tbir\nB\tiki\n")
    refused("other labels", "evaluate", other, "--model", path("file.model"))


def a_training_is_evaluated_by_cross_validation():
    said = json.loads(run("evaluate", path("all.tsv"), "--folds", "4", "--block", "10", "--json"))
    assert said["texts"] == 400 and said["model"] is None and said["accuracy"] > 0.7, said
    # The fold of a text that is not told apart by the others' words is never trained on it.
    rows = [("A" if i % 2 else "B", f"kelime{i // 10} söz{i // 10}") for i in range(200)]
    said = json.loads(run("evaluate", write("apart.tsv", text_of(rows)), "--block", "10", "--json"))
    assert said["accuracy"] <= 0.5, said
    refused("too few", "evaluate", path("all.tsv"), "--block", "101")
    refused("allowed is a number from 2 to 20", "evaluate", path("all.tsv"), "--folds", "1", wanted=2)
    refused("without --model", "evaluate", path("all.tsv"), "--folds", "3", "--model", "x", wanted=2)


def a_text_is_explained():
    said = json.loads(run("explain", "Evimizin önünde BİR ÇUKUR var", "--model", path("file.model"), "--json"))
    assert [label["label"] for label in said["labels"]][0] == "YOL" and len(said["labels"]) == 3, said
    assert said["labels"][0]["words"][0]["word"] == "ÇUKUR" and said["labels"][0]["probability"] > 0.5, said
    assert "ÇUKUR" in run("explain", "Evimizin önünde BİR ÇUKUR var", "--model", path("file.model"))
    assert "knows nothing" in run("explain", "xqw", "--model", path("file.model"))
    refused("empty", "explain", " ", "--model", path("file.model"))
    refused("allowed", "explain", "x" * 20000, "--model", path("file.model"))


def bad_files_are_refused_with_their_line():
    good = text_of(sentences(3, 40))
    lines = good.count("\n")
    for name, data, reason in (
            ("one class", "A\tbir iki\nA\tiki üç\n", "at least two labels with two texts each"),
            ("no tab", good + "a text without its label\n", f"line {lines + 1}: there is no tab"),
            ("no text", good + "A\t \n", f"line {lines + 1}: there is no text"),
            ("no label", "\tbir\n" + good, "line 1: there is no label"),
            ("empty line", good + "\n" + good, f"line {lines + 1}: there is no tab"),
            ("cp1254", good.encode() + "YOL\tçukur\n".encode("cp1254"), f"line {lines + 1}: it is not UTF-8"),
            ("utf-16", good.encode("utf-16"), "line 1: it is not UTF-8"),
            ("NUL", good + "YOL\tçu\0kur\n", f"line {lines + 1}: it is not UTF-8"),
            ("control", good + "YOL\tçu\x07kur\n", f"line {lines + 1}: the text holds a control character"),
            ("long text", good + "YOL\t" + "ç" * 8193 + "\n", f"line {lines + 1}: the text has 16386 bytes; 16384"),
            ("long label", good + "Y" * 40 + "\tçukur\n", f"line {lines + 1}: the label has 40 bytes; 39"),
            ("many labels", "".join(f"L{i % 257}\tbir iki\n" for i in range(600)), "257 labels are more than the 256"),
            ("nothing", "", "it is empty"),
            ("nothing in common", "A\tabc\nA\tdef\nB\tghi\nB\tjkl\n", "no word or piece of a word in common"),
            ("ten million rows", b"A\tb\n" * 10_000_000, "line 100001: more than 100000 texts"),
            ("large", b"A\tbir iki.\n" * 5_000_000, "longer than 50331648 bytes")):
        file = write("bad.tsv", data)
        said = run("train", file, "--out", path("file.model"), wanted=1)
        assert reason in said, (name, reason, said)
    os.unlink(path("bad.tsv"))
    refused("cannot be opened", "train", path("none.tsv"), "--out", path("x.model"))
    os.mkdir(path("empty"))
    refused("holds no files *.tsv", "train", path("empty"), "--out", path("x.model"))
    refused("--out is missing", "train", path("all.tsv"), wanted=2)
    refused("YYYY-MM-DD", "train", path("all.tsv"), "--out", path("x.model"), "--day", "26.11.2026", wanted=2)
    refused("x.model", "train", path("all.tsv"), "--out", path("none/x.model"))
    assert not os.path.exists(path("x.model"))


def what_is_no_model_is_refused():
    data = open(path("file.model"), "rb").read()
    later = bytearray(data)
    later[8] = 9
    damaged = bytearray(data)
    damaged[len(data) // 2] ^= 1
    for content, reason in ((data[:-100], "cut off"), (data[:5], "no model"), (b"A\tbir\n" * 10, "no model"),
                            (bytes(later), "version 9"), (bytes(damaged), "damaged"), (data + b"x", "too long")):
        refused(reason, "explain", "çukur", "--model", write("bad.model", content))
    # The refusals above left the model as it was.
    assert run("explain", "çukur", "--model", path("file.model"))


try:
    for function in (a_model_is_trained_from_files_and_folders, a_model_is_evaluated,
                     a_training_is_evaluated_by_cross_validation, a_text_is_explained,
                     bad_files_are_refused_with_their_line, what_is_no_model_is_refused):
        TAP.run(function.__name__, function)
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
TAP.end()
