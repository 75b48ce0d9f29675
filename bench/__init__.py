"""Benchmarks: `python -m bench`. How to read them stands in docs/performance.md."""
