"""Apache Spark beyond this process: which master, which Python its workers run, and how our packages get to them.

Three ways lead to a session. This process starts its driver itself: then the settings say everything. `spark-submit`
started it: then master, memory and files are what that was told, and what the settings leave open stays as it is.
Or a Spark Connect endpoint (`sc://`) has the driver, and what its workers run was decided there.
"""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from runtime.settings import EngineSettings, is_submitted
from schemas.errors import EngineError

SUFFIXES = (".tar.gz", ".tgz", ".tar", ".zip")
"""What Apache Spark unpacks; it goes by the name."""
ENVIRONMENT, PACKAGES = "environment", "packages"
LOOPBACK = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
QUIET = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}


def master_of(settings: EngineSettings) -> str:
    """Give the master that the settings name; empty where `spark-submit` knows it.

    >>> master_of(EngineSettings(name="spark"))
    'local[*]'
    """
    return settings.master or ("" if is_submitted() else "local[*]")


def python_of_workers(settings: EngineSettings) -> str:
    """Give the Python that runs our functions: the shipped one, what `spark-submit` was told, or this one."""
    if _is_shipped(settings, settings.environment):
        return f"./{ENVIRONMENT}/bin/python"
    told = os.environ.get("PYSPARK_PYTHON") if is_submitted() else None
    return told or sys.executable


def driver_options(settings: EngineSettings) -> dict[str, str]:
    """Give the options of a driver: its master, what it ships, and, where it is started here, its size and address.

    Raises:
        EngineError: A file that is to be shipped is not there, or Apache Spark would not unpack it.
    """
    master = master_of(settings)
    options = {"spark.master": master} if master else {}
    if not is_submitted():
        options |= QUIET | {"spark.driver.memory": settings.memory}
    if _is_here(master):
        options |= LOOPBACK
    return options | _shipped(settings)


def _shipped(settings: EngineSettings) -> dict[str, str]:
    """Give the options that put archives beside each worker, unpacked, and ours before all other packages."""
    named = {ENVIRONMENT: settings.environment, PACKAGES: settings.packages}
    wanted = [f"{_address(place)}#{name}" for name, place in named.items() if _is_shipped(settings, place)]
    options = {"spark.archives": ",".join(wanted)} if wanted else {}
    if _is_shipped(settings, settings.packages):
        options["spark.executorEnv.PYTHONPATH"] = f"./{PACKAGES}"
    return options


def _is_shipped(settings: EngineSettings, place: str) -> bool:
    """Tell whether something is named and has where to go: the workers of `local[N]` are the driver's own."""
    master = master_of(settings)
    return bool(place) and master != "local" and not master.startswith("local[")


def _address(place: str) -> str:
    """Give where an archive is: a file's whole path, or an address as it is."""
    if not place.endswith(SUFFIXES):
        raise EngineError(f"archive {place}", f"a name that ends in {', '.join(SUFFIXES)}", "make dist names them so")
    if "://" in place:
        return place
    path = Path(place).resolve()
    if not path.is_file():
        raise EngineError(
            f"no file {path}", "an archive for the workers", "make dist, or engine.environment, .packages"
        )
    return str(path)


def _is_here(master: str) -> bool:
    """Tell whether the whole cluster is on this machine, so that nothing need listen beyond the loopback.

    >>> [_is_here(each) for each in ("local[2]", "spark://127.0.0.1:7077", "spark://head:7077", "yarn", "")]
    [True, True, False, False, False]
    """
    if master.startswith("local"):
        return True
    return urlsplit(master).hostname in {"127.0.0.1", "localhost"}
