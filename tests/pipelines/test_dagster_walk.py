"""A backfill of seven days through Dagster's own web page, with the checks looked at, in Debian's Chromium.

The pictures go where POOLWRIGHT_PICTURES says, so that those of the docs can be made anew; else to a temporary folder.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.error import URLError

import pytest
import yaml

from runtime.settings import load_settings
from tests.pipelines.chain import DEAL, FIRST_DAY, MONDAY, SECRET, SMALL, Chain
from tests.pipelines.dagster_page import asked, walk

FIRST, LAST = (MONDAY - timedelta(days=6)).isoformat(), MONDAY.isoformat()
QUIET = {"telemetry": {"enabled": False}, "nux": {"enabled": False}}
PATIENCE = 1500.0
CHECKS = """{assetNodes(assetKeys: [{path: ["%s"]}]) {assetChecksOrError {... on AssetChecks {checks {
  name executionForLatestMaterialization {status evaluation {success}}}}}}}"""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@contextmanager
def served(home: Path, conf: Path, place: Path) -> Iterator[str]:
    """Run Dagster's web page and daemon on the loopback; give the address."""
    dagster_home = place / "dagster"
    dagster_home.mkdir()
    (dagster_home / "dagster.yaml").write_text(yaml.safe_dump(QUIET), "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    named = {"DAGSTER_HOME": dagster_home, "POOLWRIGHT_HOME": home, "POOLWRIGHT_CONF": conf}
    given = {**{name: str(path) for name, path in named.items()}, "POOLWRIGHT_ENV": "walk"}
    environment = {**os.environ, **given, "POOLWRIGHT_PSEUDONYM_SECRET": SECRET}
    line = [sys.executable, "-m", "dagster", "dev", "-m", "pipelines.dagster_face", "-h", "127.0.0.1", "-p", str(port)]
    with (place / "dagster.log").open("wb") as log:
        process = subprocess.Popen(line, env=environment, stdout=log, stderr=log, start_new_session=True)  # noqa: S603
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process, place / "dagster.log")
        yield address
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 300
    while True:
        try:
            if asked(address, "{version}")["version"]:
                return
        except (URLError, ConnectionError, TimeoutError):
            assert process.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < until, log.read_text("utf-8")
        time.sleep(1)


def test_seven_days_through_the_page(trained: Chain, tmp_path: Path) -> None:
    """The backfill completes, every table has its seven partitions, checks pass, and no request leaves the machine."""
    conf = tmp_path / "conf"
    shutil.copytree(trained.space.settings.folder, conf)
    tree = load_settings(conf, overrides=[*SMALL, f"dagster.first_on={FIRST_DAY}", f"dagster.deals=[{DEAL}]"]).tree
    (conf / "env" / "walk.yaml").write_text(yaml.safe_dump(tree), "utf-8")
    pictures = Path(os.environ.get("POOLWRIGHT_PICTURES", tmp_path))
    with served(trained.space.home, conf, tmp_path) as address:
        ended, outside = walk(address, FIRST, LAST, pictures, PATIENCE)
        found = {name: asked(address, CHECKS % name) for name in ("features", "receivable_states", "reconciliations")}
    assert (ended["status"], ended["numPartitions"]) == ("COMPLETED_SUCCESS", 7)
    assert outside == []
    for name in ("receivable_states", "features", "receivable_tags", "screenings"):
        days = {str(part["as_of"]) for part in trained.space.catalog.partitions(name)}
        assert {(MONDAY - timedelta(days=n)).isoformat() for n in range(7)} <= days, name
    for name, told in found.items():
        checks = told["assetNodes"][0]["assetChecksOrError"]["checks"]
        audits = [one for one in checks if one["name"] == "audit"]
        assert [one["executionForLatestMaterialization"]["evaluation"]["success"] for one in audits] == [True], name
    assert len(list(pictures.glob("dagster_*.png"))) == 5
