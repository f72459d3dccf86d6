"""The head of the chain for a witness outside: written, signed with Ed25519, read again."""

import json
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pool.chain import Head
from schemas.errors import ConfigurationError, LedgerError
from schemas.hashing import canonical_json


def new_key() -> tuple[bytes, bytes]:
    """Give a new private key and its public key, both as PEM; the private one is not encrypted."""
    private = Ed25519PrivateKey.generate()
    encodings = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return private.private_bytes(*encodings), _public_pem(private.public_key())


def head_statement(head: Head | None, at: datetime, private_pem: bytes | None = None) -> bytes:
    """Write the head as a line of JSON, signed where a private key is given.

    Args:
        head: Sequence and hash of the last entry; None while there is none.
        at: When it was read, UTC.
        private_pem: Who signs.

    Raises:
        LedgerError: The ledger is empty.
        ConfigurationError: The key is no Ed25519 private key.
    """
    if head is None:
        raise LedgerError("an empty ledger", "at least one entry to witness")
    said: dict[str, object] = {"sequence": head[0], "entry_hash": head[1], "stated_at": at.isoformat()}
    if private_pem:
        private = _private(private_pem)
        said["public_key"] = _public_pem(private.public_key()).decode()
        said["signature"] = private.sign(canonical_json(said).encode()).hex()
    return f"{canonical_json(said)}\n".encode()


def read_statement(content: bytes, public_pem: bytes | None = None) -> Head:
    """Give the head that a statement names.

    Args:
        content: What `head_statement` wrote.
        public_pem: Who must have signed it; without it a signature is checked against the key that it names itself.

    Raises:
        LedgerError: Not a statement, changed after it was signed, or not signed by that key.
    """
    try:
        said = json.loads(content)
        signature = bytes.fromhex(said.pop("signature", ""))
        spelled = {**said, "signature": signature.hex()} if signature else said
        is_as_written = f"{canonical_json(spelled)}\n".encode() == content
        head = int(said["sequence"]), str(said["entry_hash"])
        named = str(said.get("public_key", "")).encode()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerError("no statement of a head", "a file of `poolwright ledger head`") from error
    if not is_as_written:
        raise LedgerError("a statement in another spelling", "a file of `poolwright ledger head`, byte by byte")
    trusted = _public(public_pem) if public_pem else None
    if trusted and _public_pem(trusted) != named:
        raise LedgerError("the statement is not signed by that key", "the key of the witness that is trusted")
    if named or signature:
        _check_signature(_public(named), signature, canonical_json(said).encode())
    return head


def _check_signature(public: Ed25519PublicKey, signature: bytes, message: bytes) -> None:
    try:
        public.verify(signature, message)
    except InvalidSignature as error:
        raise LedgerError("the statement was changed after it was signed", "what was signed") from error


def _public_pem(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _private(pem: bytes) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise ConfigurationError("no private key", "a PEM file of `poolwright ledger new-key`", "--sign") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError("a private key of another kind", "Ed25519", "poolwright ledger new-key")
    return key


def _public(pem: bytes) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(pem)
    except ValueError as error:
        raise LedgerError("no public key", "a PEM file of `poolwright ledger new-key`", "--key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise LedgerError("a public key of another kind", "Ed25519", "--key")
    return key
