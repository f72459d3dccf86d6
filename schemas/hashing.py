"""Canonical hashing: what makes two runs, two engines or two documents equal."""

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

SEPARATOR = "|"


def canonical_json(value: object) -> str:
    """Write a plain value as JSON in one way only: sorted keys, no spaces, no NaN.

    >>> canonical_json({"b": 1, "a": [True, None]})
    '{"a":[true,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=str)


def digest(value: object) -> str:
    """Give the SHA-256 of a plain value's canonical JSON, as 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def length_prefixed(parts: Iterable[str]) -> str:
    """Join texts so that no two different lists give the same text.

    >>> length_prefixed(["ab", "c"]), length_prefixed(["a", "bc"])
    ('2:ab|1:c', '1:a|2:bc')
    """
    return SEPARATOR.join(f"{len(part)}:{part}" for part in parts)


def receivable_key(
    originator_id: str, contract_no: str, order_id: str | None, original_principal_amount: Decimal, disbursed_on: date
) -> str:
    """Give the identity of a receivable for the single-pledge rule.

    SHA-256 over the length-prefixed originator, contract number, order (empty when none), original principal in minor
    units and disbursement day (ISO); lengths count characters. It holds no pseudonym, so rotating the secret cannot
    let a receivable in twice.

    >>> receivable_key("O1", "C1", None, Decimal("12.30"), date(2025, 1, 2))[:16]
    'f8b4a42adb6d0458'
    """
    minor = str(int(original_principal_amount * 100))
    parts = [originator_id, contract_no, order_id or "", minor, disbursed_on.isoformat()]
    return hashlib.sha256(length_prefixed(parts).encode()).hexdigest()
