"""The command line as processes of their own, which may be killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.pipelines.chain import SECRET, SMALL

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
Moment = Callable[[], bool]


class Machine:
    """A workspace on which commands run as processes of their own, and die when they are told to."""

    def __init__(self, home: Path, conf: Path, entry: Sequence[str] = (sys.executable, "-m", "pipelines")) -> None:
        """Name the workspace, its configuration, and how the command line is started."""
        self.home, self.conf, self.entry = home, conf, entry

    def start(self, *words: str, by: str = "alice") -> subprocess.Popen[bytes]:
        """Start a command in a process group of its own."""
        settings = [word for one in SMALL for word in ("--set", one)]
        line = [*self.entry, *words, "--conf", str(self.conf), *settings]
        secrets = {"POOLWRIGHT_PSEUDONYM_SECRET": SECRET, "POOLWRIGHT_SECRET": f"secret of {by}"}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
        environment = {**inherited, **secrets, "POOLWRIGHT_HOME": str(self.home)}
        quiet = subprocess.DEVNULL
        return subprocess.Popen(line, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)  # noqa: S603

    def kill(self, moment: Moment, *words: str, by: str = "alice") -> None:
        """Run a command and kill it, with all its children, when the moment has come; it must be at work then."""
        process = self.start(*words, by=by)
        until = time.monotonic() + PATIENCE
        while not moment():
            assert process.poll() is None, f"{words} ended before the moment came"
            assert time.monotonic() < until, f"the moment never came for {words}"
            time.sleep(0.0005)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL

    def run(self, *words: str, by: str = "alice") -> None:
        """Run a command to its end."""
        assert self.start(*words, by=by).wait(timeout=1200) == 0, words

    def appears(self, pattern: str) -> Moment:
        """Give the moment when there is one file or folder more of a kind than there was."""
        known = set(self.home.glob(pattern))
        return lambda: not known.issuperset(self.home.glob(pattern))
