"""Every notebook runs as a plain script."""

import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path) -> None:
    """From a clean process, without an error."""
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
