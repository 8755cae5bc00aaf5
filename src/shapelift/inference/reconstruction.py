"""The result of a reconstruction: one value, asked for as a field, a mesh, points, voxels or a file."""

from __future__ import annotations

import base64
import dataclasses
import html
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from shapelift.errors import Doubt, InputError
from shapelift.geometry import UNIT_BOX, Camera, ImplicitField, Mesh, PointCloud, Representation, VoxelGrid
from shapelift.geometry.placement import AS_THE_FORMAT, Placement
from shapelift.inference.card import ModelCard
from shapelift.inference.components import without_hidden_components
from shapelift.inference.limits import check_faces, check_frames, check_preview_px, check_resolution, check_size_mm
from shapelift.inference.representations.grid import probability

if TYPE_CHECKING:
    from shapelift.coloring import SurfaceColors

_SMALLEST_PART = 0.05
"""Parts with less than this share of the largest part's volume are dropped: what a network leaves of a thin part that
it half sees is a fragment in the air, and of no use in a slicer."""


_SIDES_DEG = (0.0, 60.0, 180.0)
"""Sides of a preview."""


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
        picture: The window of the crop as fine as the image is, `p p 4` uint8 with straight alpha: what colours are
            read from. None where it is the crop.
        camera: The camera of the crop as the model guesses it, in the world of the result; None where it guesses none.
        albedo: What the model says of the colour at points `n 3` of the world, sRGB `n 3` in [0, 1]; or None.
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
    picture: npt.NDArray[np.uint8] | None = None
    camera: Camera | None = None
    albedo: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]] | None = None
    _meshes: dict[tuple[int, int | None], Mesh] = dataclasses.field(default_factory=dict, repr=False)
    _colors: dict[tuple[int, int | None], SurfaceColors] = dataclasses.field(default_factory=dict, repr=False)

    @property
    def field(self) -> ImplicitField:
        """The shape as a function of space.

        Raises:
            TypeError: the model predicts something else.
        """
        if not isinstance(self.representation, ImplicitField):
            raise TypeError(f"the model {self.card.name} predicts a {self.card.representation}, not a field")
        return self.representation

    def mesh(self, resolution: int = 128, faces: int | None = None) -> Mesh:
        """The closed surface, consistently oriented, without colours; computed once per resolution and budget.

        Args:
            resolution: Cells on the longest side (of a model of the frame `picture`: of the crop), 16 to 512.
            faces: At most so many triangles, its surface moved as little as that takes; None for all.

        Raises:
            InputError: a number out of range or beyond the memory, a budget that is too small for the shape, or a
                picture in which the model sees no shape.
        """
        check_resolution(resolution)
        check_faces(faces)
        if (resolution, faces) not in self._meshes:
            self._meshes[resolution, faces] = (
                self._closed_mesh(resolution) if faces is None else self._within(self.mesh(resolution), faces)
            )
        return self._meshes[resolution, faces]

    def _within(self, mesh: Mesh, faces: int) -> Mesh:
        from shapelift.solids.simplification import simplified

        try:
            return simplified(mesh, faces)
        except ValueError as error:
            raise InputError(f"{self.name}: `faces` {faces}: {error}; give more, or a lower `resolution`") from error

    def colors(self, resolution: int = 128, faces: int | None = None) -> SurfaceColors:
        """Colours of the vertices of `mesh`: the picture's where it shows them, elsewhere a guess; computed once.

        A model that guesses no camera is seen through one that fits its outline to that of the picture.

        Args:
            resolution: As for `mesh`.
            faces: As for `mesh`.

        Raises:
            InputError: as `mesh`.
        """
        if (resolution, faces) not in self._colors:
            from shapelift.coloring import surface_colors
            from shapelift.coloring.camera_fit import fitted_camera

            mesh = self.mesh(resolution, faces)
            picture = self.crop if self.picture is None else self.picture
            camera = self.camera
            if camera is None:
                camera = fitted_camera(mesh, self.crop[..., 3], any_azimuth=self.card.result_frame == "object")
            guess = None if self.albedo is None else self.albedo(mesh.vertices)
            self._colors[resolution, faces] = surface_colors(mesh, picture, camera, guess)
        return self._colors[resolution, faces]

    def seen_share(self, resolution: int = 128, faces: int | None = None) -> float:
        """The share of the area of `mesh` that the picture shows; the rest is a guess.

        Args:
            resolution: As for `mesh`.
            faces: As for `mesh`.

        Raises:
            InputError: as `mesh`.
        """
        mesh = self.mesh(resolution, faces)
        corners = self.colors(resolution, faces).seen[mesh.faces]
        return float(np.average(corners.mean(axis=1), weights=mesh.face_areas))

    def colored_mesh(self, resolution: int = 128, faces: int | None = None) -> Mesh:
        """`mesh` with `colors`.

        Args:
            resolution: As for `mesh`.
            faces: As for `mesh`.

        Raises:
            InputError: as `mesh`.
        """
        return self.mesh(resolution, faces).colored(self.colors(resolution, faces).colors)

    def preview(self, resolution: int = 128, faces: int | None = None, size_px: int = 256) -> npt.NDArray[np.uint8]:
        """The picture, and the coloured result from its front, from one side and from behind, next to each other.

        Args:
            resolution: As for `mesh`.
            faces: As for `mesh`.
            size_px: Side of each, 16 to 2048.

        Returns:
            `size_px 4*size_px 3` uint8 on white.

        Raises:
            InputError: as `mesh`, or a side out of range.
        """
        from shapelift.rendering.views import beside, view

        check_preview_px(size_px)
        mesh = self.colored_mesh(resolution, faces)
        picture = self.crop if self.picture is None else self.picture
        return beside([picture, *(view(mesh, azimuth, size_px=size_px) for azimuth in _SIDES_DEG)], size_px)

    def turntable(
        self, resolution: int = 128, faces: int | None = None, frames: int = 24, size_px: int = 256
    ) -> npt.NDArray[np.uint8]:
        """The coloured result in a full turn, seen from slightly above; begins at its front.

        Args:
            resolution: As for `mesh`.
            faces: As for `mesh`.
            frames: Pictures of the turn, 2 to 360.
            size_px: Side of each, 16 to 2048.

        Returns:
            `frames size_px size_px 4` uint8 with straight alpha.

        Raises:
            InputError: as `mesh`, or a number out of range.
        """
        from shapelift.rendering.views import turntable

        check_frames(frames)
        check_preview_px(size_px)
        return turntable(self.colored_mesh(resolution, faces), frames, size_px=size_px)

    def _repr_html_(self) -> str:
        """What a notebook shows: the preview, and the model's name with the size of the mesh."""
        from shapelift.io.images import png_bytes

        mesh, image = self.mesh(), base64.b64encode(png_bytes(self.preview())).decode("ascii")
        said = html.escape(f"{self.name}: {self.card.name}, {len(mesh.faces)} faces")
        return (
            f'<figure><img alt="preview" src="data:image/png;base64,{image}"><figcaption>{said}</figcaption></figure>'
        )

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
        return dataclasses.replace(self, representation=grid, places=None, blocky=True, _meshes={}, _colors={})

    def save(
        self,
        path: str | Path,
        resolution: int = 128,
        size_mm: float | None = None,
        *,
        color: bool = True,
        faces: int | None = None,
        placement: Placement = AS_THE_FORMAT,
    ) -> tuple[Path, ...]:
        """Write the mesh, whole or not at all; the ending of `path` says in which format.

        Args:
            path: For example `chair.glb`, `chair.stl`, `chair.3mf`.
            resolution: As for `mesh`.
            size_mm: Longest side in millimetres; by default what the format's writer chooses.
            color: Whether it gets `colors`, in formats that have any. What is built of cubes gets none.
            faces: As for `mesh`.
            placement: How it stands in the file, where not as its format has it.

        Returns:
            What was written: the file, and a sidecar `.json` where the format cannot carry metadata.

        Raises:
            InputError: an unknown format, a place that cannot be written, and as `mesh`.
        """
        from shapelift.io.shapes import carries_colors, save_mesh

        check_size_mm(size_mm)
        colored = color and not self.blocky and carries_colors(path)
        mesh = self.colored_mesh(resolution, faces) if colored else self.mesh(resolution, faces)
        return save_mesh(path, mesh, size_mm=size_mm, metadata=self.metadata(), placement=placement)

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
