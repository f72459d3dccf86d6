"""A page that is not given: the status, and what to say instead."""


class Refusal(Exception):  # noqa: N818 - it refuses, nothing went wrong
    """The visitor does not get what they asked for.

    Args:
        status: HTTP status: 401 not signed in, 403 may not, 404 not there, 409 the ledger says no, 422 not a question
            that the page can be asked, 429 too often.
        words: Key of the sentence in `words.yaml`.
        detail: What exactly, where it may be said; never what the visitor sent.
        seconds: When to try again, for 429.
    """

    def __init__(self, status: int, words: str, detail: str = "", seconds: int = 0) -> None:
        """Keep status and sentence."""
        super().__init__(status, words, detail)
        self.status = status
        self.words = words
        self.detail = detail
        self.seconds = seconds
