"""What a method answers for one image: a solid to ask for points, and a surface to measure."""

from __future__ import annotations

import threading
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.evaluation.dataset import Sample
from shapelift.geometry import ImplicitField, Mesh, PointCloud, Representation, VoxelGrid, transform_points
from shapelift.imaging.preprocess import object_window
from shapelift.io.records import RecordReader
from shapelift.meshing.points import sample_surface
from shapelift.metrics.outlines import ImageView

Points = npt.NDArray[np.float32]
Inside = npt.NDArray[np.bool_]

_BATCH = 65_536


class ReconstructionLike(Protocol):
    """What evaluation asks of a reconstruction; `shapelift.inference.Reconstruction` has it."""

    @property
    def representation(self) -> Representation:
        """The predicted value, in the frame of the model."""

    @property
    def crop(self) -> npt.NDArray[np.uint8]:
        """What the model saw, `s s 4`; asked only of one that guesses the `camera` of it."""

    def mesh(self, resolution: int) -> Mesh:
        """The printable mesh, in the frame and unit of the representation."""

    def voxels(self, resolution: int) -> VoxelGrid:
        """The solid as a grid; asked only where the representation has no inside of its own."""


class ReconstructorLike(Protocol):
    """What evaluation asks of a model; `shapelift.inference.Reconstructor` has it."""

    @property
    def card(self) -> Any:
        """The model card: `name`, `version`, `family` and `frame`."""

    @property
    def model(self) -> Any:
        """The opened model; asked only of one that predicts depth."""

    def reconstruct(self, image: npt.NDArray[np.uint8]) -> ReconstructionLike:
        """Reconstruct from RGBA `h w 4`."""

    def encode(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Features `d` of an RGBA image, the closer the more alike the objects."""


class PredictedShape(Protocol):
    """A solid and its surface, in the frame of the prediction.

    Attributes:
        note: Which shape was retrieved, or what went wrong; mostly empty.
    """

    note: str

    @property
    def cloud(self) -> PointCloud | None:
        """All points that a method which predicts points predicts, as they are; None where it says something else."""

    def inside(self, points: Points) -> Inside:
        """Whether points `n 3` are inside, `n`."""

    def surface(self, count: int, rng: np.random.Generator) -> PointCloud:
        """About `count` points on the surface with outward normals; none where there is no surface."""

    @property
    def mesh(self) -> Mesh | None:
        """The surface as a closed mesh, empty where there is none; None where only points of it are known."""

    def image_view(self, sample: Sample) -> ImageView:
        """The picture with the cameras through which this answer and the truth are seen in it."""


class _ThroughTrueCamera:
    """What has no camera of its own is seen through that of the record."""

    def image_view(self, sample: Sample) -> ImageView:
        """The record's picture and camera."""
        return ImageView(sample.rgba[..., 3], sample.camera, sample.camera)


class EmptyShape(_ThroughTrueCamera):
    """The answer of a method that failed: an empty solid, which gets the worst value of every metric."""

    cloud = None
    mesh = Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))

    def __init__(self, note: str = "") -> None:
        self.note = note

    def inside(self, points: Points) -> Inside:
        """Nowhere."""
        return np.zeros(len(points), np.bool_)

    def surface(self, count: int, rng: np.random.Generator) -> PointCloud:
        """No points."""
        del count, rng
        return PointCloud(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32))


class ModelShape(_ThroughTrueCamera):
    """The answer of a model."""

    def __init__(self, reconstruction: ReconstructionLike, resolution: int, margin: float = 0.0) -> None:
        """Hold what a model made of an image.

        Args:
            reconstruction: What it made.
            resolution: Cells per side of its meshes.
            margin: Of the model's crop.
        """
        self._reconstruction = reconstruction
        self._margin = margin
        self._resolution = resolution
        self._mesh: Mesh | None = None
        self.note = ""

    @property
    def cloud(self) -> PointCloud | None:
        """The representation, where it is one."""
        representation = self._reconstruction.representation
        return representation if isinstance(representation, PointCloud) else None

    def inside(self, points: Points) -> Inside:
        """Where a field is positive, or a voxel grid above one half, as its mesh has it: linear between the cells.

        Anything else is turned into cells first, which are full or empty.
        """
        representation = self._reconstruction.representation
        if isinstance(representation, ImplicitField):
            return inside_field(representation, points)
        if isinstance(representation, VoxelGrid):
            return np.asarray(representation.read(points) > 0.5)
        try:
            cells = self._reconstruction.voxels(self._resolution)
        except InputError as error:
            self.note = str(error)
            return np.zeros(len(points), np.bool_)
        return look_up(cells.occupancy > 0.5, np.array(cells.box.minimum), cells.box.size, points)

    def surface(self, count: int, rng: np.random.Generator) -> PointCloud:
        """Points on the printable mesh."""
        return sample_mesh(self.mesh, count, rng)

    def image_view(self, sample: Sample) -> ImageView:
        """What the model saw, and its own camera, where it has one."""
        camera = getattr(self._reconstruction, "camera", None)
        if camera is None:
            return super().image_view(sample)
        alpha = self._reconstruction.crop[..., 3]
        window = object_window(sample.rgba[..., 3], self._margin)
        return ImageView(alpha, camera, sample.camera.window(*window, len(alpha)))

    @property
    def mesh(self) -> Mesh:
        """The printable mesh."""
        if self._mesh is None:
            try:
                self._mesh = self._reconstruction.mesh(self._resolution)
            except InputError as error:
                # A prediction without any surface: an empty answer with a note, not a missing row.
                self.note = str(error)
                self._mesh = Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
        return self._mesh


class ConstantShape(_ThroughTrueCamera):
    """The answer of a baseline that always says the same: a field with its mesh, sampled once."""

    cloud = None

    def __init__(self, field: ImplicitField, mesh: Mesh) -> None:
        """`mesh` is the surface of `field`."""
        self.field = field
        self.mesh = mesh
        self.note = ""
        self._cloud: PointCloud | None = None
        self._lock = threading.Lock()

    def inside(self, points: Points) -> Inside:
        """Where the field is positive."""
        return inside_field(self.field, points)

    def surface(self, count: int, rng: np.random.Generator) -> PointCloud:
        """Points on the mesh; the same ones every time, whoever asks first."""
        del rng
        with self._lock:
            if self._cloud is None or len(self._cloud) != count:
                self._cloud = sample_mesh(self.mesh, count, np.random.default_rng(0))
            return self._cloud


class RetrievedShape(_ThroughTrueCamera):
    """The answer of retrieval: another shape of the data set, put into the frame by its own view."""

    cloud = None
    mesh = None

    def __init__(
        self, record: RecordReader, frame_from_object: npt.NDArray[np.float64], surface: PointCloud, note: str
    ) -> None:
        """Hold a shape of the data set.

        Args:
            record: The shape.
            frame_from_object: `4 4` similarity.
            surface: Its points in the frame that `frame_from_object` leads to.
            note: Which shape it is.
        """
        self._occupancy = record.field("uniform_occupancy").reshape(record.field("grid_shape"))
        self._bounds = record.field("bounds")
        self._matrix = frame_from_object
        self._surface = surface
        self.note = note

    def inside(self, points: Points) -> Inside:
        """Looked up in the stratified grid, right to about half a cell."""
        low, high = self._bounds.astype(np.float64)
        in_object = transform_points(np.linalg.inv(self._matrix), points)
        return look_up(self._occupancy, low, high - low, in_object)

    def surface(self, count: int, rng: np.random.Generator) -> PointCloud:
        """The stored points, at most `count` of them."""
        stored = self._surface
        if len(stored) <= count:
            return stored
        chosen = rng.choice(len(stored), count, replace=False)
        return PointCloud(stored.points[chosen], None if stored.normals is None else stored.normals[chosen])


def inside_field(field: ImplicitField, points: Points) -> Inside:
    """Where a field is positive; outside its box space is empty. Asked in batches that fit a cache."""
    result = field.covers(points)
    chosen = np.flatnonzero(result)
    for start in range(0, len(chosen), _BATCH):
        batch = chosen[start : start + _BATCH]
        result[batch] = field(points[batch]) > 0.0
    return result


def sample_mesh(mesh: Mesh, count: int, rng: np.random.Generator) -> PointCloud:
    """Points on a mesh, uniform by area, with the normals of their faces; none where there is no area.

    Args:
        mesh: The surface.
        count: Number of points.
        rng: Source of randomness.
    """
    if mesh.is_empty or not mesh.area > 0.0:
        return PointCloud(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32))
    return sample_surface(mesh, count, rng)


def look_up(
    occupancy: Inside, low: npt.NDArray[np.float64], size: npt.NDArray[np.float64], points: npt.NDArray[Any]
) -> Inside:
    """Label of the cell of a grid that each point falls into; False outside of its box.

    Args:
        occupancy: `x y z`, whether a cell is inside.
        low: Corner `3` of the box.
        size: Its sides `3`.
        points: `n 3`.
    """
    result = np.zeros(len(points), np.bool_)
    cells = np.floor((points - low) / size * occupancy.shape).astype(np.int64)
    within = ((cells >= 0) & (cells < occupancy.shape)).all(axis=1)
    result[within] = occupancy[tuple(cells[within].T)]
    return result
