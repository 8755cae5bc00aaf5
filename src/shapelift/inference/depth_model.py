"""Depth models of the user's own: any ONNX file that turns one picture into one map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.inference.graph import open_graph
from shapelift.inference.model_folder import MAX_MODEL_FILE_BYTES
from shapelift.io.cores import available_cores

Normalisation = Literal["imagenet", "unit", "signed", "bytes"]

MIN_INPUT_PX, MAX_INPUT_PX = 16, 4096
_DEFAULT_INPUT_PX = 448
"""Side of the input where a graph leaves it open: a multiple of 14 and of 32, what networks usually ask for."""

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_TYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
}

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class DepthModel:
    """An opened depth model.

    Attributes:
        path: The file.
        session: The onnxruntime session.
        input_name: Of the picture.
        output_name: Of the map.
        dtype: Of the picture's numbers.
        channels_last: Whether the picture is `1 h w 3` instead of `1 3 h w`.
        size_px: (width, height) of the picture.
        normalisation: How bytes become the numbers it takes: `imagenet` (mean and spread of that data set), `unit`
            (0 to 1), `signed` (-1 to 1) or `bytes` (0 to 255).
        inverse: Whether larger values are nearer.
    """

    path: Path
    session: Any
    input_name: str
    output_name: str
    dtype: type[np.generic]
    channels_last: bool
    size_px: tuple[int, int]
    normalisation: Normalisation
    inverse: bool

    def __call__(self, rgb: Pixels) -> npt.NDArray[np.float32]:
        """The map `h w` of a picture `h w 3`, in the network's own resolution and unit.

        Raises:
            InputError: the model fails, or gives no single map, or values that are not finite.
        """
        try:
            (result,) = self.session.run([self.output_name], {self.input_name: self._input(rgb)})
        except Exception as error:  # onnxruntime raises a dozen types that share no base but Exception
            reason = ascii(" ".join(str(error).split())[:160])[1:-1]
            raise InputError(
                f"{self.path}: failed on a picture of {self.size_px[0]}x{self.size_px[1]} px ({reason}); "
                "give the size it was made for with `input_size`"
            ) from error
        found = np.asarray(result)
        shape = [side for side in found.shape if side != 1]
        if found.dtype.kind != "f" or len(shape) != 2:
            raise InputError(
                f"{self.path}: output {self.output_name} has shape {found.shape} and type {found.dtype}, which is no "
                "single depth map; name another with `depth_output`, or give a depth model"
            )
        depth = found.reshape(shape).astype(np.float32)
        if not np.isfinite(depth).all():
            raise InputError(f"{self.path}: gives depths that are not finite; try another `normalise` or `input_size`")
        return depth

    def _input(self, rgb: Pixels) -> npt.NDArray[Any]:
        import cv2

        shrinks = self.size_px[0] < rgb.shape[1] or self.size_px[1] < rgb.shape[0]
        resized = cv2.resize(rgb, self.size_px, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        values = _normalised(resized, self.normalisation)
        ordered = values if self.channels_last else np.moveaxis(values, -1, 0)
        if self.dtype is np.uint8:
            return np.ascontiguousarray(resized if self.channels_last else np.moveaxis(resized, -1, 0))[None]
        return np.ascontiguousarray(ordered[None], self.dtype)


def _normalised(rgb: Pixels, normalisation: Normalisation) -> npt.NDArray[np.float32]:
    """Bytes `h w 3` as the numbers that a network takes; see `DepthModel.normalisation`."""
    values = rgb.astype(np.float32)
    if normalisation == "bytes":
        return values
    if normalisation == "signed":
        return values / np.float32(127.5) - np.float32(1.0)
    values /= np.float32(255.0)
    if normalisation == "imagenet":
        mean, spread = (np.array(numbers, np.float32) for numbers in _IMAGENET)
        values = (values - mean) / spread
    return values


def open_depth_model(
    path: str | Path,
    *,
    input_size_px: tuple[int, int] | None = None,
    normalisation: Normalisation | None = None,
    inverse: bool | None = None,
    output: str | None = None,
    threads: int | None = None,
) -> DepthModel:
    """Open an ONNX file that takes one picture and gives a map.

    What is not said is read from the graph: the size and the order of axes from the shape of its input; `bytes` for a
    picture of bytes and `imagenet` otherwise, which is what most such models were trained with; the first output; and
    that larger values are nearer where the output's name says disparity or inverse, that they are farther otherwise.

    Args:
        path: The file.
        input_size_px: (width, height) of its picture.
        normalisation: See `DepthModel`.
        inverse: See `DepthModel`.
        output: Name of the output that is the map.
        threads: CPU threads; all cores by default.

    Raises:
        InputError: no such file, no ONNX model, operators or weights from outside of the file, or inputs and outputs
            that are not those of a depth model.
    """
    path = Path(path)
    graph = open_graph(_bytes(path), str(path), threads or available_cores())
    if len(graph.inputs) != 1:
        raise InputError(f"{path}: takes {len(graph.inputs)} inputs; a depth model takes one picture")
    entry = graph.session.get_inputs()[0]
    shape = tuple(entry.shape)
    if (
        entry.type not in _TYPES
        or len(shape) != 4
        or 3 not in {shape[1], shape[3]}
        or shape[0] not in {1, None} | {side for side in shape if isinstance(side, str)}
    ):
        raise InputError(
            f"{path}: takes {entry.type} of shape {list(shape)}; a depth model takes one picture, [1, 3, h, w] or "
            "[1, h, w, 3] of floats or bytes"
        )
    channels_last = shape[1] != 3
    name = output or graph.outputs[0]
    if name not in graph.outputs:
        raise InputError(f"{path}: gives no {name}; `depth_output` is one of {', '.join(graph.outputs)}")
    dtype = _TYPES[entry.type]
    if dtype is np.uint8 and normalisation not in {None, "bytes"}:
        raise InputError(f"`normalise` {normalisation}: {path} takes bytes as they are; leave it out")
    size = _input_size(path, shape[1:3] if channels_last else shape[2:], input_size_px)
    words = name.lower()
    said = any(word in words for word in ("disp", "inverse", "inv_depth")) if inverse is None else inverse
    chosen = normalisation or ("bytes" if dtype is np.uint8 else "imagenet")
    return DepthModel(path, graph.session, entry.name, name, dtype, channels_last, size, chosen, said)


def _input_size(path: Path, sides: tuple[Any, ...], wanted: tuple[int, int] | None) -> tuple[int, int]:
    """(width, height) from the graph's (height, width) and what is asked for."""
    if wanted is not None and not all(MIN_INPUT_PX <= side <= MAX_INPUT_PX for side in wanted):
        raise InputError(f"`input_size` {wanted[0]}x{wanted[1]}: out of range; give {MIN_INPUT_PX} to {MAX_INPUT_PX}")
    found = []
    for side, asked in zip(reversed(sides), wanted or (None, None), strict=True):
        if isinstance(side, int) and side > 0:
            if asked not in {None, side}:
                raise InputError(f"`input_size`: {path} takes {sides[1]}x{sides[0]} px and nothing else; leave it out")
            found.append(side)
        else:
            found.append(asked or _DEFAULT_INPUT_PX)
    if math.prod(found) > MAX_INPUT_PX**2:
        raise InputError(f"{path}: takes {found[0]}x{found[1]} px, which is too large; give a smaller model")
    return found[0], found[1]


def _bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a folder; give the ONNX file of a depth model")
        if not path.is_file():
            raise InputError(f"{path}: no such file; check the name and the folder")
        if path.stat().st_size > MAX_MODEL_FILE_BYTES:
            raise InputError(
                f"{path}: is over the limit of {MAX_MODEL_FILE_BYTES // 1024**2} MiB; give a smaller model"
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{str(path)[:200]!a}: cannot be read; check the name and its permissions") from error
