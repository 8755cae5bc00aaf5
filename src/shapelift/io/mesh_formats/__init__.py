"""Mesh formats: one file each, and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from shapelift.io.mesh_formats.files import MeshFile, UnreadableMeshError
from shapelift.io.mesh_formats.format import (
    MeshContent,
    MeshFormat,
    MeshMaterial,
    MeshPart,
    Metadata,
)

__all__ = [
    "MESH_FORMATS",
    "MeshContent",
    "MeshFile",
    "MeshFormat",
    "MeshMaterial",
    "MeshPart",
    "Metadata",
    "UnreadableMeshError",
]

_FILES = (
    "glb",
    "obj",
    "ply",
    "stl",
    "threemf",
    "off",
)
MESH_FORMATS: Mapping[str, MeshFormat] = MappingProxyType(
    {form.name: form for file in _FILES for form in import_module(f"{__name__}.{file}").FORMATS}
)
"""All formats by name, which is the ending without the dot."""
