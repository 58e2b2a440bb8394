"""Differential tests against a real OpenBao server; see `docs/live-testing.md`."""
