"""Processes that race to pledge overlapping lists, round by round, while some of them are killed."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from pool.ledger import Item, PurchaseList
from pool.people import Role
from pool.store import LedgerStore
from schemas.errors import LedgerError
from tests.pool.purchases import ANN, AT, BOB, CHEAP, DAY, INPUTS, PRICE, ROOT, paid, reviewed

PROCESSES = 16
CONTESTED = 5
"""Keys that all processes of a round want some of."""
PATIENCE = 120.0
Heard = tuple[int, str, str]
"""Sequence, kind and hash of an entry that the ledger told a process it had made."""


def wanted(seed: int, number: int, worker: int) -> PurchaseList:
    """Give what a process wants to buy in a round: two or three contested receivables and one of its own."""
    chance = random.Random(f"{seed}/{number}/{worker}")  # noqa: S311 - a seeded game
    contested = chance.sample(range(CONTESTED), chance.choice((2, 3)))
    keys = [*(f"r{number}-k{one}" for one in contested), f"r{number}-w{worker}"]
    items = tuple(Item(key, f"id-{key}", 1000, PRICE) for key in keys)
    return PurchaseList(f"deal_{worker}", "deal-hash", DAY, 100_000, items, INPUTS)


def work(url: str, seed: int, worker: int, channel: Connection) -> None:
    """Take part in every round that is called, and say after each act what the ledger confirmed."""
    with LedgerStore(url, CHEAP) as store:
        channel.send("ready")
        while (number := channel.recv()) is not None:
            _play(store, wanted(seed, number, worker), channel)
            channel.send("done")


def _play(store: LedgerStore, purchase: PurchaseList, channel: Connection) -> None:
    try:
        made = store.propose(purchase, ANN, AT).entry
        channel.send((made.sequence, made.kind.value, made.entry_hash))
        made = store.approve(purchase.proposal_id, BOB, AT, reviewed()).entry
        channel.send((made.sequence, made.kind.value, made.entry_hash))
        made = store.book(purchase.proposal_id, ANN, AT, paid(len(purchase.items))).entry
        channel.send((made.sequence, made.kind.value, made.entry_hash))
    except LedgerError:
        return


@dataclass
class Race:
    """A number of rounds on one database.

    Args:
        url: The ledger.
        rounds: How many.
        kills: In how many of the rounds one process is killed, at a random moment.
        seed: Of lists, victims and moments.
    """

    url: str
    rounds: int
    kills: int = 0
    seed: int = 20_250_601
    heard: list[Heard] = field(default_factory=list)
    killed: int = 0

    def run(self) -> None:
        """Enrol, race, and wait for everybody."""
        with LedgerStore(self.url, CHEAP) as store:
            store.add_person(ROOT, frozenset({Role.ADMIN}), AT)
            store.add_person(ANN, frozenset({Role.PROPOSER}), AT, ROOT)
            store.add_person(BOB, frozenset({Role.APPROVER}), AT, ROOT)
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["tests.pool.race"])
        self.runners: list[tuple[BaseProcess, Connection]] = [self._start(one) for one in range(PROCESSES)]
        chance = random.Random(self.seed)  # noqa: S311 - a seeded game
        deadly = set(chance.sample(range(self.rounds), self.kills))
        for number in range(self.rounds):
            self._round(number, chance if number in deadly else None)
        for process, channel in self.runners:
            channel.send(None)
            process.join(PATIENCE)
            assert process.exitcode == 0

    def _start(self, worker: int) -> tuple[BaseProcess, Connection]:
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=work, args=(self.url, self.seed, worker, theirs), daemon=True)
        process.start()
        theirs.close()
        assert ours.recv() == "ready"
        return process, ours

    def _round(self, number: int, chance: random.Random | None) -> None:
        for _, channel in self.runners:
            channel.send(number)
        victim = self._kill(chance) if chance else None
        playing = {channel: worker for worker, (_, channel) in enumerate(self.runners)}
        until = time.monotonic() + PATIENCE
        while playing:
            ready = wait(list(playing), timeout=PATIENCE)
            assert ready, f"round {number} does not end: {sorted(playing.values())}"
            assert time.monotonic() < until
            for channel in ready:
                self._hear(channel, playing)  # type: ignore[arg-type]
        if victim is not None:
            self.runners[victim][0].join(PATIENCE)
            self.runners[victim] = self._start(victim)

    def _kill(self, chance: random.Random) -> int:
        victim = chance.randrange(PROCESSES)
        time.sleep(chance.uniform(0, 0.25))
        pid = self.runners[victim][0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self.killed += 1
        return victim

    def _hear(self, channel: Connection, playing: dict[Connection, int]) -> None:
        try:
            told: Any = channel.recv()
        except (EOFError, ConnectionResetError):
            del playing[channel]
            return
        if told == "done":
            del playing[channel]
        else:
            self.heard.append(told)


def check(race: Race) -> dict[str, int]:
    """Hold the ledger against what the processes heard: nothing twice, nothing lost, chain valid; give its figures."""
    with LedgerStore(race.url, CHEAP) as store:
        assert store.verify(store.head()) is None
        entries, keys = store.history(), store.pledged_keys()
        held = store.positions()
    there: set[Heard] = {(entry.sequence, entry.kind.value, entry.entry_hash) for entry in entries}
    assert set(race.heard) <= there, "an entry that was confirmed is lost"
    assert len(race.heard) == len(set(race.heard)), "an entry was confirmed twice"
    owners: dict[str, list[str]] = {}
    for one in held:
        owners.setdefault(one.receivable_key, []).append(one.deal)
    assert {key: names for key, names in owners.items() if len(names) > 1} == {}, "pledged twice"
    assert set(owners) == keys
    booked = _booked(entries)
    assert {one.purchase_id for one in held} == set(booked)
    assert sum(booked.values()) == len(held), "a purchase is booked in part"
    rounds = {int(key[1:].split("-")[0]) for key in keys}
    assert len(rounds) >= race.rounds - race.killed, "in a round nobody got anything"
    return {"entries": len(entries), "booked": len(booked), "held": len(held), "killed": race.killed}


def _booked(entries: Sequence[Any]) -> dict[str, int]:
    counts = {one.proposal_id: one.payload["count"] for one in entries if one.kind.value == "PROPOSED"}
    return {one.proposal_id: counts[one.proposal_id] for one in entries if one.kind.value == "BOOKED"}
