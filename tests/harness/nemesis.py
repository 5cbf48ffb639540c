"""nemesis: does bad things to a World, in an order and in combinations that a seed decides, heals them, and measures how soon
everything moves again.

A fault is a generator: up to its yield it begins, what it yields is for how many seconds it holds, after that it heals. Rounds
of one to three faults at once are drawn from a deck that holds each fault at least once. Only the standard library.
"""

import collections
import contextlib
import os
import random
import signal
import subprocess
import time

BOUND_SECONDS, PROMOTION_SECONDS, TERM_SECONDS = 10, 5, 10
ROLES = ("intake", "router", "notifier", "reporting")
MAIL = [("CONNECT", "4xx"), ("CONNECT", "drop"), ("CONNECT", "hang"), ("EHLO", "drop"), ("MAIL", "421"), ("MAIL", "garbage"),
        ("RCPT", "4xx"), ("RCPT", "drop"), ("DATA", "hang"), ("DATA", "4xx"), ("TEXT", "drop"), ("DOT", "4xx"), ("DOT", "drop"),
        ("DOT", "hang"), ("DOT", "accept-drop"), ("DOT", "accept-hang"), ("DOT", "garbage"), ("QUIT", "drop")]
Fault = collections.namedtuple("Fault", "name group times play")


# -- processes

def kill(world, chance):
    """One to three programs, each up to three times, as soon as it is back."""
    for name in world.choose(chance, 3):
        for _ in range(chance.randint(1, 3)):
            world.kill(name)
            time.sleep(chance.uniform(.05, .4))
    yield 0


def kill_all(world, chance):
    """All at once; they come back one after the other in any order."""
    names = world.choose(chance, None)
    for name in names:
        world.process(name).wanted = False
    for name in names:
        world.kill(name)
    yield chance.uniform(.1, 1)
    chance.shuffle(names)
    for name in names:
        world.process(name).start()
        time.sleep(chance.uniform(0, .2))


def stop(world, chance):
    stopped, began = [name for name in world.choose(chance, 2) if world.hit(name, signal.SIGSTOP)], time.time()
    yield chance.uniform(1, 6)
    for name in stopped:
        world.hit(name, signal.SIGCONT)
        world.count("stops", name)
        world.disturb(name, began)


def term(world, chance):
    """The supervisor starts it anew; the one that was told to end must do so in time."""
    for name in world.choose(chance, 2):
        process, began, since = world.process(name).process, time.monotonic(), time.time()
        if not world.hit(name, signal.SIGTERM):
            continue
        world.count("terms", name)
        while process.poll() is None and time.monotonic() < began + TERM_SECONDS:
            time.sleep(.02)
        took = time.monotonic() - began
        world.slowest("term", took, name)
        world.disturb(name, since)
        if process.poll() is None:
            world.fault(f"{name} did not end within {TERM_SECONDS} s of SIGTERM")
    yield 0


# -- the database

def restart_database(world, _):
    world.counts["db_crashes"] += 1
    world.cluster.restart("immediate")
    yield 0


def kill_database(world, chance):
    world.counts["db_crashes"] += 1
    world.cluster.kill_primary()
    yield chance.uniform(.1, 2)
    world.cluster.primary.start()


def terminate_backends(world, chance):
    """Also those that wait in the middle of their COMMIT."""
    ended = 0
    for _ in range(chance.randint(3, 15)):
        where = chance.choice(("true", "wait_event = 'SyncRep'", "state = 'active'"))
        ended += world.cluster.terminate_backends(chance.choice(ROLES), where)
        time.sleep(chance.uniform(.02, .15))
    world.log(f"{ended} sessions were ended")
    world.counts["other"] += ended > 0
    yield 0


def freeze_standby(world, chance):
    world.counts["other"] += 1
    world.cluster.freeze_standby()
    yield chance.uniform(1, 4)
    world.cluster.thaw_standby()


def cancel_commits(world, chance):
    """They are told success, with a warning, and no standby has them."""
    world.cluster.freeze_standby()
    cancelled = 0
    for _ in range(chance.randint(3, 8)):
        time.sleep(chance.uniform(.1, .4))
        cancelled += world.cluster.cancel_waiting_commits()
    world.log(f"{cancelled} commits were cancelled")
    world.counts["other"] += cancelled > 0
    yield 0
    world.cluster.thaw_standby()


def promote(world, chance):
    """The primary dies, the standby takes over, the old primary comes back as the standby."""
    world.cluster.promote()
    world.promoted.append(time.monotonic())
    world.counts["promotions"] += 1
    world.counts["db_crashes"] += 1
    yield chance.uniform(2, 5)
    world.cluster.rejoin()


def cancel_and_promote(world, chance):
    """What was told as stored with a warning is on no standby when the primary dies: the standby dies, too, with what lay in
    its socket, before it takes over."""
    world.cluster.freeze_standby()
    cancelled = 0
    for _ in range(chance.randint(2, 6)):
        time.sleep(chance.uniform(.1, .4))
        cancelled += world.cluster.cancel_waiting_commits()
    world.log(f"{cancelled} commits were cancelled")
    world.cluster.kill_primary()
    world.cluster.signal_all(world.cluster.standby, signal.SIGKILL)
    world.cluster.standby.stop(signal.SIGKILL)
    world.cluster.standby.start()
    yield from promote(world, chance)


def fill(volume):
    def play(world, chance):
        log = world.cluster.primary.log
        size = os.path.getsize(log)
        world.cluster.fill_disk(volume, chance.choice((0, 0, 300_000)))
        if volume == "wal":
            use_up_wal(world)
        yield chance.uniform(1, 3)
        felt = wait_for_words(log, size, b"No space left on device")
        world.counts["disk_full"] += felt
        world.log(f"{volume} was full, and the database " + ("said so" if felt else "wrote nothing"))
        world.cluster.free_disk(volume)
        revive(world)
        follow_again(world)
    return play


def wait_for_words(path, begin, words, seconds=4):
    """Whether a log says this after that many bytes."""
    end = time.monotonic() + seconds
    while True:
        with open(path, "rb") as log:
            log.seek(begin)
            if words in log.read():
                return True
        if time.monotonic() > end:
            return False
        time.sleep(.1)


def revive(world):
    """The primary may have ended, or come back by itself, or try to and then end."""
    primary, end = world.cluster.primary, time.monotonic() + 8
    while time.monotonic() < end and primary.runs():
        with contextlib.suppress(RuntimeError):
            world.cluster.sql("SELECT 1")
            return
        time.sleep(.05)
    world.counts["db_crashes"] += 1
    world.log("the primary had ended")
    primary.stop()
    primary.start()


def follow_again(world):
    """A primary that had to save room may have thrown away what its standby still needed: then it is copied anew."""
    end = time.monotonic() + 4
    while time.monotonic() < end:
        with contextlib.suppress(RuntimeError):
            if world.cluster.sql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1":
                return
        time.sleep(.05)
    world.log("the standby is copied anew")
    world.cluster.rejoin()


def use_up_wal(world):
    """The segments that are there already would last for a while."""
    with contextlib.suppress(RuntimeError, subprocess.TimeoutExpired):
        for _ in range(60):
            world.cluster.sql("SELECT pg_switch_wal()")
            time.sleep(.02)


# -- the network and the mail server

def network(begin):
    def play(world, chance):
        names = chance.sample(sorted(world.proxies), chance.randint(1, len(world.proxies)))
        cuts = sum(proxy.cuts for proxy in world.proxies.values())
        for name in names:
            begin(world.proxies[name], chance)
        world.log(f"at {' '.join(names)}")
        yield chance.uniform(.5, 4)
        for name in names:
            world.proxies[name].heal()
        world.counts["other"] += begin is not cut or sum(proxy.cuts for proxy in world.proxies.values()) > cuts
    return play


def cut(proxy, chance):
    proxy.cut_at(int(10 ** chance.uniform(0, 3.7)), chance.choice(("up", "down")), reset=chance.random() < .5)


def delay(proxy, chance):
    proxy.delay(chance.uniform(.02, .5), jitter=chance.uniform(0, .2))


def misbehave(world, chance):
    size = os.path.getsize(world.mail.ledger)
    cases = chance.sample(MAIL, chance.randint(1, 3))
    rules = [{"verb": verb, "do": do, "times": chance.choice((1, 5, -1))} for verb, do in cases]
    world.mail.rules(*rules)
    world.log(f"mail: {rules}")
    yield chance.uniform(.5, 4)
    world.mail.rules()
    world.counts["other"] += wait_for_words(world.mail.ledger, size, b'"do": "', 0)


FAULTS = (  # times: in one deck
    Fault("kill", "process", 6, kill), Fault("kill all", "process", 2, kill_all), Fault("stop", "process", 3, stop),
    Fault("term", "process", 2, term),
    Fault("restart database", "database", 1, restart_database), Fault("kill database", "database", 1, kill_database),
    Fault("terminate backends", "database", 1, terminate_backends), Fault("freeze standby", "database", 1, freeze_standby),
    Fault("cancel commits", "database", 1, cancel_commits), Fault("promote", "database", 1, promote),
    Fault("cancel and promote", "database", 1, cancel_and_promote),
    Fault("data full", "database", 1, fill("data")), Fault("WAL full", "database", 1, fill("wal")),
    Fault("delay", "network", 1, network(delay)), Fault("cut", "network", 2, network(cut)),
    Fault("reset", "network", 1, network(lambda proxy, _: proxy.reset())),
    Fault("half-open", "network", 1, network(lambda proxy, _: proxy.half_open())),
    Fault("trickle", "network", 1, network(lambda proxy, chance: proxy.trickle(chance.randint(20, 2000)))),
    Fault("refuse", "network", 1, network(lambda proxy, _: proxy.refuse())),
    Fault("mail", "mail", 3, misbehave))
# Never together, or the time from a promotion to the first 2xx says nothing.
NOT_WITH_PROMOTION = {"stop", "delay", "cut", "reset", "half-open", "trickle", "refuse"}
ALONE = {"promote": NOT_WITH_PROMOTION, "cancel and promote": NOT_WITH_PROMOTION}


def deck(chance):
    """Each fault once in any order, then what is left of it."""
    first = list(FAULTS)
    rest = [fault for fault in FAULTS for _ in range(fault.times - 1)]
    chance.shuffle(first)
    chance.shuffle(rest)
    return first + rest


def agree(fault, others):
    return all(fault.group != other.group and fault.name not in ALONE.get(other.name, ()) and
               other.name not in ALONE.get(fault.name, ()) for other in others)


def rounds(seed):
    """Lists of faults that are there at once, without end; the same for the same seed."""
    chance, cards = random.Random(f"rounds-{seed}"), []
    while True:
        if len(cards) < 4:
            cards += deck(chance)
        together, most = [cards.pop(0)], chance.choice((1, 2, 2, 3, 3, 3))
        for card in list(cards[:8]):
            if len(together) < most and agree(card, together):
                cards.remove(card)
                together.append(card)
        yield together


class Nemesis:
    def __init__(self, world, seed):
        self.world, self.seed, self.seen = world, seed, collections.Counter()

    def run(self, seconds):
        """For so long, and until each fault was there once."""
        end = time.monotonic() + seconds
        for place, faults in enumerate(rounds(self.seed)):
            chance = random.Random(f"{self.seed}-{place}")
            time.sleep(chance.uniform(.1, .8))
            if time.monotonic() > end and len(self.seen) == len(FAULTS):
                return
            self.round(faults, chance)

    def round(self, faults, chance):
        world, under_way, began = self.world, [], time.time()
        world.taken = set()
        for fault in faults:
            self.seen[fault.name] += 1
            world.log(f"begin {fault.name}")
            play = fault.play(world, chance)
            under_way.append((time.monotonic() + next(play), fault.name, play))
        for due, name, play in sorted(under_way, key=lambda one: one[0]):
            time.sleep(max(0, due - time.monotonic()))
            world.log(f"heal {name}")
            for _ in play:
                raise AssertionError(f"{name} begins twice")
        self.measure(" + ".join(fault.name for fault in faults))
        if any(fault.group == "database" for fault in faults):
            world.disturb("database", began)

    def measure(self, what):
        world, healed = self.world, time.monotonic()
        took, late = world.progress(healed, BOUND_SECONDS)
        world.log(f"progress {took:.2f} s after {what}")
        world.slowest("progress", took, what)
        if late:
            world.fault(f"{BOUND_SECONDS} s after {what} was healed, not yet: {', '.join(late)}")
        for promoted in world.promoted:
            world.follow()
            first = min((came for _, came in world.accepted if came > promoted), default=float("inf")) - promoted
            world.slowest("promotion", first, what)
            if first > PROMOTION_SECONDS:
                world.fault(f"first 2xx {first:.1f} s after a promotion ({what})")
        world.promoted = []
