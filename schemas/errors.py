"""Broken promises: every error of the house says what was found, what was promised, and where to mend it."""


class PoolwrightError(Exception):
    """A promise of the house was broken and the work cannot go on.

    Args:
        found: What stands there, with names and values.
        promised: What should stand there.
        mend: What to change, and where; empty where nothing but the found thing can be mended.
    """

    exit_code = 2

    def __init__(self, found: str, promised: str, mend: str = "") -> None:
        """Keep the three parts apart so that a screen can lay them out."""
        super().__init__(found, promised, mend)
        self.found = found
        self.promised = promised
        self.mend = mend

    def __str__(self) -> str:
        """Give the three parts as sentences, one a line."""
        parts = [f"Found: {self.found}", f"Promised: {self.promised}"]
        return "\n".join([*parts, f"To mend: {self.mend}"] if self.mend else parts)


class ConfigurationError(PoolwrightError):
    """A settings file, source mapping or deal document cannot be used as it stands."""


class SourceError(PoolwrightError):
    """A raw file or folder cannot be read as its mapping says."""


class ExpressionError(PoolwrightError):
    """An expression of the house's language is refused; `found` carries the position."""


class SchemaError(PoolwrightError):
    """A frame does not have the columns or types that its table declares."""


class AuditError(PoolwrightError):
    """Written data broke a rule of its table, so it was not published."""


class CatalogError(PoolwrightError):
    """A stored table, snapshot or partition is not there, or another writer changed it first."""


class BusyError(CatalogError):
    """Another run holds the workspace: trying again later is all that is needed."""

    exit_code = 3


class EngineError(PoolwrightError):
    """The dataframe engine cannot be started or reached."""


class ModelError(PoolwrightError):
    """A model is missing, unapproved, or does not fit the features it is given."""


class LedgerError(PoolwrightError):
    """The pledge ledger refuses an entry, or its chain does not hold."""

    exit_code = 1


class EvidenceError(PoolwrightError):
    """An evidence bundle is not safe to read, or does not hold what it must."""

    exit_code = 1


class AccessError(PoolwrightError):
    """The person is not known, not authenticated, or may not do this."""

    exit_code = 1
