"""How unattended runs behave: how long they wait, how often they try again, whom they tell, what Dagster offers."""

from collections.abc import Callable
from datetime import date
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from runtime import clock
from runtime.passing import is_passing

Result = TypeVar("Result")


class Retries(BaseModel):
    """How often work is tried, and how long is waited between.

    Args:
        attempts: Tries in all; 1 tries nothing again.
        first_pause_seconds: Pause after the first failure; each later one is twice the one before.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(default=3, ge=1)
    first_pause_seconds: float = Field(default=5.0, ge=0)


class Mail(BaseModel):
    """The mail server that takes notices; the password, where it asks for one, is POOLWRIGHT_MAIL_PASSWORD.

    Args:
        host: Name of the server.
        port: Its port.
        security: `none`, `starttls`, or `tls` from the first byte.
        sender: Address in From.
        recipients: Addresses in To.
        user: Who signs in; empty where nobody does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    port: int = Field(default=25, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "none"
    sender: str
    recipients: tuple[str, ...] = Field(min_length=1)
    user: str = ""


class Notify(BaseModel):
    """Whom a failure or an alarm is told.

    Args:
        webhook: Address that a notice is posted to as JSON; POOLWRIGHT_WEBHOOK_URL goes before it.
        mail: Mail server and addresses.
        alarms: Which alarms of `monitor` are told: `none`, those that `stop`, or all of them (`look`).
        retries: How often a notice is sent that did not arrive.
        timeout_seconds: How long a server may take to answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    webhook: str = ""
    mail: Mail | None = None
    alarms: Literal["none", "stop", "look"] = "stop"
    retries: Retries = Retries(attempts=3, first_pause_seconds=2.0)
    timeout_seconds: float = Field(default=10.0, gt=0)


class OperationsSettings(BaseModel):
    """How unattended runs behave (section `operations` of the settings).

    Args:
        wait_seconds: How long a run waits for another one to leave the workspace before it gives up.
        retries: How often a stage is tried whose failure may pass by itself.
        days_together: Days of a backfill whose logs are swept in one pass.
        notify: Whom a failure or an alarm is told.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    wait_seconds: float = Field(default=0.0, ge=0)
    retries: Retries = Retries()
    days_together: int = Field(default=7, ge=1)
    notify: Notify = Notify()


class DagsterSettings(BaseModel):
    """What the Dagster face offers (section `dagster` of the settings).

    Args:
        deals: Deals that every day is screened for.
        first_on: First as-of day that has a partition.
        hour: When the schedule runs the day that has begun: the hour, in the platform's time zone.
        minute: And the minute.
        source: Source mapping by which raw logs are ingested; empty where somebody else ingests.
        folder: Folder with the platform's raw files.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    deals: tuple[str, ...] = ("demo_consumer",)
    first_on: date = date(2024, 1, 1)
    hour: int = Field(default=6, ge=0, le=23)
    minute: int = Field(default=30, ge=0, le=59)
    source: str = ""
    folder: str = ""


def tried(
    work: Callable[[], Result],
    retries: Retries,
    failed: Callable[[Exception, float], None],
    passes: Callable[[BaseException], bool] = is_passing,
) -> Result:
    """Do work, and do it again after a pause where its failure may pass by itself.

    Args:
        work: What to do.
        retries: How often, with which pauses.
        failed: Called with the error and the seconds until the next try, before each pause.
        passes: Which failures may pass.
    """
    pause = retries.first_pause_seconds
    for _ in range(retries.attempts - 1):
        try:
            return work()
        except Exception as error:
            if not passes(error):
                raise
            failed(error, pause)
        clock.pause(pause)
        pause *= 2
    return work()
