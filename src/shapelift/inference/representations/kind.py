"""What makes a representation: its graphs, what they give, and how that becomes a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.errors import Doubt, InputError
from shapelift.geometry import Camera, Representation
from shapelift.inference.graph import OnnxGraph

_RIGID = 1e-3
"""How far a matrix of single precision may be from a rotation."""

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
    warnings: tuple[Doubt, ...] = ()


@dataclass(frozen=True, eq=False)
class AssemblyInput:
    """A model and one picture.

    Attributes:
        graphs: Graph name -> graph.
        inputs: Of the first graph: `image` `1 c s s`, and `noise` of a stochastic model.
        name: How messages call the picture.
        model: The name of the model.
        frame: The frame on its card.
        threads: CPU threads to use.
        fill: Whether a field in the frame of the picture is cut to the outline of the object and filled to it.
    """

    graphs: Mapping[str, OnnxGraph]
    inputs: Inputs
    name: str
    model: str
    frame: str
    threads: int = 1
    fill: bool = True


def _fits_anyway(graphs: Mapping[str, OnnxGraph], frame: str) -> None:
    del graphs, frame


@dataclass(frozen=True)
class RepresentationKind:
    """A representation that a saved model may yield.

    Attributes:
        value: The type that it becomes; `meshing.to_mesh` and `to_point_cloud` take it.
        graphs: The graphs of a model, `<graph>.onnx` is the file of each; the first takes the picture.
        outputs: What the first graph gives at least.
        assemble: From a model and a picture to the value. Raises InputError where the outputs are not as they must be.
        frames: The frames that a model of it may predict in, see `card.FRAMES`.
        is_solid: Whether the value itself says what is inside.
        check: What else must be true of the graphs, given the frame. Raises InputError.
    """

    value: type
    graphs: tuple[str, ...]
    outputs: tuple[str, ...]
    assemble: Callable[[AssemblyInput], ModelOutput]
    frames: tuple[str, ...] = ("object", "view")
    is_solid: bool = False
    check: Callable[[Mapping[str, OnnxGraph], str], None] = _fits_anyway


def cannot_see(asked: AssemblyInput, why: str) -> InputError:
    """The error of a picture in which a model sees nothing."""
    return InputError(
        f"{asked.name}: the model {asked.model} sees no shape in it ({why}); give a picture that shows one whole object"
    )


def cameras_of(
    outputs: Mapping[str, npt.NDArray[np.float32]], shape: tuple[int, ...], origin: str
) -> tuple[Camera, ...]:
    """The perspective cameras of maps `1 k h w`, from the outputs `intrinsics` and `camera_from_world`.

    Args:
        outputs: Of the graph.
        shape: Of the maps.
        origin: How messages call the graph.

    Raises:
        InputError: they are none.
    """
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


def features_of(outputs: Mapping[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.float32] | None:
    """The image features `d`, where the model gives some."""
    return outputs["features"].reshape(-1) if "features" in outputs else None
