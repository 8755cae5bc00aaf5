"""Records of analytic shapes, and a reconstructor that knows them."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from shapelift.errors import InputError
from shapelift.geometry import (
    UNIT_BOX,
    Camera,
    ImplicitField,
    Mesh,
    PointCloud,
    VoxelGrid,
    rotation_y,
    similarity,
    transform_points,
)
from shapelift.io.manifest import Manifest, ShapeEntry
from shapelift.io.records import ShapeRecord, write_record
from shapelift.meshing.fields import mesh_field

SIZE_PX = 16
VIEWS = 3


@dataclasses.dataclass(frozen=True)
class Shape:
    """An ellipsoid or a box, centred, with half sides `half`, the longest of them 0.5."""

    shape_id: str
    kind: str
    half: tuple[float, float, float]
    category: str = "thing"
    split: str = "test"
    source: str = "procedural:thing"

    def depth_inside(self, points):
        """Positive inside, about a distance."""
        scaled = np.abs(points) / np.array(self.half)
        if self.kind == "box":
            return (1.0 - scaled.max(axis=1)) * min(self.half)
        return (1.0 - np.linalg.norm(scaled, axis=1)) * min(self.half)

    @property
    def volume(self):
        full = 8.0 * np.prod(self.half)
        return full if self.kind == "box" else full * np.pi / 6.0

    def surface(self, count, rng):
        half = np.array(self.half)
        if self.kind == "box":
            areas = np.repeat([half[1] * half[2], half[0] * half[2], half[0] * half[1]], 2)
            face = rng.choice(6, count, p=areas / areas.sum())
            unit, normals = rng.uniform(-1, 1, (count, 3)), np.zeros((count, 3))
            unit[np.arange(count), face // 2] = normals[np.arange(count), face // 2] = face % 2 * 2 - 1
            return unit * half, normals
        # Uniform on the sphere, kept in proportion to how much the ellipsoid stretches the area there.
        unit = rng.normal(size=(20 * count, 3))
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        stretch = np.linalg.norm(unit / half, axis=1)
        unit = unit[rng.random(len(unit)) < stretch / stretch.max()][:count]
        assert len(unit) == count
        normals = unit / half
        return unit * half, normals / np.linalg.norm(normals, axis=1, keepdims=True)

    def view_from_object(self, azimuth_deg):
        turn = rotation_y(-azimuth_deg)
        half = np.array(self.half)
        # Support of the turned solid along each axis.
        extent = np.abs(turn) @ half if self.kind == "box" else np.linalg.norm(turn * half, axis=1)
        return similarity(turn, scale=0.5 / extent.max())

    def field(self, frame_from_object, grow=1.0):
        back = np.linalg.inv(frame_from_object)
        return ImplicitField(lambda points: self.depth_inside(transform_points(back, points) / grow).astype(np.float32))


def azimuths(shape):
    return [20.0 + 75.0 * view + 10.0 * (sum(map(ord, shape.shape_id)) % 7) for view in range(VIEWS)]


def record_of(shape, index, uniform=20_000, surface=8_000):
    """The record of `shape`; its images carry `index` and the view in the first pixel, so that a fake can know it."""
    rng = np.random.default_rng(index)
    half = np.array(shape.half)
    cells = np.maximum(1, np.round(2 * half * (uniform / np.prod(2 * half)) ** (1 / 3))).astype(np.int32)
    corners = np.stack(np.meshgrid(*[np.arange(n) for n in cells], indexing="ij"), axis=-1).reshape(-1, 3)
    points = ((corners + rng.random(corners.shape)) / cells * 2 - 1) * half
    points = points.astype(np.float16)
    surface_points, normals = shape.surface(surface, rng)
    rgba = np.full((VIEWS, SIZE_PX, SIZE_PX, 4), 255, np.uint8)
    rgba[:, 0, 0, 0] = index
    rgba[:, 0, 0, 1] = np.arange(VIEWS)
    cameras = [Camera.orbit(azimuth, 20.0, 3.0, 30.0, (SIZE_PX, SIZE_PX)) for azimuth in azimuths(shape)]
    return ShapeRecord(
        rgba=rgba,
        depth=np.ones((VIEWS, SIZE_PX, SIZE_PX), np.uint16),
        normals=np.zeros((VIEWS, SIZE_PX, SIZE_PX, 3), np.int8),
        intrinsics=np.stack([camera.intrinsics for camera in cameras]),
        camera_from_world=np.stack([camera.camera_from_world for camera in cameras]),
        view_parameters=np.array([[a, 20.0, 30.0, 3.0] for a in azimuths(shape)]),
        view_from_object=np.stack([shape.view_from_object(a) for a in azimuths(shape)]),
        bounds=np.stack([-half, half]).astype(np.float32),
        grid_shape=cells,
        uniform_points=points,
        uniform_occupancy=shape.depth_inside(points.astype(np.float64)) > 0,
        near_points=points[:10],
        near_occupancy=np.zeros(10, np.bool_),
        surface_points=surface_points.astype(np.float16),
        surface_normals=np.rint(normals * 127).astype(np.int8),
        depth_scale=1e-4,
        metadata={"shape_id": shape.shape_id, "category": shape.category, "source": shape.source},
    )


class Reconstructor:
    """Knows every shape by the first pixel; `answer(shape, frame_from_object)` makes the field it predicts."""

    def __init__(self, shapes, frame="view", answer=None, feature=None):
        self.card = SimpleNamespace(name="fake", version="1", family="implicit", frame=frame)
        self.shapes = shapes
        self.answer = answer or (lambda shape, matrix: shape.field(matrix))
        self.feature = feature or (lambda shape, view: np.append(np.array(shape.half), 0.01 * view))

    def truth(self, image):
        shape, view = self.shapes[int(image[0, 0, 0])], int(image[0, 0, 1])
        matrix = np.eye(4) if self.card.frame == "object" else shape.view_from_object(azimuths(shape)[view])
        return shape, view, matrix

    def reconstruct(self, image):
        shape, _, matrix = self.truth(image)
        field = self.answer(shape, matrix)

        def mesh(resolution) -> Mesh:
            try:
                return mesh_field(field, resolution=resolution)
            except ValueError as error:
                raise InputError(f"image: {error}") from error

        return SimpleNamespace(representation=field, mesh=mesh)

    def encode(self, image):
        shape, view, _ = self.truth(image)
        return np.asarray(self.feature(shape, view), np.float32)


class PointReconstructor(Reconstructor):
    """Predicts points: `answer(shape, frame_from_object)` gives the cloud. Its mesh is the true one."""

    def reconstruct(self, image):
        shape, _, matrix = self.truth(image)
        cloud = self.answer(shape, matrix)
        assert isinstance(cloud, PointCloud)
        field = shape.field(matrix)
        return SimpleNamespace(
            representation=cloud,
            mesh=lambda resolution: mesh_field(field, resolution=resolution),
            voxels=lambda resolution: VoxelGrid(np.zeros((2, 2, 2), np.float32), UNIT_BOX),
        )


@pytest.fixture
def make_data(tmp_path):
    """Write shapes as a data set; returns its folder."""

    def make(shapes, **options):
        folder = tmp_path / "data"
        (folder / "shapes").mkdir(parents=True)
        entries = []
        for index, shape in enumerate(shapes):
            file = f"shapes/{shape.shape_id}.safetensors"
            write_record(folder / file, record_of(shape, index, **options))
            entries.append(
                ShapeEntry(
                    shape.shape_id, shape.category, file, sha256="0" * 64, split=shape.split, source=shape.source
                )
            )
        sources = ("museum", "procedural:all")
        Manifest(generator="test", parameters={}, seed=0, sources=sources, shapes=tuple(entries)).write(folder)
        return folder

    return make


@pytest.fixture
def shapes():
    """The class of shapes and the fake reconstructor, for tests that make their own."""
    return SimpleNamespace(
        Shape=Shape,
        Reconstructor=Reconstructor,
        PointReconstructor=PointReconstructor,
        record_of=record_of,
        azimuths=azimuths,
    )
