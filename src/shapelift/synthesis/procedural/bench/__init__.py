"""Benches: park, garden, hall, piano and picnic benches, pews, stone slabs."""

from shapelift.synthesis.procedural.bench.geometry import CATEGORY

__all__ = ["CATEGORY"]
