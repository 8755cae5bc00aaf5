"""What a mesh format is, and what a mesh file holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh
from shapelift.io.mesh_formats.files import MeshFile

Metadata = Mapping[str, str]
Colors = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class MeshMaterial:
    """What a file says about the looks of a surface beside its texture.

    Attributes:
        color: sRGB in [0, 1].
        roughness: In [0, 1], None where the file does not say.
        metallic: In [0, 1], None where the file does not say.
    """

    color: tuple[float, float, float]
    roughness: float | None = None
    metallic: float | None = None


@dataclass(frozen=True, eq=False)
class MeshPart:
    """The triangles of one material of one node, in the frame and unit of the file.

    Attributes:
        vertices: `v 3` float64.
        faces: `f 3` int64, indices into `vertices`.
        uv: `f 3 2` float32 of the corners, (0, 0) top left; None without a texture.
        texture: `h w 4` uint8 sRGB with alpha, or None.
        corner_colors: `f 3 3` uint8 sRGB from the vertices or faces, or None.
        material: None where the file says nothing about the looks.
    """

    vertices: npt.NDArray[np.float64]
    faces: npt.NDArray[np.int64]
    uv: npt.NDArray[np.float32] | None = None
    texture: Colors | None = None
    corner_colors: Colors | None = None
    material: MeshMaterial | None = None


@dataclass(frozen=True)
class MeshContent:
    """Everything that is read from a file.

    Attributes:
        parts: In the order of the file; empty where it holds no triangle.
        unit_mm: Length of its unit in millimetres, where the file itself says so.
        warnings: What was left out, a few words each.
    """

    parts: tuple[MeshPart, ...]
    unit_mm: float | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MeshFormat:
    """A format of mesh files.

    Attributes:
        name: Its name, which is its ending without the dot.
        read: From a file to its content; with False as second argument textures and materials are left out. Raises
            `UnreadableMeshError`; anything else that it raises is reported as damage of the file.
        write: A mesh in the frame and unit of the format, and metadata, to bytes; None for a format that is only read.
        unit_mm: Length of its unit in millimetres; None where the format has none.
        z_up: Whether +Z is up and the object stands on z = 0, as slicers have it; else +Y is up.
        colors: Whether written files carry vertex colours.
        metadata: What a file says as `write` has put it there, all of it as text; raises as `read`. None where metadata
            stand beside the file.
    """

    name: str
    read: Callable[[MeshFile, bool], MeshContent]
    write: Callable[[Mesh, Metadata], bytes] | None = None
    unit_mm: float | None = None
    z_up: bool = False
    colors: bool = False
    metadata: Callable[[MeshFile], Metadata] | None = None

    @property
    def suffix(self) -> str:
        """Its ending, with the dot."""
        return f".{self.name}"
