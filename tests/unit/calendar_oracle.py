#!/usr/bin/env python3
"""Terms of the laws: 100,000 random days, each asked of `kopru calendar due` and of a slow count that shares nothing with it: it
walks day by day over a set of dates read from the file. Ten years of holidays; and the same with leave, closures and
suspensions among them."""

import csv
import datetime
import functools
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import system as kopru  # noqa: E402

TAP = kopru.Tap()
HOLIDAYS = os.path.join(kopru.TOP, "deploy/data/holidays_tr_2020_2030.csv")
ONE = datetime.timedelta(days=1)
FIRST, LAST = datetime.date(2020, 1, 1), datetime.date(2030, 9, 30)
SHARES = ((80000, ()), (20000, (("2020-03-13", "2020-06-15", "durma"), ("2024-04-08", "2024-04-09", "izin"),
                                ("2025-01-20", "2025-01-22", "kapali"), ("2028-02-23", "2028-03-01", "durma"),
                                ("2026-12-31", "2026-12-31", "yarim_izin"))))


def dates_between(first, last):
    day, end = datetime.date.fromisoformat(first), datetime.date.fromisoformat(last)
    while day <= end:
        yield day
        day += ONE


def due(closed, stands, law, received, extended):
    """By the letter of the laws: Law 3071 art. 7, Law 6698 art. 13, Law 4982 art. 11."""
    left = 30 if law != "4982" or extended else 15
    day = received
    while left:
        day += ONE
        if day in stands or (law == "4982" and (day.weekday() > 4 or day in closed)):
            continue
        left -= 1
    while day in stands or day in closed or day.weekday() > 4:
        day += ONE
    return day


def compare(folder, count, spans, seed):
    chance = random.Random(seed)
    path, questions = os.path.join(folder, "days.csv"), os.path.join(folder, "questions")
    with open(HOLIDAYS, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with open(path, "w", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["date", "to", "name", "kind"])
        writer.writerows([row["date"], "", row["name"], row["kind"]] for row in rows)
        writer.writerows([first, last, "x", kind] for first, last, kind in spans)
    closed = {datetime.date.fromisoformat(row["date"]) for row in rows if row["kind"] == "tam"}
    stands = {day for first, last, kind in spans if kind == "durma" for day in dates_between(first, last)}
    asked = [(chance.choice(("3071", "4982", "6698")), FIRST + ONE * chance.randrange((LAST - FIRST).days),
              chance.random() < 0.5) for _ in range(count)]
    with open(questions, "w", encoding="ascii") as file:
        file.writelines(f"{law} {day}{' extended' * more}\n" for law, day, more in asked)
    told = subprocess.run([os.path.join(kopru.BUILD, "kopru"), "calendar", "due", "--calendar", path, "--batch", questions],
                          check=True, capture_output=True, text=True).stdout.split()
    wrong = [(question, answer) for question, answer in zip(asked, told)
             if answer != due(closed, stands, *question).isoformat()]
    assert len(told) == count and not wrong, f"{len(told)} of {count} answers, {len(wrong)} wrong, such as {wrong[:3]}"


def main():
    with tempfile.TemporaryDirectory() as folder:
        for number, (count, spans) in enumerate(SHARES):
            what = "with leave, closures and suspensions" if spans else "of ten years of holidays"
            TAP.run(f"{count} days {what} are due when a slow count says",
                    functools.partial(compare, folder, count, spans, number))
    TAP.end()


main()
