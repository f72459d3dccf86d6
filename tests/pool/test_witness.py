"""The head that leaves the house: signed by whoever keeps it, and worthless once a byte is changed."""

import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from pool.witness import head_statement, new_key, read_statement
from schemas.errors import ConfigurationError, LedgerError
from schemas.hashing import canonical_json

AT = datetime(2025, 6, 1, 9, tzinfo=UTC)
HEAD = (7, "ab" * 32)
PRIVATE, PUBLIC = new_key()
SIGNED = head_statement(HEAD, AT, PRIVATE)


def test_a_signed_head_is_read_with_its_key_and_without() -> None:
    """The head comes back; unsigned it does so too, but not where a signer is asked for."""
    assert read_statement(SIGNED, PUBLIC) == read_statement(SIGNED) == HEAD
    assert read_statement(head_statement(HEAD, AT)) == HEAD
    with pytest.raises(LedgerError, match="not signed by that key"):
        read_statement(head_statement(HEAD, AT), PUBLIC)


def test_another_key_is_not_that_key() -> None:
    """Whoever signs a head of their own is not the witness that is trusted."""
    other, other_public = new_key()
    with pytest.raises(LedgerError, match="not signed by that key"):
        read_statement(head_statement(HEAD, AT, other), PUBLIC)
    said = json.loads(SIGNED)
    said["public_key"] = other_public.decode()
    with pytest.raises(LedgerError, match="changed after"):
        read_statement(f"{canonical_json(said)}\n".encode())


def test_every_changed_byte_of_a_signed_head_is_refused() -> None:
    """Each byte in turn, whatever becomes of the JSON; the closing line break alone says nothing."""
    for place in range(len(SIGNED) - 1):
        for other in {SIGNED[place] ^ 1, SIGNED[place] ^ 32, 0x20}:
            altered = SIGNED[:place] + bytes([other]) + SIGNED[place + 1 :]
            if altered == SIGNED:
                continue
            with pytest.raises(LedgerError):
                read_statement(altered, PUBLIC)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"null", b"\xff", b'{"sequence": 1, "entry_hash": "x", "signature": 1}']
)
def test_what_is_no_statement_is_refused(content: bytes) -> None:
    """In plain sentences."""
    with pytest.raises(LedgerError):
        read_statement(content)


def test_wrong_keys_are_told() -> None:
    """No PEM, a public key in the place of a private one, another kind of key; and an empty ledger has no head."""
    elliptic = generate_private_key(SECP256R1())
    pem = elliptic.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for key in (b"x", PUBLIC, pem):
        with pytest.raises(ConfigurationError):
            head_statement(HEAD, AT, key)
    with pytest.raises(LedgerError):
        read_statement(SIGNED, PRIVATE)
    with pytest.raises(LedgerError, match="empty"):
        head_statement(None, AT, PRIVATE)
