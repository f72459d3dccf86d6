"""An evidence bundle as a file: a zip in which nothing is compressed, so that the same members are the same bytes.

It is read from memory and never unpacked. What is not plain about it is refused before any member is looked at: names
that lead elsewhere, links, names that stand twice, compression (so that nothing can blow up), encryption.
"""

import io
import re
import stat
from collections.abc import Mapping, Sequence
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from schemas.errors import EvidenceError

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
LONGEST_NAME = 200
MOST_MEMBERS = 1000
MOST_BYTES = 4 << 30
WRITTEN_AT = (2000, 1, 1, 0, 0, 0)
MODE = stat.S_IFREG | 0o644
UNIX = 3


def write_zip(members: Mapping[str, bytes]) -> bytes:
    """Give the members as a zip; the same members, the same bytes on every machine."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as file:
        for name, content in sorted(members.items()):
            info = ZipInfo(name, WRITTEN_AT)
            info.create_system, info.external_attr = UNIX, MODE << 16
            file.writestr(info, content)
    return buffer.getvalue()


def read_zip(content: bytes) -> dict[str, bytes]:
    """Give the members of a zip by name.

    Raises:
        EvidenceError: It is no zip, is damaged, or is not as plain as a bundle is.
    """
    if len(content) > MOST_BYTES:
        raise _refusal(f"{len(content):,} bytes", f"at most {MOST_BYTES:,}")
    try:
        with ZipFile(io.BytesIO(content)) as file:
            _refuse_unsafe(file.infolist(), len(content))
            return {info.filename: file.read(info) for info in file.infolist()}
    except EvidenceError:
        raise
    except Exception as error:  # a file from outside: whatever its reader raises, it is no bundle of ours
        raise _refusal(f"a zip that cannot be read: {error}", "the file as it was made") from error


def _refuse_unsafe(infos: Sequence[ZipInfo], size: int) -> None:
    if len(infos) > MOST_MEMBERS:
        raise _refusal(f"{len(infos)} members", f"at most {MOST_MEMBERS}")
    for info in infos:
        _refuse_member(info)
    names = [info.filename.casefold() for info in infos]
    for name in names:
        if names.count(name) > 1:
            raise _refusal(f"the name {name!r} twice", "each name once")
    if sum(info.file_size for info in infos) > size:
        raise _refusal("members that overlap", "members that are no larger than the file")


def _refuse_member(info: ZipInfo) -> None:
    name = info.orig_filename
    if name != info.filename or len(name) > LONGEST_NAME or not NAME.fullmatch(name):
        raise _refusal(f"the name {name[:LONGEST_NAME]!r}", "plain names below the bundle, with no way out of it")
    mode = info.external_attr >> 16
    if mode and not stat.S_ISREG(mode):
        raise _refusal(f"{name} is a link or no file", "plain files")
    if info.compress_type != ZIP_STORED or info.file_size != info.compress_size:
        raise _refusal(f"{name} is compressed: {info.compress_size} bytes for {info.file_size}", "nothing compressed")
    if info.flag_bits & 1:
        raise _refusal(f"{name} is encrypted", "plain files")


def _refusal(found: str, promised: str) -> EvidenceError:
    return EvidenceError(found, promised, "a file of `poolwright evidence make`, as it was made")
