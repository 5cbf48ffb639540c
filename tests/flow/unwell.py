#!/usr/bin/env python3
"""flow: what /healthz of a service says of a consumer that stands: too much is parked, its owner's history is another one, or
events wait and none is consumed. All go on when the cause is gone. limit: 180 s"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import system as kopru  # noqa: E402

APPLICATION = {"kind": "complaint", "text": "Sokağımızda üç gündür çöp toplanmadı, konteyner taşıyor.", "subject": "Çöp",
               "applicant": {"name": "Deneme Şahıs", "email": "deneme@example.org"}}
PARKED_MAX = 100000
S = kopru.System()
TAP = kopru.Tap()


def unwell(service, reason, seconds=20):
    def says():
        try:
            status, _, body = S.request(service, "GET", "/healthz")
        except OSError:
            return False  # it is not yet there
        return status == 503 and reason in str(body)
    kopru.wait_until(says, seconds, f"{service} answers 503: {reason}", lambda: S.tail(service))


def restart(service, statement):
    S.processes[service].stop()
    S.sql(statement)
    S.processes[service].start()


def well_at_first():
    S.start()
    assert S.apply(APPLICATION)[0] == 201
    S.wait_quiet()


def intake_has_numbers_before_anybody_asks():
    taken = "SELECT next_serial FROM intake.number_year"
    before = int(S.value(taken))
    restart("intake", "SELECT")
    kopru.wait_until(lambda: int(S.value(taken)) > before, 10, "a block of numbers", lambda: S.tail("intake"))
    time.sleep(0.2)  # its answer is on the way
    status, _, body = S.request("intake", "GET", "/healthz")
    assert status == 200, (status, body)


def too_much_is_parked():
    restart("notifier", "INSERT INTO feed.parked SELECT 'notifier', 'case', 1000000 + n, gen_random_uuid(), gen_random_uuid(),"
            f" 'x', '\\x00' FROM generate_series(1, {PARKED_MAX}) AS n")
    assert S.apply(APPLICATION)[0] == 201
    unwell("notifier", "too many events of a stream are parked")
    restart("notifier", "DELETE FROM feed.parked WHERE seq > 1000000")
    S.wait_healthy("notifier")
    S.wait_quiet()


def the_history_is_another_one():
    cursor = "UPDATE feed.cursor SET seq = seq {} 1000 WHERE consumer = 'reporting' AND stream = 'intake'"
    restart("reporting", cursor.format("+"))
    unwell("reporting", "history of a stream differs")
    for other in ("intake", "router", "notifier"):
        S.wait_healthy(other)
    restart("reporting", cursor.format("-"))
    S.wait_healthy("reporting")
    assert S.apply(APPLICATION)[0] == 201
    S.wait_quiet()


def events_wait_for_a_minute():
    S.sql("REVOKE INSERT ON router.decision FROM router")
    assert S.apply(APPLICATION)[0] == 201
    begin = time.monotonic()
    unwell("router", "events of a stream wait and none is consumed", 80)
    assert time.monotonic() - begin > 50, "at once is not a minute"
    S.sql("GRANT INSERT ON router.decision TO router")
    S.wait_healthy("router")
    S.wait_quiet()


try:
    for test in (well_at_first, intake_has_numbers_before_anybody_asks, too_much_is_parked,
                 the_history_is_another_one, events_wait_for_a_minute):
        TAP.run(test.__name__, test)
finally:
    S.close()
TAP.end()
