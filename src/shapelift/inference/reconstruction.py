"""The result of a reconstruction: one value, asked for as a field, a mesh, points, voxels or a file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shapelift.errors import Doubt, InputError
from shapelift.geometry import UNIT_BOX, Camera, ImplicitField, Mesh, PointCloud, Representation, VoxelGrid
from shapelift.inference.card import ModelCard
from shapelift.inference.components import without_hidden_components
from shapelift.inference.limits import check_resolution, check_size_mm
from shapelift.inference.representations.grid import probability

_SMALLEST_PART = 0.05
"""Parts with less than this share of the largest part's volume are dropped: what a network leaves of a thin part that
it half sees is a fragment in the air, and of no use in a slicer."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Reconstruction:
    """What a model makes of one picture.

    Attributes:
        representation: The shape as the model predicts it: centred, longest side about 1, in the frame
            `card.result_frame`.
        crop: What the model saw, `s s 4` uint8 with straight alpha.
        card: The card of the model.
        warnings: One line each, for the user.
        name: How messages call the picture.
        features: Image features `d` float32, or None where the model gives none.
        places: Row and column of every point on the surface patch it belongs to, `n 2` float32 in the unit square, and
            negative for points that belong to none; None where the representation has no such points.
        seed: What the randomness began with; a deterministic model has none.
        sample: Which of the hypotheses of that seed it is, from 0.
        filled_share: The share of the silhouette in which the network was not sure of a solid and one was added; None
            where nothing is added, see `Reconstructor.reconstruct`.
        blocky: Whether its surface is that of the full cells of its voxel grid, as `blocks` makes it.
    """

    representation: Representation
    crop: npt.NDArray[np.uint8]
    card: ModelCard
    warnings: tuple[Doubt, ...] = ()
    name: str = "image"
    features: npt.NDArray[np.float32] | None = None
    places: npt.NDArray[np.float32] | None = None
    seed: int = 0
    sample: int = 0
    filled_share: float | None = None
    blocky: bool = False
    _meshes: dict[int, Mesh] = dataclasses.field(default_factory=dict, repr=False)

    @property
    def field(self) -> ImplicitField:
        """The shape as a function of space.

        Raises:
            TypeError: the model predicts something else.
        """
        if not isinstance(self.representation, ImplicitField):
            raise TypeError(f"the model {self.card.name} predicts a {self.card.representation}, not a field")
        return self.representation

    @property
    def camera(self) -> Camera | None:
        """The camera of the crop as the model guesses it, in the world of the result; None where it guesses none."""
        placed = isinstance(self.representation, ImplicitField) and self.representation.placement
        return placed.camera if placed else None

    def mesh(self, resolution: int = 128) -> Mesh:
        """The closed surface, consistently oriented; computed once per resolution.

        Args:
            resolution: Cells on the longest side (of a model of the frame `picture`: of the crop), 16 to 512.

        Raises:
            InputError: a resolution out of range or beyond the memory, or a picture in which the model sees no shape.
        """
        check_resolution(resolution)
        if resolution not in self._meshes:
            self._meshes[resolution] = self._closed_mesh(resolution)
        return self._meshes[resolution]

    def point_cloud(self, n: int = 10_000, seed: int = 0, resolution: int = 128) -> PointCloud:
        """Points spread evenly over the surface, with normals; the same for the same `seed`.

        Args:
            n: Number of points.
            seed: What the randomness begins with.
            resolution: As for `mesh`.

        Raises:
            InputError: as `mesh`.
        """
        from shapelift.meshing import to_point_cloud

        return to_point_cloud(self.mesh(resolution), n, np.random.default_rng(seed))

    def voxels(self, r: int = 64) -> VoxelGrid:
        """Occupancy probabilities of `r` x `r` x `r` cells of the unit cube, read at their centres.

        Whatever is neither a field nor a grid has an inside only as a closed mesh: its cells are 0 or 1.

        Raises:
            InputError: a resolution out of range or beyond the memory, and without a field or grid as `mesh`.
        """
        check_resolution(r)
        if not isinstance(self.representation, ImplicitField | VoxelGrid):
            from shapelift.meshing import voxels

            return voxels(self.mesh(r), r, box=UNIT_BOX)
        empty = VoxelGrid(np.zeros((r, r, r), np.float32), UNIT_BOX)
        centers = empty.centers.reshape(-1, 3)
        if isinstance(self.representation, VoxelGrid):
            occupancy = self.representation.read(centers)
        else:
            occupancy = probability(self.field(centers))
        return VoxelGrid(np.clip(occupancy, 0.0, 1.0).reshape(r, r, r), UNIT_BOX)

    def blocks(self, resolution: int = 32) -> Reconstruction:
        """The same shape built of equal cubes, each full or empty: a reconstruction whose representation is their grid.

        A voxel grid keeps its own cells. Of anything else the cells are full whose centres lie inside, see `voxels`.
        Small connected components of cubes, which do not touch the others even by a corner, are dropped.

        Args:
            resolution: Cubes along a side of the unit cube, 16 to 512; a voxel grid ignores it.

        Raises:
            InputError: as `mesh`, or no cube is full.
        """
        from shapelift.meshing import without_small_components

        check_resolution(resolution)
        grid = self.representation if isinstance(self.representation, VoxelGrid) else self.voxels(resolution)
        if not (grid.occupancy > 0.5).any():
            raise InputError(f"{self.name}: not one cube is full; give a higher `resolution`, or another picture")
        grid = without_small_components(grid, minimum_share=_SMALLEST_PART)
        return dataclasses.replace(self, representation=grid, places=None, blocky=True, _meshes={})

    def save(self, path: str | Path, resolution: int = 128, size_mm: float | None = None) -> tuple[Path, ...]:
        """Write the mesh, whole or not at all; the ending of `path` says in which format.

        Args:
            path: For example `chair.glb`, `chair.stl`, `chair.3mf`.
            resolution: As for `mesh`.
            size_mm: Longest side in millimetres; by default what the format's writer chooses.

        Returns:
            What was written: the file, and a sidecar `.json` where the format cannot carry metadata.

        Raises:
            InputError: an unknown format, a place that cannot be written, and as `mesh`.
        """
        from shapelift.io.shapes import save_mesh

        check_size_mm(size_mm)
        return save_mesh(path, self.mesh(resolution), size_mm=size_mm, metadata=self.metadata())

    def metadata(self) -> dict[str, str]:
        """What is written into every file: model, version and frame, and which hypothesis where there are several."""
        drawn = {"seed": str(self.seed), "sample": str(self.sample + 1)} if self.card.stochastic else {}
        return {
            "generator": f"shapelift {_package_version()}",
            "model": self.card.name,
            "model_version": self.card.version,
            "frame": self.card.result_frame,
            "licence": self.card.licence,
            **drawn,
        }

    def _closed_mesh(self, resolution: int) -> Mesh:
        from shapelift.meshing import mesh_blocks, to_mesh
        from shapelift.solids import printable

        smallest = _SMALLEST_PART
        if self.blocky and isinstance(self.representation, VoxelGrid):
            # Every cluster of cubes stays, and flat walls lose their inner vertices; nothing else may move.
            return printable(mesh_blocks(self.representation), minimum_share=0.0, tolerance=1e-6)
        try:
            if isinstance(self.representation, ImplicitField):
                surface = _surface(self.representation, resolution)
                if self.camera is not None:
                    smallest = 0.0
                    surface = without_hidden_components(
                        surface, self.camera, minimum_share=_SMALLEST_PART, resolution=resolution
                    )
            else:
                surface = to_mesh(self.representation, resolution=resolution)
        except MemoryError as error:
            raise InputError(f"`resolution` {resolution}: not enough memory; give a lower resolution") from error
        except InputError:
            raise
        except ValueError as error:  # nowhere inside
            raise InputError(
                f"{self.name}: the model {self.card.name} sees no shape in it; "
                "give a picture that shows one whole object"
            ) from error
        try:
            return printable(surface, minimum_share=smallest)
        except ValueError as error:
            raise InputError(f"{self.name}: the shape found is no solid ({error}); try another `resolution`") from error


def _surface(field: ImplicitField, resolution: int) -> Mesh:
    from shapelift.meshing import mesh_field

    try:
        return mesh_field(field, resolution=resolution, start_spacing=_start_spacing(resolution))
    except ValueError:  # nothing at these nodes: it may lie between them
        return mesh_field(field, resolution=resolution)


def _start_spacing(resolution: int) -> int | None:
    # A network's field is smooth: from nodes four cells apart sampling finds the same surface as from two apart (the
    # same signs at all nodes on 14 test images at 128) with 43 % of the evaluations. Coarser grids need them closer.
    return 4 if 64 <= resolution <= 256 else None


def _package_version() -> str:
    from shapelift._version import __version__

    return __version__
