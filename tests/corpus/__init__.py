"""Compares the engine with recorded verdicts of real servers: `python -m tests.corpus FILE...`

Knows the formats described in `fixtures/recorded/README.md`. Imports `policy` and nothing of the
other tests, so that it runs against an installed wheel as well.
"""
