"""How many examples a property is tried on.

`pytest --hypothesis-profile=long tests/properties` tries many times more than a normal run.
Examples are drawn anew in every run, and a failure prints the `--hypothesis-seed` that brings it
back. In CI they are the same each time, so that a change is judged by what it changed.
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

_USUAL: Final = 100
_COMMON: Final = settings(
    max_examples=_USUAL,
    deadline=None,
    derandomize="CI" in os.environ,
    # One example is a whole world of policies with hundreds of requests: slow to draw, and large.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    print_blob=True,
)
settings.register_profile("ci", _COMMON)
settings.register_profile("long", _COMMON, max_examples=30 * _USUAL)


def examples(count: int) -> settings:
    """The settings of a property that is tried `count` times in a normal run."""
    assert settings.default is not None
    return settings(_COMMON, max_examples=count * settings.default.max_examples // _USUAL)
