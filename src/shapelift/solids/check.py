"""What is wrong with a mesh as a solid, in numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh
from shapelift.geometry.welding import coincident
from shapelift.solids.volumes import component_labels, component_volumes


@dataclass(frozen=True, kw_only=True)
class MeshReport:
    """Counts over a mesh whose vertices at equal places are taken as one, as a slicer takes them.

    Attributes:
        vertices: Places used by faces.
        faces: Triangles, degenerate ones included.
        degenerate_faces: Triangles with two corners at one place.
        unused_vertices: Vertices that no face names.
        open_edges: Edges of one triangle.
        crowded_edges: Edges of more than two triangles.
        inconsistent_edges: Edges whose two triangles run along them in the same direction.
        parts: Connected parts with positive volume.
        bubbles: Connected parts with negative volume: cavities, or parts turned inside out.
        euler: vertices - edges + faces, degenerate faces left out; 2 for a ball, 0 for a ring.
        volume: Signed, in cubed units of the mesh; meaningful for closed meshes.
        area: In squared units.
        size: Sides `3` of the bounding box.
    """

    vertices: int
    faces: int
    degenerate_faces: int
    unused_vertices: int
    open_edges: int
    crowded_edges: int
    inconsistent_edges: int
    parts: int
    bubbles: int
    euler: int
    volume: float
    area: float
    size: tuple[float, float, float]

    @property
    def is_watertight(self) -> bool:
        """Every edge belongs to exactly two triangles, and there is one."""
        return self.faces > self.degenerate_faces and self.open_edges == 0 and self.crowded_edges == 0

    @property
    def is_oriented(self) -> bool:
        """Neighbouring triangles agree on which side is outside."""
        return self.inconsistent_edges == 0

    @property
    def is_printable(self) -> bool:
        """Closed, oriented outwards, without degenerate triangles and without bubbles."""
        closed = self.is_watertight and self.is_oriented and self.degenerate_faces == 0
        return closed and self.parts > 0 and self.bubbles == 0

    @property
    def problems(self) -> tuple[str, ...]:
        """What keeps the mesh from being printable, in words; empty when nothing does."""
        named = {
            "degenerate faces": self.degenerate_faces,
            "open edges": self.open_edges,
            "edges of more than two faces": self.crowded_edges,
            "edges whose faces disagree": self.inconsistent_edges,
            "bubbles or parts turned inside out": self.bubbles,
        }
        found = tuple(f"{count} {what}" for what, count in named.items() if count)
        return found or (() if self.parts else ("no enclosed volume",))

    def as_dict(self) -> dict[str, object]:
        """All numbers and verdicts, ready for JSON."""
        return asdict(self) | {
            "is_watertight": self.is_watertight,
            "is_oriented": self.is_oriented,
            "is_printable": self.is_printable,
        }


def check(mesh: Mesh) -> MeshReport:
    """Examine a mesh as a solid; any mesh will do, the empty one too.

    Args:
        mesh: In any frame and unit.

    Returns:
        The report. Two counts of edges would differ if vertices at equal places were not taken as one: this is
        deliberately the stricter reading, the one that files without shared vertices leave.
    """
    faces = coincident(mesh.vertices)[mesh.faces]
    a, b, c = faces.T
    sound = (a != b) & (b != c) & (c != a)
    named = np.zeros(len(mesh.vertices), np.bool_)
    named[mesh.faces] = True
    open_edges, crowded, inconsistent, edges = _edge_counts(faces[sound], len(mesh.vertices))
    parts = Mesh(mesh.vertices, faces[sound].astype(np.int32))
    volumes = component_volumes(parts, component_labels(parts)) if sound.any() else np.zeros(0)
    places = len(np.unique(faces[sound]))
    extent = np.ptp(mesh.vertices[named], axis=0) if named.any() else np.zeros(3)
    return MeshReport(
        vertices=places,
        faces=len(faces),
        degenerate_faces=int((~sound).sum()),
        unused_vertices=int((~named).sum()),
        open_edges=open_edges,
        crowded_edges=crowded,
        inconsistent_edges=inconsistent,
        parts=int((volumes > 0).sum()),
        bubbles=int((volumes < 0).sum()),
        euler=places - edges + int(sound.sum()),
        volume=float(volumes.sum()),
        area=mesh.area,
        size=(float(extent[0]), float(extent[1]), float(extent[2])),
    )


def _edge_counts(faces: npt.NDArray[np.intp], vertices: int) -> tuple[int, int, int, int]:
    """Open, crowded, inconsistent, and all edges of faces `f 3`."""
    starts, ends = faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)
    forward = starts < ends
    keys = np.minimum(starts, ends).astype(np.int64) * vertices + np.maximum(starts, ends)
    order = np.argsort(keys, kind="stable")
    first = np.flatnonzero(np.diff(keys[order], prepend=-1))
    if not len(first):
        return 0, 0, 0, 0
    count = np.diff(first, append=len(keys))
    balance = np.add.reduceat(np.where(forward[order], 1, -1), first)
    inconsistent = (count == 2) & (balance != 0)
    return int((count == 1).sum()), int((count > 2).sum()), int(inconsistent.sum()), len(first)
