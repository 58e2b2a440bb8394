"""How many examples a property is tried on.

`pytest --hypothesis-profile=long tests/properties` tries many more than the normal run. Examples
are drawn anew in every run; a failure prints the `--hypothesis-seed` that brings it back.
"""

from __future__ import annotations

from typing import Final

from hypothesis import HealthCheck, settings

_COMMON: Final = settings(
    deadline=None,
    # One example is a whole world of policies with hundreds of requests: slow to draw, and large.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    print_blob=True,
)
settings.register_profile("ci", _COMMON)
settings.register_profile("long", _COMMON)

_LONG_FACTOR: Final = 30


def examples(count: int) -> settings:
    """The settings of a property that is tried `count` times in a normal run."""
    long = settings.get_current_profile_name() == "long"
    return settings(_COMMON, max_examples=count * (_LONG_FACTOR if long else 1))
