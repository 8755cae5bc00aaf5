"""The metrics of the house: one file each, one line here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from shapelift.metrics.metric import Metric

_FILES = (
    "iou",
    "chamfer",
    "fscore",
    "normals",
    "recall",
    "outlines",
    "depth",
)
METRICS: Mapping[str, Metric[Any]] = MappingProxyType(
    {metric.name: metric for file in _FILES for metric in import_module(f"shapelift.metrics.{file}").METRICS}
)
"""Every metric by name, in the order of the columns of a report."""


def measure(given: object) -> dict[str, float]:
    """All numbers that are computed from `given` (see `Metric.needs`), by name; those that there are."""
    found = {name: metric.function(given) for name, metric in METRICS.items() if metric.needs is type(given)}
    return {name: value for name, value in found.items() if value is not None}
