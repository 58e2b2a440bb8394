"""Proof by trial that the cluster of processes holds: random runs with faults, and their check.

`python -m tests.server.histories --runs 200` plays many; each prints its seed.
"""
