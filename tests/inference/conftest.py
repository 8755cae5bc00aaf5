"""Small models with known answers, built graph by graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from shapelift.geometry import Camera
from shapelift.imaging.preprocess import Preprocess
from shapelift.inference import DataSource, ModelCard, Reconstructor, write_card

SIZE_PX = 32
AXES = (1.0, 0.8, 0.6)
SLOPE = 20.0


def radius_of(coverage: float) -> float:
    """Half the longest axis that the ellipsoid model gives for a mean coverage of the crop."""
    return 0.2 + 0.25 * coverage


@pytest.fixture(scope="session")
def ellipsoid_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A field model: an ellipsoid with axes `AXES`, whose radius follows the covered area of the crop."""
    folder = tmp_path_factory.mktemp("models") / "ellipsoid"
    folder.mkdir()
    save_graph(folder / "encode.onnx", *_encode())
    save_graph(folder / "decode.onnx", *_decode())
    write_card(folder, make_card("ellipsoid", "field"), ["encode.onnx", "decode.onnx"])
    return folder


@pytest.fixture(scope="session")
def grid_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grid model: a ball of radius 0.35 in 24 cells, shifted by the mean coverage in logits."""
    folder = tmp_path_factory.mktemp("models") / "ball"
    folder.mkdir()
    save_graph(folder / "predict.onnx", *_predict())
    write_card(folder, make_card("ball", "grid"), ["predict.onnx"])
    return folder


@pytest.fixture(scope="session")
def ellipsoid(ellipsoid_folder: Path) -> Reconstructor:
    return Reconstructor.load(ellipsoid_folder, threads=1)


@pytest.fixture
def disc() -> Callable[..., np.ndarray]:
    return draw_disc


def draw_disc(size_px: int = 48, radius: float = 0.35, color: tuple[int, int, int] = (200, 60, 40)) -> np.ndarray:
    """A disc on a transparent background, `s s 4` uint8."""
    axis = (np.arange(size_px) + 0.5) / size_px - 0.5
    inside = axis[:, None] ** 2 + axis[None] ** 2 < radius**2
    rgba = np.zeros((size_px, size_px, 4), np.uint8)
    rgba[inside] = (*color, 255)
    return rgba


def make_card(name: str, representation: str, **changes: object) -> ModelCard:
    values: dict[str, object] = {
        "name": name,
        "version": "1",
        "family": "analytic",
        "representation": representation,
        "frame": "view",
        "preprocess": Preprocess(image_size_px=SIZE_PX),
        "categories": ("ellipsoid",),
        "training": {"images": 0, "nested": {"rate": 0.5}},
        "data": (DataSource("formula", "CC0-1.0", 1),),
        "scores": {"iou": 1.0},
        "limits": ("knows ellipsoids only",),
    }
    return ModelCard(**(values | changes))  # type: ignore[arg-type]


def save_graph(path: Path, nodes: list, inputs: list, outputs: list, constants: dict[str, np.ndarray]) -> None:
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def tensor(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _image() -> onnx.ValueInfoProto:
    return tensor("image", "b", 4, SIZE_PX, SIZE_PX)


def _encode() -> tuple[list, list, list, dict[str, np.ndarray]]:
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["features"], axes=[2, 3], keepdims=0),
        helper.make_node("Gather", ["features", "last"], ["coverage"], axis=1),
        helper.make_node("Mul", ["coverage", "gain"], ["scaled"]),
        helper.make_node("Add", ["scaled", "offset"], ["code"]),
    ]
    constants = {
        "last": np.array([3], np.int64),
        "gain": np.array([0.25], np.float32),
        "offset": np.array([0.2], np.float32),
    }
    return nodes, [_image()], [tensor("code", "b", 1), tensor("features", "b", 4)], constants


def _decode() -> tuple[list, list, list, dict[str, np.ndarray]]:
    nodes = [
        helper.make_node("Div", ["points", "axes"], ["round"]),
        helper.make_node("ReduceL2", ["round"], ["distance"], axes=[2], keepdims=0),
        helper.make_node("Sub", ["code", "distance"], ["inside"]),
        helper.make_node("Mul", ["inside", "slope"], ["logits"]),
    ]
    constants = {"axes": np.array(AXES, np.float32), "slope": np.array([SLOPE], np.float32)}
    return nodes, [tensor("code", "b", 1), tensor("points", "b", "n", 3)], [tensor("logits", "b", "n")], constants


def _predict() -> tuple[list, list, list, dict[str, np.ndarray]]:
    axis = (np.arange(24) + 0.5) / 24 - 0.5
    distance = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["coverage"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Mul", ["coverage", "nothing"], ["zero"]),
        helper.make_node("Add", ["zero", "ball"], ["logits"]),
    ]
    ball = (40.0 * (0.35 - distance)).astype(np.float32)[None]
    constants = {"nothing": np.zeros(1, np.float32), "ball": ball}
    return nodes, [_image()], [tensor("logits", "b", 24, 24, 24)], constants


@pytest.fixture
def card() -> ModelCard:
    return make_card("general", "field", files={"encode.onnx": "0" * 64})


@pytest.fixture(scope="session")
def points_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that gives 600 points: a ball of radius 0.4, and as many at the origin that it says do not exist.

    The weight of the ball is the mean coverage of the crop, less 0.2.
    """
    folder = tmp_path_factory.mktemp("models") / "shell"
    folder.mkdir()
    save_graph(folder / "predict.onnx", *_shell())
    write_card(folder, make_card("shell", "points"), ["predict.onnx"])
    return folder


def _shell() -> tuple[list, list, list, dict[str, np.ndarray]]:
    normals = np.random.default_rng(0).standard_normal((300, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["features"], axes=[2, 3], keepdims=0),
        helper.make_node("Gather", ["features", "last"], ["coverage"], axis=1),
        helper.make_node("Add", ["coverage", "offset"], ["weight"]),
        helper.make_node("Mul", ["weight", "exists"], ["weights"]),
        helper.make_node("Identity", ["ball"], ["points"]),
        helper.make_node("Identity", ["outward"], ["normals"]),
    ]
    nothing = np.zeros((300, 3))
    constants = {
        "last": np.array([3], np.int64),
        "offset": np.array([-0.2], np.float32),
        "exists": np.repeat([1.0, 0.0], 300).astype(np.float32)[None],
        "ball": np.concatenate([0.4 * normals, nothing]).astype(np.float32)[None],
        "outward": np.concatenate([normals, nothing]).astype(np.float32)[None],
    }
    outputs = [tensor("points", 1, 600, 3), tensor("weights", 1, 600), tensor("normals", 1, 600, 3)]
    return nodes, [_image()], [*outputs, tensor("features", 1, 4)], constants


@pytest.fixture(scope="session")
def dice_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stochastic field model: a ball of radius 0.3 + 0.02 n, where n is its one random number."""
    folder = tmp_path_factory.mktemp("models") / "dice"
    folder.mkdir()
    save_graph(folder / "encode.onnx", *_thrown())
    save_graph(folder / "decode.onnx", *_ball())
    write_card(folder, make_card("dice", "field", stochastic=True), ["encode.onnx", "decode.onnx"])
    return folder


def _thrown() -> tuple[list, list, list, dict[str, np.ndarray]]:
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["features"], axes=[2, 3], keepdims=0),
        helper.make_node("Mul", ["noise", "gain"], ["scaled"]),
        helper.make_node("Add", ["scaled", "offset"], ["code"]),
    ]
    constants = {"gain": np.array([0.02], np.float32), "offset": np.array([0.3], np.float32)}
    return nodes, [_image(), tensor("noise", "b", 1)], [tensor("code", "b", 1), tensor("features", "b", 4)], constants


def _ball() -> tuple[list, list, list, dict[str, np.ndarray]]:
    nodes = [
        helper.make_node("ReduceL2", ["points"], ["distance"], axes=[2], keepdims=0),
        helper.make_node("Sub", ["code", "distance"], ["inside"]),
        helper.make_node("Mul", ["inside", "slope"], ["logits"]),
    ]
    inputs = [tensor("code", "b", 1), tensor("points", "b", "n", 3)]
    return nodes, inputs, [tensor("logits", "b", "n")], {"slope": np.array([SLOPE], np.float32)}


@pytest.fixture
def octahedron_model(tmp_path: Path) -> Callable[..., Path]:
    """Writes a mesh model: an octahedron with half axes `AXES` / 4, scaled by 1 + the mean coverage of the crop."""

    def write(faces: np.ndarray | None = None) -> Path:
        folder = tmp_path / "octahedron"
        folder.mkdir()
        save_octahedron(folder / "predict.onnx", faces)
        write_card(folder, make_card("octahedron", "mesh"), ["predict.onnx"])
        return folder

    return write


def save_octahedron(path: Path, faces: np.ndarray | None = None) -> None:
    """The graph of an octahedron, with other faces `f 3` or `1 f 3` if wanted."""
    if faces is None:
        faces = np.array(
            [[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]], np.int64
        )[None]
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["features"], axes=[2, 3], keepdims=0),
        helper.make_node("Gather", ["features", "last"], ["coverage"], axis=1),
        helper.make_node("Add", ["coverage", "one"], ["scale"]),
        helper.make_node("Unsqueeze", ["scale", "last_axis"], ["gain"]),
        helper.make_node("Mul", ["corners", "gain"], ["vertices"]),
        helper.make_node("Identity", ["triangles"], ["faces"]),
    ]
    corners = np.concatenate([np.eye(3), -np.eye(3)])[[0, 3, 1, 4, 2, 5]] * (np.array(AXES) / 4.0)
    constants = {
        "last": np.array([3], np.int64),
        "last_axis": np.array([2], np.int64),
        "one": np.ones(1, np.float32),
        "corners": corners.astype(np.float32)[None],
        "triangles": faces,
    }
    kind = helper.np_dtype_to_tensor_dtype(faces.dtype)
    outputs = [tensor("vertices", "b", 6, 3), helper.make_tensor_value_info("faces", kind, faces.shape)]
    save_graph(path, nodes, [_image()], [*outputs, tensor("features", "b", 4)], constants)


@pytest.fixture
def wall_model(tmp_path: Path) -> Callable[..., Path]:
    """Writes a depth model: a wall 2 in front of a camera on +Z, seen where the object is."""

    def write(**replaced: np.ndarray | None) -> Path:
        folder = tmp_path / "wall"
        folder.mkdir()
        save_graph(folder / "predict.onnx", *_wall(replaced))
        write_card(folder, make_card("wall", "depth"), ["predict.onnx"])
        return folder

    return write


def _wall(replaced: dict[str, np.ndarray | None]) -> tuple[list, list, list, dict[str, np.ndarray]]:
    side = SIZE_PX // 4
    matrix = np.diag([1.0, -1.0, -1.0, 1.0])
    matrix[2, 3] = 2.0
    fixed: dict[str, np.ndarray | None] = {
        "depth": np.full((1, 1, side, side), 2.0),
        "intrinsics": np.array([[[[16.0, 0.0, 4.0], [0.0, 16.0, 4.0], [0.0, 0.0, 1.0]]]]),
        "camera_from_world": matrix[None, None],
        "normals": np.broadcast_to([0.0, 0.0, 1.0], (1, 1, side, side, 3)),
    }
    nodes = [
        helper.make_node("Split", ["image", "parts"], ["color", "alpha"], axis=1),
        helper.make_node("AveragePool", ["alpha"], ["pooled"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Add", ["pooled", "half"], ["mask_logits"]),
    ]
    constants = {"parts": np.array([3, 1], np.int64), "half": np.array([-0.5], np.float32)}
    outputs = [tensor("mask_logits", "b", 1, side, side)]
    for name, value in (fixed | replaced).items():
        if value is not None:
            constants[f"the_{name}"] = np.ascontiguousarray(value, np.float32)
            nodes.append(helper.make_node("Identity", [f"the_{name}"], [name]))
            outputs.append(tensor(name, *value.shape))
    return nodes, [_image()], outputs, constants


BALL_DISTANCE, BALL_ELEVATION_DEG = 3.0, 20.0
BALL_FOCAL = 0.45 * SIZE_PX / np.tan(np.arcsin(0.5 / BALL_DISTANCE))
"""With this focal length the outline of a ball of radius 1/2 is that of a disc, cropped with a margin of 5 %."""


@pytest.fixture
def picture_model(tmp_path: Path) -> Callable[..., Path]:
    """Writes a model of the frame `picture`: a ball of radius 1/2 around the origin, seen 20 degrees from above.

    A ray is only sure where `sure` says; elsewhere the whole ball has the probability 0.3.
    """

    def write(*, sure: bool = True, card: dict | None = None, **replaced: np.ndarray | None) -> Path:
        folder = tmp_path / "picture"
        folder.mkdir()
        save_graph(folder / "encode.onnx", *_picture_encode(replaced))
        save_graph(folder / "decode.onnx", *_picture_decode(sure=sure))
        written = make_card("picture", "field", frame="picture", **(card or {}))
        write_card(folder, written, ["encode.onnx", "decode.onnx"])
        return folder

    return write


def _picture_encode(replaced: dict[str, np.ndarray | None]) -> tuple[list, list, list, dict[str, np.ndarray]]:
    camera = Camera.orbit(0.0, BALL_ELEVATION_DEG, BALL_DISTANCE, 40.0, (SIZE_PX, SIZE_PX))
    middle = SIZE_PX / 2.0
    fixed: dict[str, np.ndarray | None] = {
        "intrinsics": np.array([[[BALL_FOCAL, 0.0, middle], [0.0, BALL_FOCAL, middle], [0.0, 0.0, 1.0]]]),
        "camera_from_world": camera.camera_from_world[None],
        "depth": np.full((1, 1, 8, 8), -0.3),
        "normals": np.broadcast_to([0.0, 0.0, 1.0], (1, 1, 8, 8, 3)),
    }
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["features"], axes=[2, 3], keepdims=0),
        helper.make_node("Gather", ["features", "last"], ["code"], axis=1),
    ]
    constants = {"last": np.array([3], np.int64)}
    outputs = [tensor("code", "b", 1), tensor("features", "b", 4)]
    for name, value in (fixed | replaced).items():
        if value is not None:
            constants[f"the_{name}"] = np.ascontiguousarray(value, np.float32)
            nodes.append(helper.make_node("Identity", [f"the_{name}"], [name]))
            outputs.append(tensor(name, *value.shape))
    return nodes, [_image()], outputs, constants


def _picture_decode(*, sure: bool) -> tuple[list, list, list, dict[str, np.ndarray]]:
    nodes = [
        helper.make_node("Split", ["points", "parts"], ["uv", "w"], axis=2),
        helper.make_node("Mul", ["w", "behind"], ["back"]),
        helper.make_node("Add", ["back", "far"], ["z"]),
        helper.make_node("Mul", ["uv", "angle"], ["slope"]),
        helper.make_node("Mul", ["slope", "z"], ["xy"]),
        helper.make_node("Concat", ["xy", "back"], ["local"], axis=2),
        helper.make_node("ReduceL2", ["local"], ["distance"], axes=[2], keepdims=0),
        helper.make_node("Sub", ["radius", "distance"], ["inside"]),
        helper.make_node("Mul", ["inside", "steepness"], ["plain"]),
        helper.make_node("Min", ["plain", "limit"], ["capped"]),
        helper.make_node("Mul", ["code", "nothing"], ["zero"]),
        helper.make_node("Add", ["capped", "zero"], ["logits"]),
        helper.make_node("Sigmoid", ["points"], ["colors"]),
    ]
    angle = SIZE_PX / BALL_FOCAL
    constants = {
        "parts": np.array([2, 1], np.int64),
        "behind": np.array([BALL_DISTANCE * angle], np.float32),
        "far": np.array([BALL_DISTANCE], np.float32),
        "angle": np.array([angle], np.float32),
        "radius": np.array([0.5], np.float32),
        "steepness": np.array([40.0], np.float32),
        "limit": np.array([20.0 if sure else np.log(0.3 / 0.7)], np.float32),
        "nothing": np.zeros(1, np.float32),
    }
    inputs = [tensor("code", "b", 1), tensor("points", "b", "n", 3)]
    return nodes, inputs, [tensor("logits", "b", "n"), tensor("colors", "b", "n", 3)], constants
