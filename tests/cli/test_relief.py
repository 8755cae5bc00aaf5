from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from shapelift.cli.main import run
from shapelift.io.depth_images import load_depth, save_depth
from shapelift.io.shapes import FORMATS, load_mesh
from shapelift.solids import check

FEW = ("--pixels", "24")


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(*arguments: object) -> int:
    return run(["relief", *map(str, arguments)])


def depth_file(name: str = "depth.png", columns: int = 32, rows: int = 24) -> str:
    """A hill in the middle, near where values are small."""
    y, x = np.mgrid[:rows, :columns]
    save_depth(name, (3000 + 100 * np.hypot(x - columns / 2, y - rows / 2)).astype(np.uint16))
    return name


def photo(name: str = "photo.png", columns: int = 32, rows: int = 24, *, cut_out: bool = False) -> str:
    """Red rises from left to right."""
    rgba = np.full((rows, columns, 4), 255, np.uint8)
    rgba[..., 0] = np.linspace(0, 255, columns)
    rgba[..., 1:3] = 100
    if cut_out:
        rgba[:, : columns // 4, 3] = 0
    Image.fromarray(rgba).save(name)
    return name


def depth_model(
    name: str = "model.onnx",
    *,
    shape: tuple[Any, ...] = (1, 3, 20, 28),
    kind: int = TensorProto.FLOAT,
    output: str = "depth",
    scale: float = 1.0,
    more: bool = False,
) -> str:
    """The red channel, as it comes in, times `scale`."""
    axis = shape.index(3) if 3 in shape else 1
    nodes = [
        helper.make_node("Cast", ["picture"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["numbers", "red"], ["first"], axis=axis),
        helper.make_node("Mul", ["first", "scale"], [output]),
        helper.make_node("ReduceMean", ["first"], ["mean"], keepdims=0),
    ]
    constants = [
        numpy_helper.from_array(np.array(0, np.int64), "red"),
        numpy_helper.from_array(np.array(scale, np.float32), "scale"),
    ]
    inputs = [helper.make_tensor_value_info("picture", kind, shape)]
    if more:
        inputs.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))
        nodes.append(helper.make_node("Identity", ["more"], ["less"]))
    free = [side for place, side in enumerate(shape) if place != axis]
    outputs = [
        helper.make_tensor_value_info(output, TensorProto.FLOAT, free),
        helper.make_tensor_value_info("mean", TensorProto.FLOAT, []),
    ]
    graph = helper.make_graph(nodes, "depth", inputs, outputs, constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made)
    Path(name).write_bytes(made.SerializeToString())
    return name


def slope_of(name: str) -> float:
    """How the front rises from left to right, millimetres of height per millimetre."""
    mesh = load_mesh(name, z_up=False)
    height = mesh.vertices[:, 2] - mesh.vertices[:, 2].min()
    front = height > 0.5
    return float(np.polyfit(mesh.vertices[front, 0], height[front], 1)[0])


@pytest.mark.parametrize("kind", FORMATS)
def test_a_depth_image_becomes_a_closed_plate(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--depth", depth_file(), "-o", f"out.{kind}", "--size-mm", 80, "--thickness-mm", 6, *FEW) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"out.{kind}")
    assert out.count("\n") == 1
    assert "larger values are farther, --inverse turns it round" in out
    assert err == ""
    mesh = load_mesh(f"out.{kind}", z_up=False)
    assert check(mesh).is_printable
    unit = 1e-3 if kind == "glb" else 1.0
    np.testing.assert_allclose(np.ptp(mesh.vertices, axis=0), unit * np.array([80.0, 60.0, 6.0]), rtol=1e-3)
    top = mesh.vertices[mesh.vertices[:, 2] > mesh.vertices[:, 2].max() - 0.5 * unit]
    middle = (mesh.vertices.max(axis=0) + mesh.vertices.min(axis=0)) / 2.0
    assert np.linalg.norm(top[:, :2] - middle[:2], axis=1).max() < 20.0 * unit


def test_it_lies_on_its_back_or_stands(capsys: pytest.CaptureFixture[str]) -> None:
    depth_file()
    for options, up in (((), 6.0), (("--upright",), 60.0)):
        assert call("--depth", "depth.png", "--size-mm", 80, "--thickness-mm", 6, *FEW, *options) == 0
        mesh = load_mesh("relief.stl", z_up=False)
        assert np.ptp(mesh.vertices[:, 2]) == pytest.approx(up, rel=0.02)
        assert mesh.vertices[:, 2].min() == pytest.approx(0.0, abs=1e-4)
    capsys.readouterr()


@pytest.mark.parametrize(
    ("made", "options", "sign"),
    [
        ({}, (), -1.0),
        ({}, ("--inverse",), 1.0),
        ({"output": "disparity"}, (), 1.0),
        ({"output": "disparity"}, ("--distance",), -1.0),
        ({"shape": (1, 20, 28, 3)}, (), -1.0),
        ({"shape": ("n", 3, "h", "w")}, ("--input-size", "48x32"), -1.0),
        ({"shape": (1, 3, 20, 28), "kind": TensorProto.FLOAT16}, ("--normalise", "unit"), -1.0),
        ({"shape": (1, 3, 20, 28), "kind": TensorProto.UINT8}, (), -1.0),
    ],
)
def test_any_depth_model_in_front(
    made: dict[str, Any], options: tuple[str, ...], sign: float, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--depth-model", depth_model(**made), "-o", "out.ply", "--size-mm", 80, "--thickness-mm", 6, *FEW)
    assert call(photo(), *arguments, *options, "--clip", 0) == 0
    capsys.readouterr()
    assert slope_of("out.ply") == pytest.approx(sign * 4.5 / 80.0, rel=0.1)


def test_what_the_graph_says_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(photo(), "--depth-model", depth_model(), *FEW, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "ok"
    assert (document["input_size"], document["normalise"], document["output"]) == ([28, 20], "imagenet", "depth")
    assert document["larger_is"] == "farther"
    assert document["files"] == ["relief.stl", "relief.stl.json"]
    assert max(document["size"]) == pytest.approx(100.0, rel=1e-4)
    assert document["volume"] > 0.0
    free = depth_model(shape=(1, 3, "h", "w"), kind=TensorProto.UINT8)
    assert call(photo(), "--depth-model", free, *FEW, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["input_size"], document["normalise"]) == ([448, 448], "bytes")


def test_a_lithophane_is_thick_where_it_is_dark(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--lithophane", "-o", "out.ply", "--size-mm", 80, "--thickness-mm", 3, "--base-mm", 0.8, *FEW)
    assert call(photo(), *options) == 0
    assert "brighter pixels are farther" in capsys.readouterr().out
    assert slope_of("out.ply") < 0.0


def test_masks_cut_out(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--depth-model", depth_model(), "-o", "out.ply", "--size-mm", 80, *FEW)
    assert call(photo(cut_out=True), *arguments) == 0
    assert np.ptp(load_mesh("out.ply").vertices[:, 0]) == pytest.approx(60.0, rel=0.03)
    marked = np.zeros((24, 32), np.uint8)
    marked[:, 4:20] = 255
    Image.fromarray(marked).save("mask.png")
    assert call(photo(), *arguments, "--mask", "mask.png") == 0
    assert np.ptp(load_mesh("out.ply").vertices[:, 0]) == pytest.approx(40.0, rel=0.03)
    capsys.readouterr()


def test_depth_images_keep_their_numbers() -> None:
    values = np.random.default_rng(0).integers(0, 65536, (9, 11)).astype(np.uint16)
    save_depth("a.png", values)
    np.testing.assert_array_equal(load_depth("a.png"), values.astype(np.float32))
    Image.fromarray((values >> 8).astype(np.uint8)).save("b.png")
    np.testing.assert_array_equal(load_depth("b.png"), (values >> 8).astype(np.float32))
    Image.fromarray(values.astype(np.float32) / 7.0).save("c.tif")
    np.testing.assert_array_equal(load_depth("c.tif"), values.astype(np.float32) / np.float32(7.0))


@pytest.mark.parametrize("nothing", [0, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", ["png", "tif"])
def test_pixels_without_depth_are_no_part_of_the_plate(
    nothing: float, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    y, x = np.mgrid[:24, :32]
    depth = (3000 + 100 * np.hypot(x - 16, y - 12)).astype(np.float32)
    arguments = ("--size-mm", 80, "--thickness-mm", 6, *FEW)
    hole = (x >= 24) | ((x - 16) ** 2 + (y - 12) ** 2 < 9)
    if kind == "png" and nothing == 0:
        depth = np.round(depth)
        save_depth("holes.png", np.where(hole, 0, depth).astype(np.uint16))
    else:
        kind = "tif"
        Image.fromarray(np.where(hole, np.float32(nothing), depth)).save("holes.tif")
    assert call("--depth", f"holes.{kind}", "-o", "out.ply", *arguments) == 0
    assert f"holes.{kind}: {hole.sum()} of 768 pixels hold no depth" in capsys.readouterr().err
    Image.fromarray(np.where(hole, 0, 255).astype(np.uint8)).save("mask.png")
    Image.fromarray(depth).save("whole.tif")
    assert call("--depth", "whole.tif", "--mask", "mask.png", "-o", "masked.ply", *arguments) == 0
    assert capsys.readouterr().err == ""
    assert (
        Path("out.ply").read_bytes().replace(b"holes." + kind.encode(), b"whole.tif") == Path("masked.ply").read_bytes()
    )


def test_zero_is_far_away_where_larger_is_nearer(capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(np.tile(np.arange(32, dtype=np.uint8), (24, 1))).save("near.png")
    assert call("--depth", "near.png", "--inverse", "-o", "out.ply", "--size-mm", 80, *FEW) == 0
    assert capsys.readouterr().err == ""
    assert np.ptp(load_mesh("out.ply").vertices[:, 0]) == pytest.approx(80.0, rel=1e-3)


def written(name: str, data: bytes) -> str:
    Path(name).write_bytes(data)
    return name


def flat(name: str, value: float, dtype: Any = np.float32) -> str:
    Image.fromarray(np.full((16, 16), value, dtype)).save(name)
    return name


def small_mask() -> str:
    Image.fromarray(np.full((9, 9), 255, np.uint8)).save("mask.png")
    return "mask.png"


MODEL = "--depth-model"
BAD: dict[str, Callable[[], tuple[list[str], str]]] = {
    "nothing": lambda: ([], "give one of --depth-model"),
    "two sources": lambda: ([photo(), "--lithophane", "--depth", depth_file()], "give one of --depth-model"),
    "no picture": lambda: ([MODEL, depth_model()], "no picture is given"),
    "missing picture": lambda: (["none.png", "--lithophane"], "none.png: no such file"),
    "missing depth": lambda: (["--depth", "none.png"], "none.png: no such file"),
    "missing model": lambda: ([photo(), MODEL, "none.onnx"], "none.onnx: no such file"),
    "missing mask": lambda: ([photo(), "--lithophane", "--mask", "no.png"], "no.png: no such file"),
    "no onnx": lambda: ([photo(), MODEL, written("a.onnx", b"hello")], "a.onnx: cannot be used"),
    "cut short": lambda: ([photo(), MODEL, written("a.onnx", Path(depth_model()).read_bytes()[:200])], "a.onnx"),
    "two inputs": lambda: ([photo(), MODEL, depth_model(more=True)], "takes 2 inputs"),
    "no picture in": lambda: ([photo(), MODEL, depth_model(shape=(1, 20, 28))], "takes one picture"),
    "other numbers": lambda: ([photo(), MODEL, depth_model(kind=TensorProto.INT64)], "takes one picture"),
    "two pictures": lambda: ([photo(), MODEL, depth_model(shape=(2, 3, 20, 28))], "takes one picture"),
    "no such output": lambda: ([photo(), MODEL, depth_model(), "--depth-output", "z"], "one of depth, mean"),
    "a number out": lambda: ([photo(), MODEL, depth_model(), "--depth-output", "mean"], "no single depth map"),
    "not finite": lambda: ([photo(), MODEL, depth_model(scale=float("nan"))], "not finite"),
    "overflow": lambda: ([photo(), MODEL, depth_model(scale=3e38), "--normalise", "bytes"], "not finite"),
    "all the same": lambda: ([photo(), MODEL, depth_model(scale=0.0)], "nothing rises"),
    "fixed size": lambda: ([photo(), MODEL, depth_model(), "--input-size", "64"], "takes 28x20 px and nothing else"),
    "no size": lambda: ([photo(), MODEL, depth_model(), "--input-size", "big"], "is no size"),
    "huge size": lambda: ([photo(), MODEL, depth_model(), "--input-size", "9999"], "16 to 4096"),
    "huge model": lambda: ([photo(), MODEL, depth_model(shape=(1, 3, 9000, 9000))], "too large"),
    "normalise": lambda: ([photo(), MODEL, depth_model(), "--normalise", "magic"], "--normalise magic"),
    "bytes are bytes": lambda: (
        [photo(), MODEL, depth_model(kind=TensorProto.UINT8), "--normalise", "unit"],
        "takes bytes as they are",
    ),
    "flat depth": lambda: (["--depth", flat("a.png", 7, np.uint8)], "a.png: no relief can be made of it"),
    "infinite depth": lambda: (["--depth", flat("a.tif", np.inf)], "not finite"),
    "no depth": lambda: (["--depth", flat("a.png", 0, np.uint8)], "holds no depth, all of it is 0 or not finite"),
    "colours": lambda: (["--depth", photo()], "has colours"),
    "text": lambda: (["--depth", written("a.png", b"hello")], "a.png"),
    "mask of another size": lambda: ([photo(), "--lithophane", "--mask", small_mask()], "mask of that size"),
    "format": lambda: (["--depth", depth_file(), "-o", "out.fbx"], "unknown format .fbx"),
    "over the input": lambda: (["--depth", depth_file("a.stl.png"), "-o", "a.stl.png"], "unknown format"),
    "no folder": lambda: (["--depth", depth_file(), "-o", "no/out.stl"], "does not exist"),
    "size": lambda: (["--depth", depth_file(), "--size-mm", "-1"], "--size-mm"),
    "thin": lambda: (["--depth", depth_file(), "--thickness-mm", "1"], "--base-mm 1.5"),
    "thick": lambda: (["--depth", depth_file(), "--thickness-mm", "900"], "--thickness-mm 900"),
    "pixels": lambda: (["--depth", depth_file(), "--pixels", "5000"], "8 to 2000"),
    "clip": lambda: (["--depth", depth_file(), "--clip", "50"], "--clip 50"),
    "threads": lambda: (["--depth", depth_file(), "--threads", "0"], "--threads 0"),
    "no depth model": lambda: ([photo(), "--model", "nowhere"], "nowhere: no such model"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_code_2(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, words = BAD[case]()
    before = sorted(tmp_path.rglob("*"))
    assert call(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("shapelift: ")
    assert words in err
    assert sorted(tmp_path.rglob("*")) == before


def test_json_says_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("none.png", "--lithophane", "--json") == 2
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "failed"
    assert "none.png" in document["error"]
