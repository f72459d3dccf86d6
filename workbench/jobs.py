"""Long work that a page starts and watches: the command line in a process of its own, with its own engine.

The workbench itself starts no engine: its port has no sign-in, and whoever reaches it acts as the batch's user.
"""

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock, Thread

from workbench.sessions import fresh_id

MOST_LINES = 200
MOST_JOBS = 50
ENDED = {0: "done", 1: "refused"}
"""What an exit code of the command line says: 1 is a limit, a check or the ledger that said no."""


@dataclass(slots=True)
class Job:
    """Work that runs, or ran, in the background.

    Args:
        job_id: Its name, which says nothing.
        person: Who started it.
        subject: What it is about, for people.
        begun_at: When.
        lines: What it said of its progress, the latest lines.
        answer: What it gave on standard output.
        state: running, done, refused or failed.
    """

    job_id: str
    person: str
    subject: str
    begun_at: datetime
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_LINES))
    answer: str = ""
    state: str = "running"

    @property
    def proposal_id(self) -> str:
        """Give the proposal that it made; empty while there is none."""
        try:
            told = json.loads(self.answer)
        except ValueError:
            return ""
        return str(told.get("proposal", "")) if isinstance(told, dict) else ""


class Jobs:
    """The background work of a running workbench, one at a time."""

    def __init__(self, command: tuple[str, ...], options: tuple[str, ...]) -> None:
        """Take the words before a command's own, none where nothing may be started, and the options after it."""
        self._command = command
        self._options = options
        self._jobs: dict[str, Job] = {}
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._lock = Lock()

    @property
    def may_start(self) -> bool:
        """Tell whether work can be started now."""
        with self._lock:
            return bool(self._command) and all(job.state != "running" for job in self._jobs.values())

    def all(self) -> list[Job]:
        """Give all jobs, the latest first."""
        with self._lock:
            return list(reversed(self._jobs.values()))

    def get(self, job_id: str) -> Job | None:
        """Give a job by name."""
        with self._lock:
            return self._jobs.get(job_id)

    def start(self, job: tuple[str, str, datetime], words: Sequence[str], secret: str) -> Job | None:
        """Start a command; the secret goes by its environment, where no list of processes shows it.

        Args:
            job: Who starts it, what it is about, and when.
            words: The command's own words.
            secret: The secret of who acts.

        Returns:
            The job, or None where another one runs.
        """
        if not self.may_start:
            return None
        made = Job(fresh_id()[:16], *job)
        environment = {**os.environ, "POOLWRIGHT_SECRET": secret, "NO_COLOR": "1", "COLUMNS": "120"}
        process = subprocess.Popen(  # noqa: S603 - our own command; every word was checked
            [*self._command, *words, *self._options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        with self._lock:
            self._jobs[made.job_id] = made
            self._processes[made.job_id] = process
            while len(self._jobs) > MOST_JOBS:
                self._jobs.pop(next(iter(self._jobs)))
        Thread(target=_watch, args=(made, process), daemon=True).start()
        return made

    def close(self) -> None:
        """End what still runs."""
        for process in self._processes.values():
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=30)


def _watch(job: Job, process: "subprocess.Popen[str]") -> None:
    reader = Thread(target=_read_answer, args=(job, process), daemon=True)
    reader.start()
    for line in process.stderr or ():
        if line.strip():
            job.lines.append(line.rstrip())
    reader.join()
    job.state = ENDED.get(process.wait(), "failed")


def _read_answer(job: Job, process: "subprocess.Popen[str]") -> None:
    job.answer = (process.stdout.read() if process.stdout else "").strip()


COMMAND = (sys.executable, "-m", "pipelines")
"""How this installation calls its own command line."""
