"""A field: one graph looks at the picture, another is asked for logits at points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.geometry import UNIT_BOX, ImplicitField
from shapelift.inference.graph import OnnxGraph
from shapelift.inference.picture_field import picture_field
from shapelift.inference.representations.kind import (
    AssemblyInput,
    ModelOutput,
    RepresentationKind,
    cameras_of,
    features_of,
)

_CHUNK_POINTS = 2048
"""Points per run of a decoder, so that its activations stay within the caches: a point in feature planes costs 30 %
more at 4,096 and 66 % more at 8,192, and 10 % more at 512, where starting the operators begins to show."""


def _field(asked: AssemblyInput) -> ModelOutput:
    if asked.frame == "picture":
        return _picture(asked)
    outputs = asked.graphs["encode"](asked.inputs)
    return ModelOutput(ImplicitField(_decoder(asked, outputs, "logits", ()), UNIT_BOX), features_of(outputs))


def _picture(asked: AssemblyInput) -> ModelOutput:
    graph = asked.graphs["encode"]
    outputs = graph(asked.inputs)
    side = asked.inputs["image"].shape[3]
    one = {name: outputs[name][:, None] for name in ("intrinsics", "camera_from_world")}
    (camera,) = cameras_of(one, (1, 1, side, side), graph.origin)
    visible = outputs.get("depth")
    if visible is not None and (visible.ndim != 4 or visible.shape[:2] != (1, 1) or min(visible.shape) < 1):
        raise InputError(f"{graph.origin}: gives depth of shape {visible.shape} instead of (1, 1, h, w); export again")
    colors = _decoder(asked, outputs, "colors", (3,)) if "colors" in asked.graphs["decode"].outputs else None
    try:
        found = picture_field(
            _decoder(asked, outputs, "logits", ()),
            colors,
            camera,
            asked.inputs["image"][0, -1],
            visible=None if visible is None else visible[0, 0],
            fill=asked.fill,
        )
    except ValueError as error:
        raise InputError(f"{graph.origin}: gives no usable camera ({error}); export the model again") from error
    return ModelOutput(found.field, features_of(outputs), filled_share=found.filled_share, warnings=found.warnings)


def _decoder(
    asked: AssemblyInput, outputs: Mapping[str, npt.NDArray[np.float32]], name: str, columns: tuple[int, ...]
) -> Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]:
    """Output `name` of the decoder as a function of points `n 3`, `n` or `n columns` float32."""
    decode = asked.graphs["decode"]
    code = {name: np.ascontiguousarray(outputs[name]) for name in decode.inputs if name != "points"}
    empty = np.empty((0, *columns), np.float32)

    def part(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        values = decode({**code, "points": np.ascontiguousarray(points[None], np.float32)}, [name])[name]
        if values.size != len(points) * (columns or (1,))[0]:
            raise InputError(f"{decode.origin}: gives {values.size} {name} for {len(points)} points; export again")
        return values.reshape(-1, *columns)

    def values(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        parts = [points[start : start + _CHUNK_POINTS] for start in range(0, len(points), _CHUNK_POINTS)]
        if not parts:
            return empty
        if asked.threads == 1 or len(parts) == 1:
            return np.concatenate([part(piece) for piece in parts])
        with ThreadPoolExecutor(asked.threads) as pool:
            return np.concatenate(list(pool.map(part, parts)))

    return values


def _check(graphs: Mapping[str, OnnxGraph], frame: str) -> None:
    encode, decode = graphs["encode"], graphs["decode"]
    codes = set(decode.inputs) - {"points"}
    if "points" not in decode.inputs or not codes or not codes <= set(encode.outputs) or "logits" not in decode.outputs:
        raise InputError(f"{decode.origin}: does not fit {Path(encode.origin).name}; export the model again")
    if frame == "picture":
        for name in ("intrinsics", "camera_from_world"):
            if name not in encode.outputs:
                raise InputError(f"{encode.origin}: gives no {name}; export the model again")


KIND = RepresentationKind(
    ImplicitField,
    ("encode", "decode"),
    (),
    _field,
    frames=("object", "view", "picture"),
    is_solid=True,
    check=_check,
)
