"""Notices: they arrive whole, are sent again where that may help, and their failure is told, not raised."""

import email
import email.policy

import pytest
from pydantic import SecretStr

from runtime.notify import Notice, send
from runtime.operations import Mail, Notify, Retries
from runtime.settings import Environment
from tests.runtime.servers import mail_server, webhook

NOTICE = Notice("failure", "run failed: CatalogError", "Found: nothing\nPromised: 数据", {"exit_code": 2, "at": "now"})
AT_ONCE = Retries(attempts=3, first_pause_seconds=0)
NOBODY = Environment()


def by_webhook(port: int) -> Notify:
    """Send to a local webhook."""
    return Notify(webhook=f"http://127.0.0.1:{port}/hook", retries=AT_ONCE, timeout_seconds=5)


def by_mail(port: int) -> Notify:
    """Send to a local mail server."""
    mail = Mail(host="127.0.0.1", port=port, sender="pool@bank.example", recipients=("a@x.example", "b@x.example"))
    return Notify(mail=mail, retries=AT_ONCE, timeout_seconds=5)


def test_a_webhook_gets_one_json_object() -> None:
    """Kind, title, text and facts stand side by side, in UTF-8."""
    with webhook() as server:
        assert send(NOTICE, by_webhook(server.port), NOBODY) == []
    expected = {"kind": "failure", "title": NOTICE.title, "text": NOTICE.text, "exit_code": 2, "at": "now"}
    assert server.bodies == [expected]


def test_a_letter_names_all_recipients_and_says_everything() -> None:
    """Subject, addresses, the text and the facts arrive."""
    with mail_server() as server:
        assert send(NOTICE, by_mail(server.port), NOBODY) == []
    (letter,) = (email.message_from_bytes(body, policy=email.policy.default) for body in server.bodies)
    assert (letter["From"], letter["To"]) == ("pool@bank.example", "a@x.example, b@x.example")
    assert letter["Subject"] == "Poolwright: run failed: CatalogError"
    text = letter.get_content().replace("\r\n", "\n")
    assert NOTICE.text in text
    assert '"exit_code": 2' in text


@pytest.mark.parametrize("codes", [(503, 200), (429, 500, 200)])
def test_a_busy_webhook_is_asked_again(codes: tuple[int, ...]) -> None:
    """Answers that may pass are tried again, and the notice arrives once."""
    with webhook(*codes) as server:
        assert send(NOTICE, by_webhook(server.port), NOBODY) == []
    assert (server.tries, len(server.bodies)) == (len(codes), 1)


def test_a_busy_mail_server_is_asked_again() -> None:
    """A temporary refusal is tried again."""
    with mail_server(451, 250) as server:
        assert send(NOTICE, by_mail(server.port), NOBODY) == []
    assert (server.tries, len(server.bodies)) == (2, 1)


def test_a_refusal_for_good_is_told_at_once() -> None:
    """What cannot get better is not tried again, and is said in a sentence."""
    with webhook(404) as web, mail_server(554) as mail:
        settings = by_mail(mail.port).model_copy(update={"webhook": by_webhook(web.port).webhook})
        problems = send(NOTICE, settings, NOBODY)
    assert (web.tries, mail.tries) == (1, 1)
    assert ["webhook" in problems[0], "404" in problems[0], "mail" in problems[1]] == [True] * 3


def test_nobody_there_is_told_after_all_tries() -> None:
    """A closed port is tried as often as the settings say."""
    with webhook() as server:
        port = server.port
    (problem,) = send(NOTICE, by_webhook(port), NOBODY)
    assert "no notice by webhook" in problem


def test_the_environment_goes_before_the_settings() -> None:
    """An address with a secret in it comes from the environment and is used instead."""
    with webhook() as server:
        secret = Environment(webhook_url=SecretStr(f"http://127.0.0.1:{server.port}/secret"))
        assert send(NOTICE, Notify(webhook="http://127.0.0.1:9/never"), secret) == []
    assert len(server.bodies) == 1


def test_without_an_address_nothing_is_sent() -> None:
    """The house calls nobody by itself; an address that is no web address is refused."""
    assert send(NOTICE, Notify(), NOBODY) == []
    (problem,) = send(NOTICE, Notify(webhook="file:///etc/passwd", retries=AT_ONCE), NOBODY)
    assert "without http or https" in problem
