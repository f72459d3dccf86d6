"""A walk through Dagster's own web page, as an operator takes it: the graph, a backfill, its end, the checks."""

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from playwright.sync_api import Page, sync_playwright

CHROMIUM = shutil.which("chromium") or "chromium"
PATIENCE = 180_000
"""Milliseconds that a page may take on a busy machine."""
ENDED = re.compile("COMPLETED|FAILED|CANCELED")
STATUS = "{partitionBackfillsOrError {... on PartitionBackfills {results {id status numPartitions}}}}"


def asked(address: str, query: str) -> Any:
    """Ask Dagster's own GraphQL."""
    body = json.dumps({"query": query}).encode()
    with urlopen(Request(f"{address}/graphql", body, {"Content-Type": "application/json"}), timeout=60) as answer:  # noqa: S310 - the loopback
        return json.load(answer)["data"]


def backfills(address: str) -> list[dict[str, Any]]:
    """Give the backfills that Dagster knows, with how they stand."""
    found: list[dict[str, Any]] = asked(address, STATUS)["partitionBackfillsOrError"]["results"]
    return found


Walked = tuple[dict[str, Any], list[str]]


def walk(address: str, first: str, last: str, pictures: Path, patience_seconds: float) -> Walked:
    """Walk; give how the backfill ended, and every address outside this machine that a page asked for."""
    outside: list[str] = []
    known = {one["id"] for one in backfills(address)}
    with sync_playwright() as machine:
        browser = machine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda one: outside.append(one.url) if not _is_here(one.url) else None)

        def take(name: str) -> None:
            page.wait_for_timeout(2000)
            page.screenshot(path=pictures / f"dagster_{name}.png")

        _graph(page, address, take)
        _launch(page, first, last, take)
        until = time.monotonic() + patience_seconds
        while not (ended := [one for one in backfills(address) if one["id"] not in known and _is_over(one)]):
            assert time.monotonic() < until, f"the backfill does not end: {backfills(address)}"
            time.sleep(2)
        page.goto(f"{address}/runs/b/{ended[0]['id']}")
        page.get_by_text("Completed").first.wait_for()
        take("done")
        for asset, check in (("features", "audit"), ("reconciliations", "promises_across_tables")):
            page.goto(f"{address}/assets/{asset}?view=checks&checkDetail={check}")
            page.get_by_text(check).first.wait_for()
            take(f"checks_{asset}")
        browser.close()
    return ended[0], outside


def _is_over(one: dict[str, Any]) -> bool:
    return ENDED.search(one["status"]) is not None


def _is_here(address: str) -> bool:
    return address.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))


def _graph(page: Page, address: str, take: Callable[[str], None]) -> None:
    """Look at the graph with its groups opened."""
    page.goto(f"{address}/asset-groups")
    page.get_by_role("button", name="Materialize all").wait_for()
    page.wait_for_timeout(3000)
    for group in ("every_day", "demo_consumer"):
        page.locator("div", has=page.get_by_text(group, exact=True)).last.dblclick()
        page.wait_for_timeout(3000)
    page.mouse.move(1000, 20)
    take("graph")


def _launch(page: Page, first: str, last: str, take: Callable[[str], None]) -> None:
    """Choose the days and start the backfill."""
    page.get_by_role("button", name="Materialize all").click()
    page.get_by_text("Show all partitions").or_(page.get_by_text("All time")).first.click()
    days = page.get_by_placeholder(re.compile("^ex: "))
    days.fill(f"[{first}...{last}]")
    days.press("Enter")
    page.get_by_text("7 partitions").first.wait_for()
    take("backfill")
    page.get_by_role("button", name="Launch backfill").click()
    page.get_by_role("button", name="Launch backfill").wait_for(state="hidden")
