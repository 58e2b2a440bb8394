"""Registers the profiles before a command line can ask for one."""

import tests.properties.profiles  # noqa: F401  (imported for what it registers)
