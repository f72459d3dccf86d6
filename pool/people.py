"""People who act on the ledger: their roles, and the secrets by which they are known."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from schemas.errors import AccessError


class Role(Enum):
    """What a person may do."""

    VIEWER = "viewer"
    PROPOSER = "proposer"
    APPROVER = "approver"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Cost:
    """How much work one guess at a secret costs; the defaults take about 50 ms and 64 MiB."""

    rounds: int = 3
    memory_kib: int = 65_536
    lanes: int = 2

    @property
    def hasher(self) -> PasswordHasher:
        """Give the argon2id hasher of that cost."""
        return PasswordHasher(time_cost=self.rounds, memory_cost=self.memory_kib, parallelism=self.lanes)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name and the secret that goes with it; the secret is never shown."""

    name: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may act."""

    name: str
    roles: frozenset[Role]
    secret_hash: str = field(repr=False)

    @property
    def role_names(self) -> list[str]:
        """Name what the person may do, in order."""
        return sorted(role.value for role in self.roles)

    @property
    def enrolment(self) -> dict[str, Any]:
        """Give what the ledger says of the person: roles, and a hash of the salted hash, by which a change shows."""
        return enrolment(",".join(self.role_names), self.secret_hash)


def enrolment(roles: str, secret_hash: str) -> dict[str, Any]:
    """Give what the ledger says of a person with these roles, joined by commas, and this secret."""
    return {"roles": roles.split(","), "secret_digest": hashlib.sha256(secret_hash.encode()).hexdigest()}


MIN_SECRET = 8


def enrol(credentials: Credentials, roles: frozenset[Role], cost: Cost) -> Person:
    """Make a person who is known by a secret; only its argon2id hash is kept.

    Raises:
        AccessError: The name is empty, the secret is short, or there are no roles.
    """
    if not credentials.name.strip() or len(credentials.secret) < MIN_SECRET or not roles:
        raise AccessError(
            f"{credentials.name!r} with {len(roles)} role(s) and a secret of {len(credentials.secret)} characters",
            f"a name, at least one role and a secret of at least {MIN_SECRET} characters",
        )
    return Person(credentials.name, roles, cost.hasher.hash(credentials.secret))


def authenticate(people: Mapping[str, Person], credentials: Credentials, wanted: frozenset[Role], cost: Cost) -> Person:
    """Give the person behind the credentials, if the secret is theirs and they have one of the wanted roles.

    Raises:
        AccessError: Unknown name or wrong secret (told apart for nobody), or none of the roles.
    """
    person = people.get(credentials.name)
    kept = person.secret_hash if person else cost.hasher.hash("no such person")
    if not _matches(kept, credentials.secret, cost) or person is None:
        raise AccessError(
            f"the secret given for {credentials.name!r}",
            "an enrolled person's name with their own secret",
            "the name, or the secret in POOLWRIGHT_SECRET; people list names who is enrolled, people add enrols",
        )
    if not person.roles & wanted:
        names = " or ".join(sorted(role.value for role in wanted))
        raise AccessError(
            f"{person.name} is {', '.join(person.role_names)}",
            f"whoever does this is {names}",
            "poolwright people list",
        )
    return person


def _matches(secret_hash: str, secret: str, cost: Cost) -> bool:
    try:
        return cost.hasher.verify(secret_hash, secret)
    except (Argon2Error, InvalidHashError):
        return False
