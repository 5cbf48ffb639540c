#!/usr/bin/python3
"""bench: how good and how fast the classifier is, beside scikit-learn's TF-IDF with LinearSVC on the same folds: 5 folds of
contiguous blocks of 15 rows (row i in block i // 15, block b in fold b % 5).

    make bench-topics [KOPRU_MUNICIPAL8=FILE]

FILE: lines label<TAB>text; without it data/texts/municipal8_train.tsv of the folder shared beside the checkout. Needs Debian's
python3-sklearn. Prints its table, writes build/topics.json; ends with 1 when a wanted figure is missed."""

import json
import os
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("KOPRU_BUILD", "build"))
FILE = os.environ.get("KOPRU_MUNICIPAL8") or os.path.join(os.path.dirname(TOP), "shared", "data", "texts", "municipal8_train.tsv")
FOLDS, BLOCK, COVERAGE = 5, 15, 0.7
# What is wanted of a figure, and by how much it may be below scikit-learn's.
QUALITY = (("accuracy", 0.865, 0.01), ("macro_f1", 0.80, 0.01), ("folded_accuracy", 0, 0.01), ("top3", 0.96, 0.01),
           ("precision_at_70", 0.95, 0.01))
SPEED = (("per_s", 50000, None), ("per_s_100", 15000, None), ("train_s", None, 10), ("train_s_100", None, 10),
         ("model_mib", None, 32), ("model_mib_100", None, 32))
PLAIN = str.maketrans("çÇğĞıİöÖşŞüÜâÂîÎûÛ", "cCgGiIoOsSuUaAiIuU")


def ours():
    done = subprocess.run([os.path.join(BUILD, "kopru"), "topics", "evaluate", FILE, "--folds", str(FOLDS), "--block", str(BLOCK),
                           "--json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench-topics: {done.stderr.strip()}")
    return json.loads(done.stdout)


def speed(labels):
    done = subprocess.run([os.path.join(BUILD, "bench", "topics_speed"), FILE, str(labels)], capture_output=True, text=True,
                          check=True)
    return json.loads(done.stdout)


def lower(text):
    return text.replace("I", "ı").replace("İ", "i").lower()


def theirs(rows):
    """scikit-learn's figures with the settings that give what the requirement says of it (0.871, 0.811, 0.965, 0.972): Turkish
    lower case, pieces within words, those of one text only left out, C 0.5. Others differ by 0.005 either way."""
    try:
        import numpy
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.metrics import f1_score
        from sklearn.pipeline import FeatureUnion
        from sklearn.svm import LinearSVC
    except ImportError:
        raise SystemExit("bench-topics: scikit-learn is missing; apt-get install python3-sklearn") from None
    texts, labels = numpy.array([text for _, text in rows], dtype=object), numpy.array([label for label, _ in rows])
    fold = numpy.arange(len(rows)) // BLOCK % FOLDS
    names = sorted(set(labels))
    scores = {plain: numpy.full((len(rows), len(names)), -numpy.inf) for plain in (False, True)}
    seconds = 0.0
    for k in range(FOLDS):
        vectors = FeatureUnion([
            (analyzer, TfidfVectorizer(preprocessor=lower, analyzer=analyzer, ngram_range=sizes, sublinear_tf=True, min_df=least))
            for analyzer, sizes, least in (("word", (1, 2), 1), ("char_wb", (3, 5), 2))])
        started = time.monotonic()
        machine = LinearSVC(C=0.5).fit(vectors.fit_transform(texts[fold != k]), labels[fold != k])
        seconds += time.monotonic() - started
        columns = [names.index(name) for name in machine.classes_]
        for plain, table in scores.items():
            asked = [text.translate(PLAIN) if plain else text for text in texts[fold == k]]
            table[numpy.ix_(fold == k, columns)] = machine.decision_function(vectors.transform(asked))
    table = scores[False]
    order = numpy.argsort(-table, axis=1)
    said = numpy.array(names)[order[:, 0]]
    ranked = numpy.sort(table, axis=1)
    surest = numpy.argsort(ranked[:, -2] - ranked[:, -1], kind="stable")[:int(COVERAGE * len(rows))]
    return {"accuracy": float((said == labels).mean()), "macro_f1": float(f1_score(labels, said, average="macro")),
            "top3": float(numpy.mean([label in [names[i] for i in best[:3]] for label, best in zip(labels, order)])),
            "precision_at_70": float((said == labels)[surest].mean()),
            "folded_accuracy": float((numpy.array(names)[scores[True].argmax(axis=1)] == labels).mean()), "train_s": seconds}


def main():
    if not os.path.exists(FILE):
        raise SystemExit(f"bench-topics: {FILE} is not there; say KOPRU_MUNICIPAL8=FILE, lines of label<TAB>text")
    with open(FILE, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t", 1) for line in file]
    other, own = theirs(rows), ours()
    few, many = speed(len({label for label, _ in rows})), speed(100)
    figures = {name: own[name] for name, _, _ in QUALITY}
    figures.update({f"sklearn_{name}": value for name, value in other.items()})
    figures.update(coverage_at_95=own["coverage_at_95"], texts=len(rows), train_folds_s=own["train_s"])
    for name in ("per_s", "train_s", "train_cpu_s", "model_mib"):
        figures[name], figures[f"{name}_100"] = few[name], many[name]
    missed = []
    print(f"{len(rows)} texts, {FOLDS} folds of blocks of {BLOCK}\n\n{'':22}{'Köprü':>12}{'sklearn':>12}{'wanted':>26}")
    for name, least, below in QUALITY:
        print(f"{name:22}{figures[name]:12.4f}{other[name]:12.4f}{f'>= {least}, sklearn - {below}':>26}")
        if figures[name] < max(least, other[name] - below):
            missed.append(name)
    if figures["folded_accuracy"] < figures["accuracy"] - 0.01:
        missed.append("folded_accuracy below accuracy")
    print(f"{'train_folds_s':22}{own['train_s']:12.2f}{other['train_s']:12.2f}")
    for name, least, most in SPEED:
        print(f"{name:22}{figures[name]:12.2f}{'':12}{f'>= {least}' if least else f'<= {most}':>26}")
        if (least and figures[name] < least) or (most and figures[name] > most):
            missed.append(name)
    for name in ("train_cpu_s", "train_cpu_s_100"):  # what training takes where other programs use the processors, too
        print(f"{name:22}{figures[name]:12.2f}")
    figures["missed"] = missed
    with open(os.path.join(BUILD, "topics.json"), "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=2)
        file.write("\n")
    print("\nper_s: on one core, texts of 250 characters; train_s: of 10,000 of them; _100: with 100 labels"
          + (f"\nmissed: {', '.join(missed)}" if missed else ""))
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    sys.exit(main())
