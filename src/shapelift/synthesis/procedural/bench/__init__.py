"""Benches: park, garden, hall, piano and picnic benches, pews, stone slabs."""

from __future__ import annotations

from shapelift.synthesis.procedural.bench.geometry import build
from shapelift.synthesis.procedural.bench.parameters import BenchParameters
from shapelift.synthesis.procedural.category import Category

__all__ = ["CATEGORY", "BenchParameters", "build"]

CATEGORY = Category(BenchParameters, build)
