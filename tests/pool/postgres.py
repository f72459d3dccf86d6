"""A PostgreSQL server of the tests' own: started as another user, reached through a socket in its own folder."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

PATIENCE = 60.0
SETTINGS = ("listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=100", "shared_buffers=64MB")


def binaries() -> Path | None:
    """Give the folder of the server's programs; None where there is no server on the machine."""
    told = shutil.which("pg_config")
    folders = [Path(subprocess.check_output([told, "--bindir"], text=True).strip())] if told else []  # noqa: S603
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def servant() -> dict[str, str]:
    """Give what makes a subprocess run as somebody else than root, whom the server refuses."""
    if os.getuid() != 0:
        return {}
    names = {one.pw_name for one in pwd.getpwall()}
    return {"user": "postgres" if "postgres" in names else "nobody"}


@contextmanager
def server() -> Iterator[Path]:
    """Run a server for a while; give the folder of its socket, in which `postgres` may do anything.

    Without a server on the machine the tests are skipped, loudly; on a machine that checks changes they fail.
    """
    programs = binaries()
    if programs is None:
        told = (
            "no PostgreSQL server on this machine: install the package postgresql; the ledger is tested on SQLite only"
        )
        if os.environ.get("CI", "") not in ("", "0", "false"):
            pytest.fail(told)
        pytest.skip(told)
    folder = Path(tempfile.mkdtemp(prefix="pool-pg-"))
    somebody = servant()
    if somebody:
        shutil.chown(folder, somebody["user"])
    data = folder / "data"
    make = [programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(make, cwd=folder, check=True, stdout=subprocess.DEVNULL, **somebody)  # type: ignore[call-overload]  # noqa: S603
    options = [word for one in SETTINGS for word in ("-c", one)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603
            [programs / "postgres", "-D", data, "-k", folder, *options],
            cwd=folder,
            stdout=log,
            stderr=log,
            **somebody,  # type: ignore[call-overload]
        )
    try:
        wait_for(folder, process)
        yield folder
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
        shutil.rmtree(folder)


def wait_for(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.05)
        else:
            return


def new_schema(folder: Path, name: str) -> str:
    """Make an empty schema and give the URL under which a ledger lives in it."""
    with psycopg.connect(host=str(folder), user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{name}"')
    return f"postgresql+psycopg://postgres@/postgres?host={folder}&options=-csearch_path%3D{name}"
