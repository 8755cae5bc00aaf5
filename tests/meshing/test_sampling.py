from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from shapelift.geometry import UNIT_BOX, Box, ImplicitField
from shapelift.meshing import FieldGrid, sample_grid, sample_grid_densely
from shapelift.meshing.isosurface import isosurface
from shapelift.meshing.sampling import cells_per_axis

Points = npt.NDArray[np.float64]
Distance = Callable[[Points], Points]


def ball(rng: np.random.Generator, radius: float) -> Distance:
    center = rng.uniform(-0.42, 0.42, 3)
    return lambda p: radius - np.linalg.norm(p - center, axis=1)


def disc(rng: np.random.Generator, half_thickness: float) -> Distance:
    """A round plate at any offset and orientation, often along an axis."""
    normal = rng.normal(size=3) if rng.random() < 0.6 else np.eye(3)[rng.integers(3)]
    normal /= np.linalg.norm(normal)
    center = normal * rng.uniform(-0.3, 0.3)
    radius = rng.uniform(0.1, 0.4)

    def distance(p: Points) -> Points:
        along = (p - center) @ normal
        across = np.linalg.norm(p - center - along[:, None] * normal, axis=1)
        sides = np.stack([np.abs(along) - half_thickness, across - radius], axis=1)
        return -(np.minimum(sides.max(axis=1), 0.0) + np.linalg.norm(np.maximum(sides, 0.0), axis=1))

    return distance


def rod(rng: np.random.Generator, radius: float) -> Distance:
    start, end = rng.uniform(-0.4, 0.4, (2, 3))
    axis = end - start

    def distance(p: Points) -> Points:
        share = np.clip((p - start) @ axis / (axis @ axis), 0.0, 1.0)
        return radius - np.linalg.norm(p - start - share[:, None] * axis, axis=1)

    return distance


def field_of(*parts: Distance, scale: float = 1.0, box: Box = UNIT_BOX) -> ImplicitField:
    def logits(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        values = np.max([part(points.astype(np.float64)) for part in parts], axis=0)
        return (scale * values).astype(np.float32)

    return ImplicitField(logits, box)


def assert_same_mesh(adaptive: FieldGrid, dense: FieldGrid) -> None:
    first = isosurface(adaptive.values, adaptive.origin, adaptive.spacing)
    second = isosurface(dense.values, dense.origin, dense.spacing)
    np.testing.assert_array_equal(first.vertices, second.vertices)
    np.testing.assert_array_equal(first.faces, second.faces)


@pytest.mark.parametrize("resolution", [32, 41])
@pytest.mark.parametrize("kind", [ball, disc, rod])
def test_parts_of_two_cells_give_the_mesh_of_dense_sampling(kind: Callable[..., Distance], resolution: int) -> None:
    rng = np.random.default_rng(resolution)
    for _ in range(12):
        field = field_of(kind(rng, 1.0 / resolution), scale=float(rng.choice([0.1, 1.0, 30.0])))
        assert_same_mesh(sample_grid(field, resolution), sample_grid_densely(field, resolution))


@pytest.mark.slow
@pytest.mark.parametrize("start_spacing", [2, 4, 8])
def test_several_thin_parts_from_every_start_grid(start_spacing: int) -> None:
    rng = np.random.default_rng(start_spacing)
    resolution = 48
    for _ in range(8):
        parts = [kind(rng, 1.0 / resolution) for kind in (ball, disc, rod, ball)]
        field = field_of(*parts)
        adaptive = sample_grid(field, resolution, start_spacing=start_spacing)
        assert_same_mesh(adaptive, sample_grid_densely(field, resolution))
        assert adaptive.share < 0.3


@pytest.mark.slow
def test_above_128_cells_the_start_grid_is_coarser_and_the_mesh_the_same() -> None:
    rng = np.random.default_rng(5)
    field = field_of(ball(rng, 1.0 / 144), disc(rng, 1.0 / 144))
    adaptive = sample_grid(field, 144)
    assert_same_mesh(adaptive, sample_grid_densely(field, 144))
    assert adaptive.share < 0.05


def test_steps_are_found_wherever_the_start_grid_has_a_node_inside() -> None:
    rng = np.random.default_rng(7)
    resolution = 40
    for low in (-20.0, -2.0):
        # A ball of this radius holds a node of a grid of spacing two cells, wherever it is.
        solid = field_of(*(ball(rng, 1.75 / resolution) for _ in range(4)), rod(rng, 1.75 / resolution))
        steps = ImplicitField(lambda p, low=low, solid=solid: np.where(solid(p) > 0, 9.0, low).astype(np.float32))
        assert_same_mesh(sample_grid(steps, resolution), sample_grid_densely(steps, resolution))


def test_a_saturated_logit_gives_the_mesh_of_dense_sampling() -> None:
    rng = np.random.default_rng(11)
    solid = field_of(disc(rng, 1.0 / 40), rod(rng, 1.0 / 40))
    field = ImplicitField(lambda p: 20.0 * np.tanh(solid(p) * 60.0))
    assert_same_mesh(sample_grid(field, 40), sample_grid_densely(field, 40))


def test_nodes_span_the_box_exactly_and_the_field_is_asked_nowhere_else() -> None:
    box = Box((-1.0, 0.25, 2.0), (1.0, 1.25, 2.5))
    seen: list[npt.NDArray[np.float32]] = []

    def plane(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        seen.append(points)
        return points[:, 0] + np.float32(0.123)

    field = ImplicitField(plane, box)
    assert cells_per_axis(field, 21) == (21, 10, 5)
    grid = sample_grid(field, 21)
    asked = np.concatenate(seen)
    assert grid.values.shape == (22, 11, 6)
    np.testing.assert_allclose(grid.spacing, [2 / 21, 0.1, 0.1])
    np.testing.assert_array_equal(grid.origin, box.minimum)
    assert box.contains(asked).all()
    np.testing.assert_array_equal(asked.min(axis=0), np.float32(box.minimum))
    np.testing.assert_array_equal(asked.max(axis=0), np.float32(box.maximum))
    assert grid.evaluations == len(asked)
    assert_same_mesh(grid, sample_grid_densely(field, 21))


def test_signs_are_right_everywhere_and_batches_are_few() -> None:
    calls = []
    rng = np.random.default_rng(3)
    solid = field_of(ball(rng, 0.3), rod(rng, 0.02))

    def counted(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        calls.append(len(points))
        return solid(points)

    grid = sample_grid(ImplicitField(counted), 64)
    dense = sample_grid_densely(solid, 64)
    np.testing.assert_array_equal(grid.values > 0, dense.values > 0)
    assert sum(calls) == grid.evaluations < 0.25 * dense.evaluations
    assert len(calls) <= 6
    assert dense.evaluations == 65**3
    assert dense.share == 1.0


@pytest.mark.parametrize("resolution", [1, 2, 3, 5, 7])
def test_tiny_grids(resolution: int) -> None:
    field = field_of(lambda p: 0.45 - np.linalg.norm(p - 0.1, axis=1))
    adaptive, dense = sample_grid(field, resolution), sample_grid_densely(field, resolution)
    np.testing.assert_array_equal(adaptive.values > 0, dense.values > 0)


def test_a_field_that_is_full_or_empty_costs_the_start_grid_only() -> None:
    for value in (-3.0, 3.0):
        grid = sample_grid(ImplicitField(lambda p, value=value: np.full(len(p), value, np.float32)), 32)
        assert grid.evaluations == 17**3
        assert (grid.values == value).all()


def test_bad_arguments() -> None:
    field = field_of(lambda p: p[:, 0])
    with pytest.raises(ValueError, match="resolution"):
        sample_grid(field, 0)
    with pytest.raises(ValueError, match="power of two"):
        sample_grid(field, 32, start_spacing=3)
