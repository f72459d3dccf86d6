"""Notices that leave the machine, where somebody set an address: a webhook, a mail server; else nothing is sent."""

import json
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from runtime.operations import Mail, Notify, tried
from runtime.settings import Environment
from schemas.errors import ConfigurationError

TOO_MANY = 429
SERVER_ERROR = 500
REFUSED_FOR_GOOD = 500
"""SMTP: replies from 500 on are permanent, those of 400 to 499 may pass."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What people are told.

    Args:
        kind: `failure` or `alarm`.
        title: In a line.
        text: In full.
        facts: The same for machines.
    """

    kind: str
    title: str
    text: str
    facts: Mapping[str, object] = field(default_factory=dict)


def send(notice: Notice, settings: Notify, environment: Environment) -> list[str]:
    """Send a notice everywhere that the settings name; give what went wrong, in a sentence each.

    A notice that cannot be sent does not change how the run ended, so nothing is raised.
    """
    problems: list[str] = []
    for name, post in _posts(notice, settings, environment):
        try:
            tried(post, settings.retries, lambda _error, _pause: None, _may_arrive)
        except (OSError, smtplib.SMTPException, ConfigurationError) as error:
            problems.append(f"no notice by {name}: {type(error).__name__}: {error}")
    return problems


def _posts(notice: Notice, settings: Notify, environment: Environment) -> Iterator[tuple[str, "_Webhook | _Letter"]]:
    secret = environment.webhook_url
    if address := secret.get_secret_value() if secret else settings.webhook:
        yield "webhook", _Webhook(notice, address, settings.timeout_seconds)
    if settings.mail:
        password = environment.mail_password.get_secret_value() if environment.mail_password else ""
        yield "mail", _Letter(notice, settings.mail, password, settings.timeout_seconds)


@dataclass(frozen=True, slots=True)
class _Webhook:
    """A notice that is posted as JSON; `text` is what chat programs show."""

    notice: Notice
    address: str
    timeout: float

    def __call__(self) -> None:
        if urlsplit(self.address).scheme not in {"http", "https"}:
            raise ConfigurationError("a webhook without http or https", "an address", "operations.notify.webhook")
        told = {"kind": self.notice.kind, "title": self.notice.title, "text": self.notice.text, **self.notice.facts}
        body = json.dumps(told, default=str, ensure_ascii=False).encode()
        request = Request(self.address, body, {"Content-Type": "application/json; charset=utf-8"}, method="POST")  # noqa: S310 - checked above
        with urlopen(request, timeout=self.timeout):  # noqa: S310 - checked above
            pass


@dataclass(frozen=True, slots=True)
class _Letter:
    """A notice that a mail server takes."""

    notice: Notice
    mail: Mail
    password: str
    timeout: float

    def __call__(self) -> None:
        message = EmailMessage()
        message["From"], message["To"] = self.mail.sender, ", ".join(self.mail.recipients)
        message["Subject"] = f"Poolwright: {self.notice.title}"
        facts = json.dumps(dict(self.notice.facts), default=str, ensure_ascii=False, indent=2)
        message.set_content(f"{self.notice.text}\n\n{facts}\n")
        trusted = ssl.create_default_context()
        place = (self.mail.host, self.mail.port)
        opened = (
            smtplib.SMTP_SSL(*place, timeout=self.timeout, context=trusted)
            if self.mail.security == "tls"
            else smtplib.SMTP(*place, timeout=self.timeout)
        )
        with opened as server:
            if self.mail.security == "starttls":
                server.starttls(context=trusted)
            if self.mail.user:
                server.login(self.mail.user, self.password)
            server.send_message(message)


def _may_arrive(error: BaseException) -> bool:
    """Tell whether a notice may arrive on the next try."""
    if isinstance(error, HTTPError):
        return error.code == TOO_MANY or error.code >= SERVER_ERROR
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code < REFUSED_FOR_GOOD
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code < REFUSED_FOR_GOOD for code, _ in error.recipients.values())
    return isinstance(error, URLError | smtplib.SMTPServerDisconnected | ConnectionError | TimeoutError)
