"""Whose place the mock takes: the server whose answers were recorded."""

from __future__ import annotations

from typing import Final

__all__ = ["COMMIT_DATE", "VERSION"]

VERSION: Final = "2.7.2"
"""OpenBao 2.7.2, as it names itself."""

COMMIT_DATE: Final = "2026-08-05T21:07:21Z"
