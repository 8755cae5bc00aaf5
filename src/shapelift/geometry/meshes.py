"""Triangle meshes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from shapelift.geometry.arrays import frozen
from shapelift.geometry.boxes import Box
from shapelift.geometry.rotations import transform_points


@dataclass(frozen=True, eq=False)
class Mesh:
    """A triangle mesh; counter-clockwise faces seen from outside.

    Attributes:
        vertices: `v 3` float32, in the frame and unit stated where the mesh is made.
        faces: `f 3` int32, indices into `vertices`.
        colors: `v 3` uint8 sRGB, or None.
    """

    vertices: npt.NDArray[np.float32]
    faces: npt.NDArray[np.int32]
    colors: npt.NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        vertices = frozen("vertices", self.vertices, np.float32, (None, 3))
        faces = np.asarray(self.faces)
        if faces.size and (faces.min() < 0 or faces.max() >= len(vertices)):
            raise ValueError(f"faces point at vertices {faces.min()}..{faces.max()}, but there are {len(vertices)}")
        object.__setattr__(self, "vertices", vertices)
        object.__setattr__(
            self, "faces", frozen("faces", faces.reshape(-1, 3) if not faces.size else faces, np.int32, (None, 3))
        )
        if self.colors is not None:
            object.__setattr__(self, "colors", frozen("colors", self.colors, np.uint8, (len(vertices), 3)))

    @property
    def is_empty(self) -> bool:
        """Whether there is no face."""
        return len(self.faces) == 0

    @cached_property
    def bounds(self) -> Box:
        """Bounding box of the vertices.

        Raises:
            ValueError: an empty or flat mesh.
        """
        if len(self.vertices) == 0:
            raise ValueError("an empty mesh has no bounds")
        low, high = self.vertices.min(axis=0).tolist(), self.vertices.max(axis=0).tolist()
        return Box(tuple(low), tuple(high))

    @cached_property
    def corners(self) -> npt.NDArray[np.float32]:
        """Vertex positions of every face, `f 3 3`."""
        corners: npt.NDArray[np.float32] = self.vertices[self.faces]
        return corners

    @cached_property
    def face_normals(self) -> npt.NDArray[np.float32]:
        """Unit normals `f 3`, zero where a face has no area."""
        cross = self._crosses
        norm = np.linalg.norm(cross, axis=1, keepdims=True)
        unit = np.divide(cross, norm, out=np.zeros_like(cross), where=norm > 0)
        return np.asarray(unit, np.float32)

    @cached_property
    def vertex_normals(self) -> npt.NDArray[np.float32]:
        """Unit normals `v 3`: means of the adjacent faces weighted by area; +Y where a vertex has none."""
        weighted = self.face_normals * self.face_areas[:, None]
        owners = self.faces.reshape(-1)
        sums = [np.bincount(owners, np.repeat(weighted[:, axis], 3), len(self.vertices)) for axis in range(3)]
        total = np.stack(sums, axis=1)
        length = np.linalg.norm(total, axis=1, keepdims=True)
        normals = np.divide(total, length, out=np.tile([0.0, 1.0, 0.0], (len(total), 1)), where=length > 0)
        return np.asarray(normals, np.float32)

    def colored(self, colors: npt.NDArray[np.uint8] | None) -> Mesh:
        """The same surface in other colours, `v 3` uint8 sRGB, or in none."""
        return Mesh(self.vertices, self.faces, colors)

    @cached_property
    def face_areas(self) -> npt.NDArray[np.float64]:
        """Areas `f`, in squared units of the vertices."""
        return np.asarray(np.linalg.norm(self._crosses, axis=1) / 2.0)

    @property
    def area(self) -> float:
        """Total surface area."""
        return float(self.face_areas.sum())

    @property
    def volume(self) -> float:
        """Signed volume by the divergence theorem: positive for a closed mesh with outward faces."""
        if self.is_empty:
            return 0.0
        corners = self.corners.astype(np.float64)
        corners -= corners.mean(axis=(0, 1))
        return float(np.einsum("fi,fi->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6.0)

    @cached_property
    def _crosses(self) -> npt.NDArray[np.float64]:
        corners = self.corners.astype(np.float64)
        return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])

    def transformed(self, matrix: npt.ArrayLike) -> Mesh:
        """The mesh under an affine `4 4` matrix; faces are turned over where the matrix mirrors."""
        matrix = np.asarray(matrix, np.float64)
        faces = self.faces[:, ::-1] if np.linalg.det(matrix[:3, :3]) < 0 else self.faces
        return Mesh(transform_points(matrix, self.vertices).astype(np.float32), faces, self.colors)
