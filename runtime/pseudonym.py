"""Pseudonyms: personal ids become keyed hashes in Arrow batches, so that neither id nor secret stands in a plan."""

from hashlib import blake2b

import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import ConfigurationError

DIGEST_BYTES = 16
SHORTEST_SECRET = 16


def pseudonym(value: str, secret: bytes) -> str:
    """Give the pseudonym of a personal id: 32 hex digits of BLAKE2b keyed by the secret.

    The same id has the same pseudonym in every file and column of a platform, so that rows can be joined.

    >>> pseudonym("330106199001011234", b"0123456789abcdef")
    '1fdd4af1649032808fe5c0600abaedfa'
    """
    return blake2b(value.encode(), key=_key(secret), digest_size=DIGEST_BYTES).hexdigest()


def pseudonymize(column: pa.Array, secret: bytes) -> pa.Array:
    """Replace every personal id of a text column by its pseudonym; null stays null."""
    coded = column.dictionary_encode()
    key = _key(secret)
    hashed = [
        None if value is None else blake2b(value.encode(), key=key, digest_size=DIGEST_BYTES).hexdigest()
        for value in coded.dictionary.to_pylist()
    ]
    return pc.take(pa.array(hashed, pa.string()), coded.indices)


def fingerprint(secret: bytes) -> str:
    """Give what a manifest may say about a secret: enough to see that it changed, nothing to find it by."""
    return blake2b(b"fingerprint", key=_key(secret), digest_size=8).hexdigest()


def require(secret: bytes | None, source: str) -> bytes:
    """Give the secret, or say that there is none.

    Raises:
        ConfigurationError: The source has personal ids and the secret is missing or too short.
    """
    if secret is None or len(secret) < SHORTEST_SECRET:
        found = "no secret" if not secret else f"a secret of {len(secret)} bytes"
        raise ConfigurationError(
            f"{found} to pseudonymize the personal ids of source {source}",
            f"at least {SHORTEST_SECRET} bytes",
            "set POOLWRIGHT_PSEUDONYM_SECRET",
        )
    return secret


def _key(secret: bytes) -> bytes:
    return blake2b(secret, digest_size=64).digest()
