"""Coming and going: sign in, sign out, choose a language."""

from starlette.responses import Response

from pool.people import Credentials, Role
from schemas.errors import AccessError
from workbench.asked import Gate, SignIn, SignOut, Speak
from workbench.sessions import fresh_id
from workbench.visit import LANGUAGE, SESSION, VISIT, Visit


def gate(visit: Visit, asked: Gate) -> Response:
    """Show the page on which one signs in."""
    return visit.page("sign_in", goes_to=asked.back, wrong="")


def sign_in(visit: Visit, asked: SignIn) -> Response:
    """Let a person in who knows their secret: a new session under a new id, whatever id the browser came with."""
    desk, name = visit.desk, asked.name
    by = Credentials(name, asked.secret.get_secret_value())
    try:
        with desk.throttle.guess(f"name {name}", f"address {visit.address}"):
            person = desk.book.store.authenticated(by, frozenset(Role))
    except AccessError:
        desk.audit.note(visit.now, name, "sign_in_refused", address=visit.address)
        return visit.page("sign_in", status=401, goes_to=asked.back, wrong=name)
    desk.audit.note(visit.now, person.name, "sign_in", address=visit.address)
    visit.cookies[:] = [(SESSION, desk.sessions.begin(person.name)), (VISIT, "")]
    return visit.to(asked.back)


def sign_out(visit: Visit, _asked: SignOut) -> Response:
    """End the session."""
    visit.note("sign_out")
    visit.desk.sessions.end(visit.visit_id)
    visit.cookies[:] = [(SESSION, ""), (VISIT, fresh_id())]
    return visit.to("/")


def speak(visit: Visit, asked: Speak) -> Response:
    """Change the language."""
    visit.cookies.append((LANGUAGE, asked.language))
    return visit.to(asked.back)
