"""Pictures of every view for the docs: `python -m tests.workbench.pictures docs/pictures`."""

import sys
import tempfile
from pathlib import Path

from tests.workbench import world
from tests.workbench.browser import Window, chromium, served

COUNT = 20_000


def main(folder: str) -> None:
    """Make a platform, and look at each view."""
    with tempfile.TemporaryDirectory() as made:
        home = Path(made) / "workspace"
        world.made(home, COUNT)
        with served(home) as (address, desk), chromium() as browser:
            proposal = next(iter(desk.book.now().proposals))
            views = {
                "today": "/",
                "pool": "/pool",
                "receivables": "/receivables?failed=E20",
                "receivable": "/receivables/R000000040",
                "proposal": f"/proposals/{proposal}",
                "ledger": "/ledger",
                "models": "/models",
                "data": "/data",
            }
            for scheme, language, end in (("light", "en-GB", ""), ("dark", "zh-CN", "_zh_dark")):
                window = Window(browser, address, scheme, language)
                window.sign_in(world.BOB)
                for name, path in views.items():
                    if end and name not in ("pool", "receivable"):
                        continue
                    window.go(path)
                    window.page.screenshot(path=str(Path(folder) / f"workbench_{name}{end}.png"))


if __name__ == "__main__":
    main(*sys.argv[1:])
