"""Side-by-side measurements: `python -m benchmarks`, explained in docs/benchmarks.md."""
