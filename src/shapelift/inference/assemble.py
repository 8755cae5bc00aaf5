"""From the outputs of a saved model to a value: one assembler per representation, none per family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.geometry import (
    UNIT_BOX,
    Camera,
    DepthMaps,
    ImplicitField,
    Mesh,
    PointCloud,
    Representation,
    VoxelGrid,
)
from shapelift.inference.model_folder import ModelFolder
from shapelift.inference.picture_field import picture_field

_CHUNK_POINTS = 2048
"""Points per run of a decoder, so that its activations stay within the caches: a point in feature planes costs 30 %
more at 4,096 and 66 % more at 8,192, and 10 % more at 512, where starting the operators begins to show."""

_RIGID = 1e-3
"""How far a matrix of single precision may be from a rotation."""

Image = npt.NDArray[np.float32]
Inputs = Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class ModelOutput:
    """What a model says about one picture.

    Attributes:
        representation: The shape, in the frame of the model's card.
        features: Image features `d` float32, or None where the model gives none.
        places: For a point cloud whose points lie on a surface patch: row and column `n 2` float32 of every point in
            the unit square, and negative numbers for points that belong to none; or None.
        filled_share: For a field in the frame of the picture: the share of the silhouette that was filled, see `fill`;
            or None.
        warnings: Lines for the user.
    """

    representation: Representation
    features: npt.NDArray[np.float32] | None
    places: npt.NDArray[np.float32] | None = None
    filled_share: float | None = None
    warnings: tuple[str, ...] = ()


def predict(
    model: ModelFolder, image: Image, name: str = "image", *, seed: int = 0, sample: int = 0, fill: bool = True
) -> ModelOutput:
    """Run a model on one picture `c s s` float32 in [0, 1], which messages call `name`.

    Args:
        model: The model.
        image: The picture.
        name: How messages call it.
        seed: What the randomness of a stochastic model begins with.
        sample: Which of the answers of that seed; each is the same however many are asked for.
        fill: Whether a field in the frame of the picture is cut to the outline of the object and filled to it.

    Raises:
        InputError: the model fails, gives something that is not what its card says, or sees not one point.
    """
    inputs = {"image": np.ascontiguousarray(image[None], np.float32)}
    if model.card.stochastic:
        noise = np.random.default_rng((seed, sample)).standard_normal((1, model.noise_size))
        inputs["noise"] = noise.astype(np.float32)
    if model.card.frame == "picture":
        return _picture(model, inputs, fill=fill)
    return _ASSEMBLERS[model.card.representation](model, inputs, name)


def encode_images(model: ModelFolder, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Features `b d` of pictures `b c s s`.

    Raises:
        InputError: the model gives no features.
    """
    graph = model.first
    if not model.has_features:
        raise InputError(f"{graph.origin}: gives no image features; export the model with an output named features")
    inputs = {"image": np.ascontiguousarray(images, np.float32)}
    if model.card.stochastic:  # features are those of the picture, whatever the noise
        inputs["noise"] = np.zeros((len(images), model.noise_size), np.float32)
    return graph(inputs, ["features"])["features"]


def _field(model: ModelFolder, inputs: Inputs, name: str) -> ModelOutput:
    del name  # a field can be asked wherever it is
    outputs = model.graphs["encode"](inputs)
    return ModelOutput(ImplicitField(_decoder(model, outputs, "logits", ()), UNIT_BOX), _features(outputs))


def _picture(model: ModelFolder, inputs: Inputs, *, fill: bool) -> ModelOutput:
    graph = model.graphs["encode"]
    outputs = graph(inputs)
    side = model.card.preprocess.image_size_px
    one = {name: outputs[name][:, None] for name in ("intrinsics", "camera_from_world")}
    (camera,) = _cameras(one, (1, 1, side, side), graph.origin)
    visible = outputs.get("depth")
    if visible is not None and (visible.ndim != 4 or visible.shape[:2] != (1, 1) or min(visible.shape) < 1):
        raise InputError(f"{graph.origin}: gives depth of shape {visible.shape} instead of (1, 1, h, w); export again")
    colors = _decoder(model, outputs, "colors", (3,)) if "colors" in model.graphs["decode"].outputs else None
    try:
        found = picture_field(
            _decoder(model, outputs, "logits", ()),
            colors,
            camera,
            inputs["image"][0, -1],
            visible=None if visible is None else visible[0, 0],
            fill=fill,
        )
    except ValueError as error:
        raise InputError(f"{graph.origin}: gives no usable camera ({error}); export the model again") from error
    return ModelOutput(found.field, _features(outputs), filled_share=found.filled_share, warnings=found.warnings)


def _decoder(
    model: ModelFolder, outputs: Mapping[str, npt.NDArray[np.float32]], name: str, columns: tuple[int, ...]
) -> Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]:
    """Output `name` of the decoder as a function of points `n 3`, `n` or `n columns` float32."""
    decode = model.graphs["decode"]
    code = {name: np.ascontiguousarray(outputs[name]) for name in decode.inputs if name != "points"}
    empty = np.empty((0, *columns), np.float32)

    def part(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        values = decode({**code, "points": np.ascontiguousarray(points[None], np.float32)}, [name])[name]
        if values.size != len(points) * (columns or (1,))[0]:
            raise InputError(f"{decode.origin}: gives {values.size} {name} for {len(points)} points; export again")
        return values.reshape(-1, *columns)

    def asked(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        parts = [points[start : start + _CHUNK_POINTS] for start in range(0, len(points), _CHUNK_POINTS)]
        if not parts:
            return empty
        if model.threads == 1 or len(parts) == 1:
            return np.concatenate([part(piece) for piece in parts])
        with ThreadPoolExecutor(model.threads) as pool:
            return np.concatenate(list(pool.map(part, parts)))

    return asked


def _grid(model: ModelFolder, inputs: Inputs, name: str) -> ModelOutput:
    del name
    graph = model.graphs["predict"]
    outputs = graph(inputs)
    logits = outputs["logits"]
    if logits.ndim != 4 or logits.shape[0] != 1 or min(logits.shape) < 1:
        raise InputError(f"{graph.origin}: gives logits of shape {logits.shape} instead of (1, x, y, z); export again")
    return ModelOutput(VoxelGrid(probability(logits[0]), UNIT_BOX), _features(outputs))


def _points(model: ModelFolder, inputs: Inputs, name: str) -> ModelOutput:
    graph = model.graphs["predict"]
    outputs = graph(inputs)
    points, weights = outputs["points"], outputs["weights"]
    normals, places = outputs.get("normals"), outputs.get("places")
    count = weights.size
    for field, values, columns in (("points", points, 3), ("normals", normals, 3), ("places", places, 2)):
        if values is not None and (values.shape != (1, count, columns) or weights.shape != (1, count)):
            raise InputError(
                f"{graph.origin}: gives {field} of shape {values.shape} and weights of shape {weights.shape}, which do "
                "not fit; export again"
            )
    kept = weights[0] > 0.0
    if not kept.any():
        raise InputError(
            f"{name}: the model {model.card.name} sees no shape in it (no point has a weight above 0); "
            "give a picture that shows one whole object"
        )
    return ModelOutput(
        PointCloud(points[0, kept], None if normals is None else normals[0, kept]),
        _features(outputs),
        None if places is None else places[0, kept],
    )


def _mesh(model: ModelFolder, inputs: Inputs, name: str) -> ModelOutput:
    del name  # a mesh is somewhere, whatever the picture
    graph = model.graphs["predict"]
    outputs = graph(inputs)
    vertices, faces = outputs["vertices"], outputs["faces"]
    shapes = f"{vertices.shape} and faces of shape {faces.shape}"
    if vertices.ndim != 3 or faces.ndim != 3 or {*vertices.shape[::2], *faces.shape[::2]} != {1, 3} or not faces.size:
        raise InputError(
            f"{graph.origin}: gives vertices of shape {shapes} instead of (1, v, 3) and (1, f, 3); export again"
        )
    if faces.dtype.kind != "i" or faces.min() < 0 or faces.max() >= vertices.shape[1]:
        raise InputError(f"{graph.origin}: gives faces that are no indices of its vertices; export again")
    return ModelOutput(Mesh(vertices[0], faces[0].astype(np.int32)), _features(outputs))


def _depth(model: ModelFolder, inputs: Inputs, name: str) -> ModelOutput:
    graph = model.graphs["predict"]
    outputs = graph(inputs)
    depth, logits, normals = outputs["depth"], outputs["mask_logits"], outputs.get("normals")
    if depth.ndim != 4 or len(depth) != 1 or not depth.size or logits.shape != depth.shape:
        raise InputError(
            f"{graph.origin}: gives depth of shape {depth.shape} and mask_logits of shape {logits.shape} instead of "
            "(1, k, h, w) for both; export again"
        )
    if normals is not None and normals.shape != (*depth.shape, 3):
        raise InputError(f"{graph.origin}: gives normals of shape {normals.shape}, which do not fit; export again")
    mask = logits[0] > 0.0
    if not mask.any():
        raise InputError(
            f"{name}: the model {model.card.name} sees no shape in it (no pixel has a mask logit above 0); "
            "give a picture that shows one whole object"
        )
    if depth[0][mask].min() <= 0.0:
        raise InputError(f"{graph.origin}: gives depths that are not in front of the camera; train the model again")
    cameras = _cameras(outputs, depth.shape, graph.origin)
    return ModelOutput(DepthMaps(depth[0], mask, cameras, None if normals is None else normals[0]), _features(outputs))


def _cameras(outputs: Mapping[str, npt.NDArray[np.float32]], shape: tuple[int, ...], origin: str) -> tuple[Camera, ...]:
    """The perspective cameras of maps `1 k h w`."""
    intrinsics, matrices = outputs["intrinsics"], outputs["camera_from_world"]
    count = shape[1]
    if intrinsics.shape != (1, count, 3, 3) or matrices.shape != (1, count, 4, 4):
        raise InputError(
            f"{origin}: gives intrinsics of shape {intrinsics.shape} and camera_from_world of shape {matrices.shape} "
            f"for {count} maps; export again"
        )
    try:
        # Single precision leaves a rotation a little off; the nearest one is meant.
        turned = np.linalg.svd(matrices[0, :, :3, :3].astype(np.float64))
        rigid = matrices[0].astype(np.float64)
        rigid[:, :3, :3] = turned.U @ turned.Vh
        if np.abs(rigid - matrices[0]).max() > _RIGID:
            raise ValueError("camera_from_world is not rigid")
        size = (shape[3], shape[2])
        return tuple(Camera(one, matrix, size) for one, matrix in zip(intrinsics[0], rigid, strict=True))
    except (ValueError, np.linalg.LinAlgError) as error:
        raise InputError(f"{origin}: gives no usable cameras ({error}); export the model again") from error


def probability(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The logistic function, without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)), np.float32)


def _features(outputs: Mapping[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.float32] | None:
    return outputs["features"].reshape(-1) if "features" in outputs else None


_ASSEMBLERS: dict[str, Callable[[ModelFolder, Inputs, str], ModelOutput]] = {
    "field": _field,
    "grid": _grid,
    "mesh": _mesh,
    "depth": _depth,
    "points": _points,
}
