"""A real browser before a real workbench: a server on this machine, and a Chromium that may reach nothing else."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from pool.people import Credentials
from runtime.settings import load_settings
from runtime.workspace import Workspace
from tests.workbench import world
from workbench.app import application
from workbench.desk import Desk
from workbench.jobs import COMMAND

CHROMIUM = shutil.which("chromium")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


@contextmanager
def served(home: Path) -> Iterator[tuple[str, Desk]]:
    """Serve a workspace's workbench on a free port of this machine; give its address and its desk."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    space = Workspace(home, load_settings(world.CONF))
    with Desk(space, COMMAND, ("--home", str(home), "--conf", str(world.CONF))) as desk:
        server = uvicorn.Server(uvicorn.Config(application(desk), host="127.0.0.1", port=port, log_level="warning"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", desk
        server.should_exit = True
        thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Open the browser."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


class Window:
    """A window of somebody at the workbench, which notes what the page complains of and where it wants to go."""

    def __init__(self, browser: Browser, address: str, scheme: str = "light", language: str = "en-GB") -> None:
        """Open a window with no cookies."""
        self.address = address
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, color_scheme=scheme, locale=language, accept_downloads=True
        )
        self.page: Page = context.new_page()
        self.page.on("console", lambda said: self._complain(said.type, said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda asked: self._ask(asked.url))

    def _complain(self, kind: str, text: str) -> None:
        if kind == "error" and "status of 4" not in text:
            self.complaints.append(text)

    def _ask(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:")):
            self.elsewhere.append(url)

    def go(self, path: str) -> int:
        """Go to a page; give its status."""
        answer = self.page.goto(self.address + path)
        return answer.status if answer else 0

    def sign_in(self, who: Credentials) -> None:
        """Sign in with the keyboard alone."""
        self.go("/sign-in")
        self.page.focus("[name=name]")
        self.page.keyboard.type(who.name)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(who.secret)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("nav")
        self.page.wait_for_load_state()
