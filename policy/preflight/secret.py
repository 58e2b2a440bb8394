"""A token that does not show itself."""

from __future__ import annotations

from typing import NoReturn

from policy.errors import UsageError

__all__ = ["Secret"]

_HIDDEN = "[token]"


class Secret:
    """A token. It shows in no repr, no message and no traceback; only `reveal` gives it away.

    Raises `UsageError` for what can be no token: nothing, or characters that no header may hold
    (whose complaint would hold the token).
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not text:
            raise UsageError("the token is empty")
        if not (text.isascii() and text.isprintable()) or " " in text:
            raise UsageError("the token holds a blank, a line break or another odd character")
        self._text = text

    def reveal(self) -> str:
        """The token itself, for a request header."""
        return self._text

    def hide_in(self, text: str) -> str:
        """`text` without the token, wherever it may have come from."""
        return text.replace(self._text, _HIDDEN)

    def __repr__(self) -> str:
        return f"Secret({_HIDDEN})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a token is not written anywhere")
