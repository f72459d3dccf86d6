"""How fast the workbench answers over a million receivables: the median of 50 requests a view, from a real server.

Usage: workbench_speed.py [--receivables N] [--requests N] FOLDER
Published tables are written straight into a workspace in FOLDER, if none is there (tests/workbench/world.py). The
server is a process of its own, started by the command line; a request is timed from its sending until the last byte of
its answer. Requests of one view ask for different things: another receivable, page, filter or search each. `first` is
the first request of that view since the server started. The last line is JSON.
"""

import argparse
import http.client
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from tests.workbench import world

PORT = 8391
START_SECONDS = 600
Answer = tuple[int, dict[str, str], str]


class Browser:
    """A visitor with cookies, one connection."""

    def __init__(self, port: int) -> None:
        """Come without cookies."""
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._cookies: dict[str, str] = {}

    def ask(self, path: str, form: dict[str, str] | None = None) -> Answer:
        """Ask for a page, or send a form."""
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        body = urlencode(form) if form else None
        if form:
            headers["content-type"] = "application/x-www-form-urlencoded"
        self._connection.request("POST" if form else "GET", path, body, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self._cookies[key] = rest.partition(";")[0]
        return answer.status, dict(answer.getheaders()), text

    def sign_in(self, name: str) -> None:
        """Sign in by the secret that everybody has in the made world."""
        _, _, text = self.ask("/sign-in")
        found = re.search(r'name="token" value="(\w+)"', text)
        token = found.group(1) if found else ""
        status, _, _ = self.ask("/sign-in", {"token": token, "name": name, "secret": f"secret of {name}"})
        if status != http.client.SEE_OTHER:
            raise SystemExit(f"not signed in: {status}")


def views(count: int, proposal: str) -> dict[str, Callable[[int], str]]:
    """Give for each view the address of its n-th request."""
    receivable = [f"R{number * 7919 % count:09d}" for number in range(1000)]

    def listed(**asked: object) -> str:
        return f"/receivables?{urlencode(asked)}"

    return {
        "Today": lambda _: "/",
        "Receivables": lambda n: listed(page=n + 1),
        "Pool": lambda _: "/pool",
        "Receivables, search": lambda n: listed(search=receivable[n]),
        "Receivables, by borrower": lambda n: listed(search=f"B{n * 7919 % (count // 3):08d}"),
        "Receivables, failed clause": lambda n: listed(failed="E38", page=n + 1),
        "Receivables, late, sorted": lambda n: listed(
            late="30-59", sort="default_probability", order="down", page=n + 1
        ),
        "Receivables, grade, sorted": lambda n: listed(
            grade="C", sort="current_principal_amount", order="down", page=n + 1
        ),
        "Receivables, merchant": lambda n: listed(merchant=f"M{n:05d}"),
        "Receivables, far page": lambda n: listed(sort="annual_rate", page=count // 50 - n),
        "Receivables, CSV of a merchant": lambda n: f"/receivables.csv?merchant=M{n:05d}",
        "One receivable": lambda n: f"/receivables/{receivable[n]}",
        "Proposals": lambda _: "/proposals",
        "Proposal": lambda n: f"/proposals/{proposal}?page={n + 1}",
        "Ledger": lambda _: "/ledger",
        "Models": lambda _: "/models",
        "Data": lambda n: f"/data?page={n + 1}",
    }


def timed(browser: Browser, path: str) -> float:
    """Time one request, in milliseconds."""
    begun = time.perf_counter()
    status, _, text = browser.ask(path)
    spent = (time.perf_counter() - begun) * 1000
    if status != http.client.OK:
        raise SystemExit(f"{path} gave {status}: {text[:400]}")
    return spent


@contextmanager
def served(home: Path) -> Iterator[float]:
    """Start the server and give the seconds that it took to open; stop it afterwards."""
    begun = time.perf_counter()
    words = [
        sys.executable,
        "-m",
        "pipelines",
        "ui",
        "--home",
        str(home),
        "--conf",
        str(world.CONF),
        "--port",
        str(PORT),
    ]
    server = subprocess.Popen(  # noqa: S603 - our own command line
        words, stderr=subprocess.DEVNULL
    )
    try:
        while time.perf_counter() - begun < START_SECONDS and server.poll() is None:
            try:
                Browser(PORT).ask("/sign-in")
                break
            except OSError:
                time.sleep(0.1)
        yield time.perf_counter() - begun
    finally:
        server.terminate()
        server.wait(timeout=60)


def main() -> None:
    """Make the workspace, ask, and print a table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--receivables", type=int, default=1_000_000)
    asked.add_argument("--requests", type=int, default=50)
    asked.add_argument("folder", type=Path)
    given = asked.parse_args()
    home = given.folder.resolve() / f"workbench-{given.receivables}"
    if not (home / "made").exists():
        world.made(home, given.receivables)
        (home / "made").touch()
    with world.desk(home) as desk:
        proposal = next(iter(desk.book.now().proposals))
    table: dict[str, tuple[float, float, float]] = {}
    with served(home) as opened:
        browser = Browser(PORT)
        browser.sign_in("carol")
        for name, path in views(given.receivables, proposal).items():
            spent = [timed(browser, path(number)) for number in range(given.requests)]
            table[name] = (spent[0], statistics.median(spent), max(spent))
    print(f"{given.receivables:,} open receivables; the server was open after {opened:.1f} s\n")
    print(f"{'view':32} {'first, ms':>10} {'median, ms':>11} {'slowest, ms':>12}")
    for name, (first, median, slowest) in table.items():
        print(f"{name:32} {first:10.0f} {median:11.0f} {slowest:12.0f}")
    medians = {name: round(median) for name, (_, median, _) in table.items()}
    firsts = {name: round(first) for name, (first, _, _) in table.items()}
    told = {
        "receivables": given.receivables,
        "open_seconds": round(opened, 1),
        "median_ms": medians,
        "first_ms": firsts,
    }
    print(json.dumps({**told, "slowest_median_ms": max(medians.values()), "first_page_ms": firsts["Today"]}))


if __name__ == "__main__":
    main()
