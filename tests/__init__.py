"""All tests. Each folder mirrors a part of `policy` or guards one promise of the project."""
