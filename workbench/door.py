"""The door of every page: who is it, may they, did a page of ours send the form, and is it asked what it can answer?"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from pool.people import Role
from schemas.errors import AccessError, CatalogError, LedgerError, PoolwrightError
from workbench.asked import Asked, asked, pairs_of
from workbench.desk import Desk
from workbench.refusal import Refusal
from workbench.sessions import fresh_id
from workbench.visit import LANGUAGE, SESSION, VISIT, Visit
from workbench.words import Language

MOST_BYTES = 16 * 1024
"""A form is never larger."""
LONGEST_BACK = 1000
"""After signing in one goes to the page that was asked for, if its address is not longer."""
SAME = frozenset({"same-origin", "none"})
"""Where a browser says that a form came from: a page of ours, or the address bar."""
STATUS: tuple[tuple[type[PoolwrightError], int], ...] = ((AccessError, 403), (LedgerError, 409), (CatalogError, 404))
"""What a broken promise becomes; any other is 409: what is asked cannot be done as things stand."""
EVERYBODY = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Door:
    """A page, and who may open it.

    Args:
        path: Its path, with names in braces for what varies.
        method: GET looks, POST acts.
        asks: What it can be asked, the names in its path among that.
        serve: Gives the answer.
        roles: Who may open it: one of these.
        is_public: Whether it opens before signing in.
    """

    path: str
    method: Literal["GET", "POST"]
    asks: type[Asked]
    serve: Callable[[Visit, Any], Response]
    roles: frozenset[Role] = EVERYBODY
    is_public: bool = False


def endpoint(desk: Desk, door: Door) -> Callable[[Request], Awaitable[Response]]:
    """Give what answers the requests at a door."""

    async def answer(request: Request) -> Response:
        body, is_form = b"", True
        if door.method == "POST":
            body = await _body(request)
            is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        return await run_in_threadpool(_answered, desk, door, request, body if is_form else None)

    return answer


async def _body(request: Request) -> bytes:
    """Read what was sent, up to one byte more than a form may have."""
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                break
    except ClientDisconnect:
        return b""
    return body


def visit_of(desk: Desk, request: Request) -> Visit:
    """Find out who comes: the person of a session that lasts, or somebody not known."""
    session_id = request.cookies.get(SESSION, "")
    session = desk.sessions.of(session_id) if session_id else None
    person = desk.person(session.name) if session else None
    visit_id = session_id if person else request.cookies.get(VISIT, "")
    fresh = [] if visit_id else [(VISIT, fresh_id())]
    return Visit(
        desk=desk,
        method=request.method,
        path=request.url.path,
        query=request.url.query,
        values=request.path_params,
        visit_id=visit_id or fresh[0][1],
        language=_language(request),
        person=person,
        address=request.client.host if request.client else "",
        is_secure=request.url.scheme == "https",
        cookies=fresh,
    )


def _language(request: Request) -> Language:
    """Give the language that was chosen, or else the browser's."""
    chosen = request.cookies.get(LANGUAGE) or request.headers.get("accept-language", "")
    return "zh" if chosen.lower().startswith("zh") else "en"


def _answered(desk: Desk, door: Door, request: Request, body: bytes | None) -> Response:
    visit = visit_of(desk, request)
    try:
        given = _let_in(visit, door, request, body)
        return door.serve(visit, given)
    except PoolwrightError as error:
        return refused(visit, _refusal(error))
    except Refusal as refusal:
        return refused(visit, refusal)


def _let_in(visit: Visit, door: Door, request: Request, body: bytes | None) -> Asked:
    """Check everything before a page is made; give what it is asked.

    Raises:
        Refusal: 401, 403 or 422.
    """
    if visit.person is None and not door.is_public:
        raise Refusal(401, "refusal.sign_in")
    if door.method == "GET":
        pairs = request.query_params.multi_items()
    else:
        if body is None or len(body) > MOST_BYTES:
            raise Refusal(422, "refusal.asked")
        pairs = pairs_of(body)
        _refuse_forged(visit, request, dict(pairs))
    if not (door.is_public or visit.may(*door.roles)):
        raise Refusal(403, "refusal.role")
    return asked(door.asks, [*visit.values.items(), *pairs])


def _refuse_forged(visit: Visit, request: Request, given: Mapping[str, str]) -> None:
    """Refuse a form that no page of ours sent to this very visitor."""
    is_same = request.headers.get("sec-fetch-site", "same-origin") in SAME
    origin = request.headers.get("origin")
    is_own = origin in (None, f"{request.url.scheme}://{request.url.netloc}")
    if not (is_same and is_own and visit.desk.sessions.is_ours(visit.visit_id, given.get("token", ""))):
        raise Refusal(403, "refusal.forged")


def _refusal(error: PoolwrightError) -> Refusal:
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 409)
    return Refusal(status, "refusal.promise", f"{error.found} ({error.promised})")


def refused(visit: Visit, refusal: Refusal) -> Response:
    """Answer with the reason; who is not signed in gets the page on which one signs in."""
    if refusal.status == 401:
        return visit.page(
            "sign_in", status=401, goes_to=visit.back if len(visit.back) < LONGEST_BACK else "/", wrong=""
        )
    answer = visit.page("refused", status=refusal.status, refusal=refusal)
    if refusal.seconds:
        answer.headers["retry-after"] = str(refusal.seconds)
    return answer


def bare(desk: Desk, request: Request, status: int) -> Response:
    """Answer a request that found no door."""
    visit = visit_of(desk, request)
    return refused(visit, Refusal(status if visit.person else 401, f"refusal.{status}"))
