"""The contract of a family, as a suite that anyone can run over a family of their own.

`check_family(config)` builds the family from a small configuration and holds it to every promise that training, export
and inference rely on. It needs no files and no test framework: a broken promise raises `ContractError`, saying which.
"""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shapelift.datasets import ShapeDataset
from shapelift.errors import InputError
from shapelift.geometry import Camera, DepthMaps, ImplicitField, Mesh, PointCloud, Representation, VoxelGrid
from shapelift.geometry.viewpoints import fixed_cameras, random_cameras
from shapelift.inference import ModelCard, write_card
from shapelift.inference import Reconstructor as Exported
from shapelift.inference.model_folder import GRAPHS
from shapelift.io.manifest import Manifest, ShapeEntry
from shapelift.io.preprocess import Preprocess
from shapelift.io.records import ShapeRecord, Split, write_record
from shapelift.meshing import to_mesh
from shapelift.models.base import Graph, Reconstructor, ReconstructorConfig, config_from_json
from shapelift.models.export import example_inputs, export_graphs, read_weights
from shapelift.synthesis.cameras import framed_camera, random_viewpoints, view_from_object
from shapelift.synthesis.options import RecordOptions

Tensors = Mapping[str, Tensor]

_REPRESENTATIONS: Mapping[str, type] = {
    "field": ImplicitField,
    "grid": VoxelGrid,
    "points": PointCloud,
    "mesh": Mesh,
    "depth": DepthMaps,
}

BATCH = 3
OVERFIT_STEPS = 80
ONNX_TOLERANCE = 1e-4
NEIGHBOUR_TOLERANCE = 1e-4


LOPSIDED_CHAIR = (
    ((-0.30, -0.05, -0.30), (0.28, 0.03, 0.32)),
    ((-0.30, 0.03, -0.30), (0.28, 0.50, -0.22)),
    ((-0.30, -0.50, -0.30), (-0.22, -0.05, -0.20)),
    ((0.18, -0.50, -0.30), (0.28, -0.05, -0.22)),
    ((-0.30, -0.50, 0.24), (-0.24, -0.05, 0.32)),
    ((0.20, -0.42, 0.20), (0.28, -0.05, 0.32)),
    ((0.20, 0.03, -0.22), (0.28, 0.20, 0.10)),
)
"""Low and high corners of boxes: a shape that no turn or reflection maps to itself, so that every swap shows."""


class ContractError(AssertionError):
    """A family breaks a promise of the contract."""


def check_family(config: ReconstructorConfig) -> None:
    """Hold a family to its contract.

    Args:
        config: a small configuration of it: an image of 32 px and a few thousand parameters are enough, and quick.

    Raises:
        ContractError: a promise is broken; the message says which.
    """
    with tempfile.TemporaryDirectory() as folder:
        write_example_data(Path(folder), size_px=config.image_size, options=config.record_options())
        batch = _example_batch(config, Path(folder))
        torch.manual_seed(0)
        model = config.build()
        _require(isinstance(model, Reconstructor), "build() must return a Reconstructor")
        _check_json(config)
        _check_gradients(model, batch)
        _check_overfits(model, batch)
        model.eval()
        _check_deterministic(model, batch)
        _check_independent(model, batch)
        _check_logits(model, batch)
        _check_randomness(config, model)
        _check_save_and_load(config, model, batch, Path(folder))
        _check_onnx(model, Path(folder))
        _check_inference(config, batch, Path(folder))


def write_example_data(
    folder: Path,
    *,
    shapes: int = 6,
    views: int = 2,
    size_px: int = 32,
    cells: int = 16,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
) -> None:
    """Write a data set of ellipsoids, whose images and labels are exact and take no renderer.

    Args:
        folder: where to; made if need be.
        shapes: number of shapes; of every three in a row the last is for validation or, in turn, for testing.
        views: images per shape.
        size_px: side of an image.
        cells: cells per side of the grid of stored points.
        seed: of all random draws.
        options: what targets ask for besides (`ReconstructorConfig.record_options`): depth views.
    """
    (folder / "shapes").mkdir(parents=True, exist_ok=True)
    entries = []
    for number in range(shapes):
        shape_id = f"ellipsoid-{number:03d}"
        file = f"shapes/{shape_id}.safetensors"
        record = _ellipsoid(shape_id, np.random.default_rng([seed, number]), views, size_px, cells)
        if options:
            record = _with_depth_views(record, np.random.default_rng([seed, number, 1]), RecordOptions(**options))
        write_record(folder / file, record)
        digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()
        split: Split = "train" if number % 3 < 2 else ("validation" if number % 2 == 0 else "test")
        entries.append(ShapeEntry(shape_id, "ellipsoid", file, digest, split, "analytic"))
    Manifest("shapelift.testing", {"cells": cells}, seed, ("analytic",), tuple(entries)).write(folder)


# -- the promises -----------------------------------------------------------------------------------------------------


def _require(promise: object, message: str) -> None:
    if not promise:
        raise ContractError(message)


def _check_json(config: ReconstructorConfig) -> None:
    again = config_from_json(config.to_json(), {config.family: type(config)})
    _require(again == config, "the configuration must survive JSON unchanged")
    _require(dataclasses.replace(config) == config, "the configuration must be a dataclass that can be copied")


def _check_gradients(model: Reconstructor, batch: Tensors) -> None:
    model.train()
    model.zero_grad()
    _loss(model, batch).backward()  # type: ignore[no-untyped-call]
    for name, parameter in model.named_parameters():
        _require(parameter.grad is not None, f"parameter {name} must get a gradient")
        if parameter.grad is not None:
            _require(bool(parameter.grad.isfinite().all()), f"the gradient of {name} must be finite")
    model.zero_grad()


def _check_overfits(model: Reconstructor, batch: Tensors) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    losses = []
    for _ in range(OVERFIT_STEPS):
        optimizer.zero_grad()
        loss = _loss(model, batch)
        losses.append(float(loss.detach()))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    message = (
        f"the loss on one batch must halve in {OVERFIT_STEPS} steps; it went from {losses[0]:.4g} to {losses[-1]:.4g}"
    )
    _require(losses[-1] < 0.5 * losses[0], message)


def _check_deterministic(model: Reconstructor, batch: Tensors) -> None:
    first, second = _predict(model, batch), _predict(model, batch)
    for name, value in first.items():
        _require(torch.equal(value, second[name]), f"prediction {name} must be the same twice in eval mode")


def _check_independent(model: Reconstructor, batch: Tensors) -> None:
    together = _predict(model, batch)
    alone = _predict(model, {name: value[:1] for name, value in batch.items()})
    for name, value in together.items():
        close = torch.allclose(value[:1], alone[name], rtol=NEIGHBOUR_TOLERANCE, atol=NEIGHBOUR_TOLERANCE)
        _require(close, f"prediction {name} of an item must not depend on its neighbours in the batch")


def _check_logits(model: Reconstructor, batch: Tensors) -> None:
    points = torch.rand(BATCH, 7, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    with torch.no_grad():
        logits = model.logits_at(_predict(model, batch), points)
    _require(logits.shape == (BATCH, 7), f"logits_at must return a logit per point, (3, 7), not {tuple(logits.shape)}")
    _require(bool(logits.isfinite().all()), "logits_at must return finite numbers")


def _check_randomness(config: ReconstructorConfig, model: Reconstructor) -> None:
    """Noise goes in where the configuration says stochastic, only there, and changes the shape, not the features."""
    takers = {name for name, graph in model.graphs().items() if "noise" in graph.inputs}
    first = GRAPHS[config.representation][0]
    _require(takers == ({first} if config.stochastic else set()), "noise is an input of the first graph if stochastic")
    if not config.stochastic:
        return
    graph = model.graphs()[first]
    fixed = graph.inputs["noise"][1:]
    _require(len(fixed) == 1 and isinstance(fixed[0], int), "noise must have shape (b, z) with a fixed z")
    inputs = dict(zip(graph.inputs, example_inputs(graph), strict=True))
    with torch.no_grad():
        one, same = (_named(graph, inputs) for _ in range(2))
        other = _named(graph, inputs | {"noise": inputs["noise"] + 1.0})
        without = model({"image": inputs["image"]})
    for name, value in one.items():
        _require(torch.equal(value, same[name]), f"{name} must be the same for the same noise")
    if "features" in one:
        _require(torch.equal(one["features"], other["features"]), "features must not depend on the noise")
    differs = any(not torch.equal(value, other[name]) for name, value in one.items())
    _require(differs, "the answer must depend on the noise")
    finite = all(bool(value.isfinite().all()) for value in without.values())
    _require(finite, "a batch without noise must be answered too")


def _check_save_and_load(config: ReconstructorConfig, model: Reconstructor, batch: Tensors, folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, path)
    torch.manual_seed(1)
    other = config.build()
    other.load_state_dict(load_file(path))
    other.eval()
    before, after = _predict(model, batch), _predict(other, batch)
    for name, value in before.items():
        _require(torch.equal(value, after[name]), f"prediction {name} must be the same bits after saving and loading")


def _check_onnx(model: Reconstructor, folder: Path) -> None:
    files = export_graphs(model, folder, weights="fp32")
    _require(files.keys() == model.graphs().keys(), "every graph must be exported")
    stored, state = read_weights(path.read_bytes() for path in files.values()), model.state_dict()
    _require(stored.keys() == state.keys(), "the graphs must hold every parameter and buffer")
    for name, value in state.items():
        _require(torch.equal(stored[name], value), f"the graphs must hold {name} as it is")
    for name, graph in model.graphs().items():
        for batch_size in (1, 3):
            _compare(name, graph, files[name], batch_size)


def _check_inference(config: ReconstructorConfig, batch: Tensors, folder: Path) -> None:
    """The exported model, opened as a user would, yields what the configuration declares, and a closed mesh of it."""
    card = ModelCard(
        name="contract",
        version="1",
        family=config.family,
        representation=config.representation,
        frame=config.frame,
        preprocess=Preprocess.from_mapping(config.preprocess),
        stochastic=config.stochastic,
    )
    write_card(folder, card, [path.name for path in folder.glob("*.onnx")])
    opened = Exported.load(folder, threads=1)
    image = (batch["image"][0].permute(1, 2, 0).numpy() * 255.0).round().astype(np.uint8)
    mask = image[..., 3] > 127 if config.channels == "rgba" else None
    result = opened.reconstruct(image, mask=mask)
    kind = _REPRESENTATIONS[config.representation]
    name = type(result.representation).__name__
    _require(isinstance(result.representation, kind), f"the model must yield a {kind.__name__}, not a {name}")
    mesh = to_mesh(result.representation, resolution=32)
    edges = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
    _require(len(edges) and np.isfinite(mesh.vertices).all(), "the mesh must have faces and finite vertices")
    paired = {tuple(edge) for edge in edges.tolist()} == {tuple(edge) for edge in edges[:, ::-1].tolist()}
    _require(paired, "the mesh must be closed: every edge once in each direction")
    _check_hypotheses(config, opened, image, mask)


def _check_hypotheses(
    config: ReconstructorConfig,
    opened: Exported,
    image: npt.NDArray[np.uint8],
    mask: npt.NDArray[np.bool_] | None,
) -> None:
    """Two answers where the card says stochastic, and else a clear refusal."""
    try:
        found = opened.hypotheses(image, 2, seed=1, mask=mask)
    except InputError:
        _require(not config.stochastic, "a stochastic model must give two answers to one image")
        return
    _require(config.stochastic, "a deterministic model must refuse to give two answers")
    again = opened.hypotheses(image, 2, seed=1, mask=mask)
    clouds = [_values(one.representation) for one in (*found, *again)]
    _require(np.array_equal(clouds[0], clouds[2]) and np.array_equal(clouds[1], clouds[3]), "a seed must be an answer")
    _require(not np.array_equal(clouds[0], clouds[1]), "two answers of one seed must differ")


def _values(shape: Representation) -> npt.NDArray[np.float32]:
    if isinstance(shape, PointCloud):
        return shape.points
    if isinstance(shape, Mesh):
        return shape.vertices
    if isinstance(shape, VoxelGrid):
        return shape.occupancy
    if isinstance(shape, DepthMaps):
        return shape.depth
    if not isinstance(shape, ImplicitField):
        raise TypeError(f"no model yields a {type(shape).__name__}")
    return shape(np.random.default_rng(0).uniform(-0.5, 0.5, (500, 3)).astype(np.float32))


def _named(graph: Graph, inputs: Tensors) -> Tensors:
    outputs = graph.module.eval()(*inputs.values())
    return dict(zip(graph.outputs, outputs if isinstance(outputs, tuple) else (outputs,), strict=True))


def _compare(name: str, graph: Graph, file: Path, batch_size: int) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    inputs = tuple(_resized(value, batch_size) for value in example_inputs(graph))
    with torch.no_grad():
        expected = graph.module.eval()(*inputs)
    expected = expected if isinstance(expected, tuple) else (expected,)
    feed = {key: value.numpy() for key, value in zip(graph.inputs, inputs, strict=True)}
    for key, want, got in zip(graph.outputs, expected, session.run(list(graph.outputs), feed), strict=True):
        scale = max(float(want.abs().max()), 1.0)
        error = float(np.abs(want.numpy() - got).max()) / scale
        _require(want.shape == got.shape, f"graph {name}: {key} must have shape {tuple(want.shape)}, not {got.shape}")
        _require(
            error < ONNX_TOLERANCE, f"graph {name}: {key} must equal torch to {ONNX_TOLERANCE}, off by {error:.2g}"
        )


def _resized(value: Tensor, batch_size: int) -> Tensor:
    return value[:1].expand(batch_size, *value.shape[1:]).contiguous()


# -- bricks -----------------------------------------------------------------------------------------------------------


def _example_batch(config: ReconstructorConfig, folder: Path) -> dict[str, Tensor]:
    preprocess = Preprocess.from_mapping(config.preprocess)
    dataset = ShapeDataset(folder, "train", targets=config.targets(), preprocess=preprocess)
    return dataset.batch(0, BATCH)


def _loss(model: Reconstructor, batch: Tensors) -> Tensor:
    terms = model.loss(model(batch), batch)
    _require(terms and all(value.dim() == 0 for value in terms.values()), "loss() must return named scalars")
    return torch.stack(list(terms.values())).sum()


@torch.no_grad()
def _predict(model: Reconstructor, batch: Tensors) -> Tensors:
    return model(batch)  # type: ignore[no-any-return]


def _ellipsoid(shape_id: str, rng: np.random.Generator, views: int, size_px: int, cells: int) -> ShapeRecord:
    """The record of an axis-aligned ellipsoid with a longest side of 1."""
    radii = rng.uniform(0.2, 0.5, 3)
    radii[rng.integers(3)] = 0.5
    sphere = rng.standard_normal((4000, 3))
    sphere /= np.linalg.norm(sphere, axis=1, keepdims=True)
    surface = sphere * radii
    normals = sphere / radii
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    grid = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    uniform = (((grid + rng.random(grid.shape)) / cells * 2.0 - 1.0) * radii).astype(np.float16)
    near = (surface + rng.normal(scale=0.05, size=surface.shape)).astype(np.float16)
    color = rng.uniform(0.3, 1.0, 3)
    points = rng.permutation(len(surface))
    images, cameras, viewpoints = [], [], random_viewpoints(rng, views)
    for view in viewpoints:
        place = (view.azimuth_deg, view.elevation_deg, view.fov_deg, view.distance)
        cameras.append(framed_camera(surface, *place, size_px))
        images.append(_picture(cameras[-1], radii, color))
    depth_scale = max(float(image[1].max()) for image in images) / 65535.0
    return ShapeRecord(
        rgba=np.stack([image[0] for image in images]),
        depth=np.stack([(image[1] / depth_scale).round().astype(np.uint16) for image in images]),
        normals=np.stack([(image[2] * 127.0).round().astype(np.int8) for image in images]),
        intrinsics=np.stack([camera.intrinsics for camera in cameras]),
        camera_from_world=np.stack([camera.camera_from_world for camera in cameras]),
        view_parameters=np.array([[v.azimuth_deg, v.elevation_deg, v.fov_deg, v.distance] for v in viewpoints]),
        view_from_object=np.stack([view_from_object(surface, view.azimuth_deg) for view in viewpoints]),
        bounds=np.stack([-radii, radii]).astype(np.float32),
        grid_shape=np.full(3, cells, np.int32),
        uniform_points=uniform,
        uniform_occupancy=_inside(uniform, radii),
        near_points=near,
        near_occupancy=_inside(near, radii),
        surface_points=surface[points].astype(np.float16),
        surface_normals=(normals[points] * 127.0).round().astype(np.int8),
        depth_scale=depth_scale,
        metadata={"shape_id": shape_id, "category": "ellipsoid", "source": "analytic", "licence": "CC0-1.0"},
    )


def _with_depth_views(record: ShapeRecord, rng: np.random.Generator, options: RecordOptions) -> ShapeRecord:
    size, extent, radii = options.depth_size_px, options.depth_extent, record.bounds[1].astype(np.float64)
    fixed = fixed_cameras(options.fixed_views, size, extent)
    novel = random_cameras(options.depth_views, size, rng, extent)
    seen = [[_picture(camera, radii, np.ones(3))[1] for camera in cameras] for cameras in (fixed, novel)]
    scale = max(float(np.max(seen[0])), float(np.max(seen[1]))) / 65535.0
    steps = [np.stack(depth) / max(scale, record.depth_scale) for depth in seen]
    return dataclasses.replace(
        record,
        depth=(record.depth * (record.depth_scale / max(scale, record.depth_scale))).round().astype(np.uint16),
        depth_scale=max(scale, record.depth_scale),
        fixed_depth=steps[0].round().astype(np.uint16),
        novel_depth=steps[1].round().astype(np.uint16),
        novel_camera_from_world=np.stack([camera.camera_from_world for camera in novel]),
        depth_extent=extent,
    )


def _inside(points: npt.NDArray[np.float16], radii: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    inside: npt.NDArray[np.bool_] = ((points.astype(np.float64) / radii) ** 2).sum(axis=1) < 1.0
    return inside


def _picture(
    camera: Camera, radii: npt.NDArray[np.float64], color: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Image `h w 4`, depth `h w` (0 is background) and normals `h w 3` of an ellipsoid, by the quadratic formula."""
    origins, directions = camera.rays()
    start, along = origins / radii, directions / radii
    a, b = (along**2).sum(-1), (start * along).sum(-1)
    root = b**2 - a * ((start**2).sum(-1) - 1.0)
    hit = root > 0.0
    distance = np.where(hit, (-b - np.sqrt(np.maximum(root, 0.0))) / a, 1.0)
    points = origins + distance[..., None] * directions
    normals = points / radii**2
    normals *= (hit / np.maximum(np.linalg.norm(normals, axis=-1), 1e-12))[..., None]
    depth = np.where(hit, camera.project(points.reshape(-1, 3))[1].reshape(hit.shape), 0.0)
    light = 0.3 + 0.7 * np.clip(-(normals * directions).sum(-1), 0.0, 1.0)
    rgba = np.concatenate([color * light[..., None], hit[..., None]], axis=-1) * hit[..., None]
    return (rgba * 255.0).round().astype(np.uint8), depth, normals
