"""One request: who asks, in which language, for which day and deal; and the answers that it may get."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from starlette.responses import HTMLResponse, RedirectResponse, Response

from pool.people import Person, Role
from runtime import clock
from workbench import words
from workbench.asked import Asked
from workbench.desk import Desk
from workbench.pages import laid_out
from workbench.sheet import Place
from workbench.words import Language

SESSION, VISIT, LANGUAGE = "poolwright_session", "poolwright_visit", "poolwright_language"
"""Cookies: the session, the visit before signing in, the language."""
VIEWS = (
    ("today", "/", "t"),
    ("pool", "/pool", "p"),
    ("receivables", "/receivables", "r"),
    ("proposals", "/proposals", "b"),
    ("ledger", "/ledger", "l"),
    ("models", "/models", "m"),
    ("data", "/data", "d"),
)
"""Views in the order in which they are shown: name, path, and the key that after `g` goes there."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that was let in.

    Args:
        desk: What is looked at.
        method: GET or POST.
        path: Where it goes.
        query: What stands behind the path.
        values: What stood in the path.
        visit_id: Id of the session, or of the visit before signing in.
        language: Language to answer in.
        person: Who is signed in; None before signing in.
        address: Where the request comes from.
        is_secure: Whether it came encrypted.
    """

    desk: Desk
    method: str
    path: str
    query: str
    values: Mapping[str, str]
    visit_id: str
    language: Language
    person: Person | None
    address: str
    is_secure: bool = False
    cookies: list[tuple[str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Name the person who is signed in."""
        return self.person.name if self.person else ""

    @property
    def now(self) -> datetime:
        """Give the moment of the visit."""
        return clock.now()

    def may(self, *roles: Role) -> bool:
        """Tell whether the person has one of the roles."""
        return bool(self.person and self.person.roles & set(roles))

    @property
    def roles(self) -> list[str]:
        """Name the person's roles."""
        return self.person.role_names if self.person else []

    @property
    def may_propose(self) -> bool:
        """Tell whether the person may make proposals."""
        return self.may(Role.PROPOSER)

    @property
    def may_approve(self) -> bool:
        """Tell whether the person may approve and reject."""
        return self.may(Role.APPROVER)

    @property
    def may_settle(self) -> bool:
        """Tell whether the person may book what is approved."""
        return self.may(Role.PROPOSER, Role.APPROVER)

    @property
    def may_audit(self) -> bool:
        """Tell whether the person may read the audit log."""
        return self.may(Role.ADMIN, Role.APPROVER)

    @property
    def back(self) -> str:
        """Give the page to come back to: this one, or the one whose form was sent."""
        if self.method != "GET":
            return self.path.rpartition("/")[0] or "/"
        return f"{self.path}?{self.query}" if self.query else self.path

    def say(self, key: str, **values: object) -> str:
        """Say a sentence in the visitor's language."""
        return words.say(self.language, key, **values)

    def note(self, act: str, **told: str) -> None:
        """Write what the person did into the audit log."""
        self.desk.audit.note(self.now, self.name, act, **told)

    def place(self, asked: Asked) -> Place | None:
        """Give the day and deal that a page is asked for, the latest where none is named."""
        return self.desk.place(getattr(asked, "day", None), getattr(asked, "deal", None))

    def page(self, template: str, place: Place | None = None, status: int = 200, **contents: object) -> Response:
        """Answer with a page; one that speaks of a place says so, and its links lead to pages of the same."""
        here = {"day": place.day.isoformat(), "deal": place.deal.name} if place else {}
        text = laid_out(
            template,
            self.language,
            visit=self,
            here=here,
            place=place,
            places=self.desk.places() if self.person else [],
            views=VIEWS,
            token=self.desk.sessions.token(self.visit_id),
            back=self.back,
            **contents,
        )
        return self.with_cookies(HTMLResponse(text, status))

    def to(self, path: str) -> Response:
        """Answer by sending the browser to another page of ours."""
        return self.with_cookies(RedirectResponse(path, 303))

    def with_cookies(self, answer: Response) -> Response:
        """Give the answer the cookies of the visit, out of reach of scripts and of other sites; an empty one ends."""
        for name, value in self.cookies:
            age = None if value else 0
            answer.set_cookie(name, value, max_age=age, httponly=True, samesite="strict", secure=self.is_secure)
        return answer
