"""What a saved model may yield: one file each, one line here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from shapelift.inference.representations.kind import RepresentationKind

__all__ = ["REPRESENTATIONS", "RepresentationKind"]

_FILES = (
    "field",
    "grid",
    "points",
    "mesh",
    "depth",
)
REPRESENTATIONS: Mapping[str, RepresentationKind] = MappingProxyType(
    {file: import_module(f"{__name__}.{file}").KIND for file in _FILES}
)
"""Every representation by the name that cards and configurations give it."""
