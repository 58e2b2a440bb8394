"""What is probably mounted at a well-known path, where nobody said what is mounted.

Findings that hang on a guess are never shown at the regular level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.catalog import Mount

if TYPE_CHECKING:
    from policy.lint.target import PolicyFile

__all__ = ["guessed_mount"]

_USUAL: Final = {
    "auth/approle/": "approle",
    "auth/aws/": "aws",
    "auth/github/": "github",
    "auth/kubernetes/": "kubernetes",
    "auth/ldap/": "ldap",
    "auth/userpass/": "userpass",
    "database/": "database",
    "pki/": "pki",
    "pki_int/": "pki",
    "ssh/": "ssh",
    "transit/": "transit",
}
_KV: Final = ("kv/", "secret/")
_KV2_ONLY: Final = ("data/", "metadata/")


def guessed_mount(start: str, file: PolicyFile) -> Mount | None:
    """The mount that a path which begins so probably lies on."""
    for path in _KV:
        if start.startswith(path):
            # Version 1 has neither of these folders, and its users seldom name one so.
            is_v2 = any(
                block.path.removeprefix("/").startswith(tuple(path + word for word in _KV2_ONLY))
                for block in file.blocks
            )
            return Mount(path, "kv-v2" if is_v2 else "kv-v1")
    for path, kind in _USUAL.items():
        if start.startswith(path):
            return Mount(path, kind)
    return None
