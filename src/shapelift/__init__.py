"""shapelift: one image of an object in, a closed 3D model out.

The public names are loaded on first use, so that ``import shapelift`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from shapelift._version import __version__

if TYPE_CHECKING:
    from shapelift.inference import Reconstruction, Reconstructor

__all__ = ["Reconstruction", "Reconstructor", "__version__"]

_PUBLIC = {"Reconstruction": "shapelift.inference", "Reconstructor": "shapelift.inference"}


def __getattr__(name: str) -> object:
    """Load a public name from the room that owns it."""
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'shapelift' has no attribute {name!r}")
