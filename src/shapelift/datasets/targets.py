"""What a batch can hold: each target reads one named field from the record of a shape."""

from __future__ import annotations

import abc
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shapelift.datasets.packed_items import PackedItems
from shapelift.geometry.rotations import transform_points
from shapelift.io.labelled_cube import LabelledCube
from shapelift.io.records import RecordReader

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class ShapeView:
    """One (shape, view) pair of a batch.

    Attributes:
        record: The open record.
        view: Index of the image.
        mirrored: Whether image and shape are mirrored left to right (x -> -x).
        input_from_record: `3 3`, pixels of the stored image, mirrored if the sample is, to pixels of the model's input:
            crop, resampling, and the shift and zoom of the augmentation. By default they are the same.
        input_size_px: Side of the model's input; None where it is the stored image.
    """

    record: RecordReader
    view: int
    mirrored: bool = False
    input_from_record: npt.NDArray[np.float64] = field(default_factory=lambda: np.eye(3))
    input_size_px: int | None = None

    def input_size(self, stored_px: int) -> int:
        """Side of the model's input [px], where that of the stored image is known."""
        return stored_px if self.input_size_px is None else self.input_size_px

    def frame_from_object(self, frame: Literal["object", "view"]) -> npt.NDArray[np.float64]:
        """`4 4` similarity from the object frame, without the mirror."""
        if frame == "object":
            return np.eye(4)
        return np.asarray(self.record.item("view_from_object", self.view))


class Target(abc.ABC):
    """How the data set supplies one batch field."""

    @abc.abstractmethod
    def read(self, name: str, sample: ShapeView, rng: np.random.Generator) -> Arrays:
        """Arrays of one item of a batch, under `name` and names that begin with it.

        Args:
            name: Name of the batch field.
            sample: The shape and the view of it that are read.
            rng: Source of randomness.
        """

    def columns(self) -> frozenset[str] | None:
        """The columns of a pack (see `packing`) that `draw` reads; None where the field needs the records."""
        return None

    def draw(self, name: str, items: PackedItems) -> dict[str, Tensor]:
        """The batch field of packed items: as `read` for each of them, from random numbers of the pack's device.

        Raises:
            TypeError: `columns` is None.
        """
        raise TypeError(f"{type(self).__name__} is read from records only")

    def record_options(self) -> dict[str, Any]:
        """What synthesis must be told for records that hold this field: fields of its `RecordOptions`."""
        return {}


@dataclass(frozen=True)
class OccupancyPoints(Target):
    """Labelled points: `<name>` `n 3` float32 and `<name>_occupancy` `n` float32.

    The first `uniform` points are uniform in the unit cube of the prediction frame, the other `near` ones lie near
    the surface.

    Attributes:
        uniform: Number of points uniform in [-0.5, 0.5]^3.
        near: Number of points near the surface.
        frame: Frame of the points.
    """

    uniform: int
    near: int
    frame: Literal["object", "view"]

    def read(self, name: str, sample: ShapeView, rng: np.random.Generator) -> Arrays:
        """Draw the points; see the class."""
        frame_from_object = sample.frame_from_object(self.frame)
        points, occupancy = LabelledCube(sample.record, frame_from_object).uniform(self.uniform, rng)
        if self.near:
            count = sample.record.shape("near_points")[0]
            pick = rng.integers(0, count, self.near)
            near = transform_points(frame_from_object, sample.record.field("near_points")[pick])
            points = np.concatenate([points, near])
            occupancy = np.concatenate([occupancy, sample.record.field("near_occupancy")[pick]])
        if sample.mirrored:
            points = points * (-1.0, 1.0, 1.0)
        return {name: points.astype(np.float32), f"{name}_occupancy": occupancy.astype(np.float32)}

    def columns(self) -> frozenset[str]:
        """Labelled points and the box."""
        names = {"bounds", "uniform_points", "uniform_occupancy"}
        return frozenset(names | ({"near_points", "near_occupancy"} if self.near else set()))

    def draw(self, name: str, items: PackedItems) -> dict[str, Tensor]:
        """Draw the points; see the class."""
        frame_from_object = items.frame_from_object(self.frame)
        points, occupancy = self._drawn_uniform(items, frame_from_object)
        if self.near:
            pick = items.integers(items.count("near_points"), len(items), self.near)
            near = _transformed(frame_from_object, items.picked("near_points", pick))
            points = torch.cat([points, near], dim=1)
            occupancy = torch.cat([occupancy, items.picked("near_occupancy", pick).float()], dim=1)
        return {name: points * items.signs[:, None], f"{name}_occupancy": occupancy}

    def _drawn_uniform(self, items: PackedItems, frame_from_object: Tensor) -> tuple[Tensor, Tensor]:
        # As `LabelledCube.uniform`: which point takes which stored one is counted, since no two items have as many.
        points = items.uniform(len(items), self.uniform, 3) - 0.5
        low, high = items.of_shape("bounds")[:, None].unbind(2)
        local = _transformed(torch.linalg.inv_ex(frame_from_object).inverse, points)
        inside = ((local >= low) & (local <= high)).all(dim=2)
        pick = items.integers(items.count("uniform_points"), len(items), 2 * self.uniform + 16)
        stored = _transformed(frame_from_object, items.picked("uniform_points", pick))
        kept = (stored.abs() <= 0.5).all(dim=2)
        running = kept.cumsum(dim=1)
        wanted = (inside.cumsum(dim=1) - 1).clamp_min(0) % running[:, -1:].clamp_min(1) + 1
        place = torch.searchsorted(running, wanted).clamp_max(pick.shape[1] - 1)
        taken = stored.gather(1, place[:, :, None].expand(-1, -1, 3))
        label = items.picked("uniform_occupancy", pick.gather(1, place)).float()
        return torch.where(inside[:, :, None], taken, points), label * inside


@dataclass(frozen=True)
class SurfacePoints(Target):
    """Points on the true surface, uniform over it: `<name>` `n 3`, and unit `<name>_normals` `n 3`, float32.

    Other ones every time, none twice while the record has enough.

    Attributes:
        count: Number of points.
        frame: Frame of the points.
        normals: Whether the batch gets the normals too.
    """

    count: int
    frame: Literal["object", "view"]
    normals: bool = True

    def read(self, name: str, sample: ShapeView, rng: np.random.Generator) -> Arrays:
        """Draw the points; see the class."""
        frame_from_object = sample.frame_from_object(self.frame)
        stored = sample.record.shape("surface_points")[0]
        pick = rng.choice(stored, self.count, replace=self.count > stored)
        mirror = np.array((-1.0, 1.0, 1.0) if sample.mirrored else (1.0, 1.0, 1.0))
        points = transform_points(frame_from_object, sample.record.field("surface_points")[pick]) * mirror
        found = {name: points.astype(np.float32)}
        if self.normals:
            normals = sample.record.field("surface_normals")[pick].astype(np.float64) @ frame_from_object[:3, :3].T
            normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
            found[f"{name}_normals"] = (normals * mirror).astype(np.float32)
        return found

    def columns(self) -> frozenset[str]:
        """Points of the surface and their normals."""
        return frozenset({"surface_points"} | ({"surface_normals"} if self.normals else set()))

    def draw(self, name: str, items: PackedItems) -> dict[str, Tensor]:
        """Draw the points; see the class."""
        frame_from_object = items.frame_from_object(self.frame)
        pick = items.distinct(items.count("surface_points"), self.count)
        signs = items.signs[:, None]
        found = {name: _transformed(frame_from_object, items.picked("surface_points", pick)) * signs}
        if self.normals:
            normals = turned(frame_from_object, items.picked("surface_normals", pick))
            found[f"{name}_normals"] = torch.nn.functional.normalize(normals, dim=2) * signs
        return found


@dataclass(frozen=True)
class Noise(Target):
    """Random numbers of a stochastic family: `<name>` `k z` float32, standard normal.

    As a target they depend on the seed of the run and the number of the step alone, and those of the validation items
    are the same every time.

    Attributes:
        count: Answers per image, `k`.
        size: Numbers per answer, `z`.
    """

    count: int
    size: int

    def read(self, name: str, sample: ShapeView, rng: np.random.Generator) -> Arrays:
        """Draw the numbers."""
        return {name: rng.standard_normal((self.count, self.size), np.float32)}

    def columns(self) -> frozenset[str]:
        """None: nothing of a record is read."""
        return frozenset()

    def draw(self, name: str, items: PackedItems) -> dict[str, Tensor]:
        """Draw the numbers."""
        return {name: items.normal(len(items), self.count, self.size)}


@dataclass(frozen=True)
class SurfaceAlbedo(Target):
    """Points on the true surface and their colour without light: `<name>` `n 3` and `<name>_rgb` `n 3`, float32.

    Colours are sRGB in [0, 1]; those of a record without albedo are NaN.

    Attributes:
        count: Number of points.
        frame: Frame of the points.
    """

    count: int
    frame: Literal["object", "view"]

    def read(self, name: str, sample: ShapeView, rng: np.random.Generator) -> Arrays:
        """Draw the points; see the class."""
        pick = rng.integers(0, sample.record.shape("surface_points")[0], self.count)
        stored = sample.record.field("surface_points")[pick]
        points = transform_points(sample.frame_from_object(self.frame), stored)
        if sample.mirrored:
            points = points * (-1.0, 1.0, 1.0)
        rgb = np.full((self.count, 3), np.nan, np.float32)
        if "surface_albedo" in sample.record:
            rgb = sample.record.field("surface_albedo")[pick].astype(np.float32) / np.float32(255.0)
        return {name: points.astype(np.float32), f"{name}_rgb": rgb}

    def columns(self) -> frozenset[str]:
        """Points of the surface and their colours."""
        return frozenset({"surface_points", "surface_albedo"})

    def draw(self, name: str, items: PackedItems) -> dict[str, Tensor]:
        """Draw the points; see the class."""
        pick = items.integers(items.count("surface_points"), len(items), self.count)
        points = _transformed(items.frame_from_object(self.frame), items.picked("surface_points", pick))
        rgb = items.picked("surface_albedo", pick).float() / 255.0
        known = items.of_shape("has_albedo")[:, None, None] > 0
        rgb = torch.where(known, rgb, torch.full_like(rgb, torch.nan))
        return {name: points * items.signs[:, None], f"{name}_rgb": rgb}


@dataclass(frozen=True)
class UniformDraws(Target):
    """Random numbers that a loss draws its samples with: `<name>` `n k` float32, uniform in [0, 1).

    Attributes:
        count: Samples, `n`.
        size: Numbers per sample, `k`.
    """

    count: int
    size: int

    def read(self, name: str, sample: ShapeView, rng: np.random.Generator) -> Arrays:
        """Draw the numbers."""
        return {name: rng.random((self.count, self.size), np.float32)}

    def columns(self) -> frozenset[str]:
        """None: nothing of a record is read."""
        return frozenset()

    def draw(self, name: str, items: PackedItems) -> dict[str, Tensor]:
        """Draw the numbers."""
        return {name: items.uniform(len(items), self.count, self.size)}


def _transformed(matrix: Tensor, points: Tensor) -> Tensor:
    """Points `b n 3` under affine matrices `b 4 4`, float32; in products and sums, which no GPU rounds."""
    return turned(matrix, points) + matrix[:, None, :3, 3]


def turned(matrix: Tensor, vectors: Tensor) -> Tensor:
    """Vectors `b n 3` under the linear part of matrices `b 4 4`, float32."""
    vectors = vectors.float()
    return sum(vectors[:, :, axis, None] * matrix[:, None, :3, axis] for axis in range(3))  # type: ignore[return-value]
