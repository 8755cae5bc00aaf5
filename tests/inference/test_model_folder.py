from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from shapelift.errors import InputError
from shapelift.inference import model_folder, open_model, read_card, shipped_models, write_card
from shapelift.inference.onnx_check import check_onnx

RELAXED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def folder(ellipsoid_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ellipsoid_folder, tmp_path / "model"))


def refused(folder: Path, *words: str) -> None:
    with pytest.raises(InputError) as error:
        open_model(folder, threads=1)
    for word in (str(folder), ";", *words):
        assert word in str(error.value)
    assert str(error.value).isprintable()


def test_open(folder: Path) -> None:
    model = open_model(folder, threads=1)
    assert set(model.graphs) == {"encode", "decode"}
    assert model.has_features
    assert model.card == read_card(folder)


def test_shipped_names(ellipsoid_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ellipsoid_folder, tmp_path / "shipped" / "general")
    (tmp_path / "shipped" / "no_model").mkdir()
    monkeypatch.setattr(model_folder, "SHIPPED", tmp_path / "shipped")
    assert shipped_models() == ("general",)
    assert open_model("general", threads=1).path == tmp_path / "shipped" / "general"
    with pytest.raises(InputError, match="generl: no such model; did you mean general"):
        open_model("generl")
    with pytest.raises(InputError, match="shipped models: general"):
        open_model("xyzzy")


def test_folders_that_are_none(tmp_path: Path) -> None:
    refused(tmp_path, "no card.json")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="is a file"):
        open_model(tmp_path / "file")
    for name in ("a\0b", "x" * 5000):
        with pytest.raises(InputError):
            open_model(name)


def test_missing_and_altered_files(folder: Path) -> None:
    data = (folder / "decode.onnx").read_bytes()
    (folder / "decode.onnx").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    refused(folder, "decode.onnx", "checksum")
    (folder / "decode.onnx").unlink()
    refused(folder, "decode.onnx", "missing")
    (folder / "decode.onnx").mkdir()
    refused(folder, "decode.onnx", "missing")


def test_files_over_the_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_folder, "MAX_MODEL_FILE_BYTES", 100)
    refused(folder, "decode.onnx", "limit")
    monkeypatch.setattr(model_folder, "_MAX_CARD_BYTES", 100)
    refused(folder, "card.json", "limit")


def test_a_graph_that_the_card_does_not_list(folder: Path) -> None:
    write_card(folder, read_card(folder), ["encode.onnx"])
    refused(folder, "lists no decode.onnx")


def test_a_graph_that_does_not_fit_the_card(folder: Path) -> None:
    document = json.loads((folder / "card.json").read_text())
    document["preprocess"]["image_size_px"] = 64
    (folder / "card.json").write_text(json.dumps(document))
    refused(folder, "encode.onnx", "does not take the image")


def test_a_card_that_is_wrong_about_randomness(folder: Path, dice_folder: Path) -> None:
    for place, says in ((folder, True), (Path(shutil.copytree(dice_folder, folder.parent / "dice")), False)):
        document = json.loads((place / "card.json").read_text())
        (place / "card.json").write_text(json.dumps(document | {"stochastic": says}))
        refused(place, "encode.onnx", "as card.json says")


def test_swapped_graphs(folder: Path) -> None:
    (folder / "encode.onnx").replace(folder / "other")
    (folder / "decode.onnx").replace(folder / "encode.onnx")
    (folder / "other").replace(folder / "decode.onnx")
    write_card(folder, read_card(folder), ["encode.onnx", "decode.onnx"])
    refused(folder, "encode.onnx")


def model_with(*nodes: onnx.NodeProto, domains: tuple[str, ...] = ("",), initializer: object = None) -> onnx.ModelProto:
    graph = helper.make_graph(list(nodes), "g", [], [], [initializer] if initializer is not None else [])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid(domain, 1) for domain in domains])


def test_foreign_operators_and_outside_weights_are_refused() -> None:
    foreign = helper.make_node("Run", [], ["x"], domain="com.evil")
    inner = helper.make_graph([foreign], "inner", [], [])
    nested = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
    weight = numpy_helper.from_array(np.zeros(4, np.float32), "w")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="../../secret")
    constant = helper.make_node("Constant", [], ["k"], value=weight)
    for model, reason in (
        (model_with(foreign), "com.evil"),
        (model_with(nested), "com.evil"),
        (model_with(domains=("", "com.evil")), "com.evil"),
        (model_with(initializer=weight), "another file"),
        (model_with(constant), "another file"),
    ):
        with pytest.raises(ValueError, match=reason):
            check_onnx(model.SerializeToString())
    check_onnx(model_with(helper.make_node("Relu", ["x"], ["y"])).SerializeToString())


def test_functions_of_the_file_itself_are_its_own() -> None:
    body = [helper.make_node("Relu", ["x"], ["y"])]
    function = helper.make_function("local", "twice", ["x"], ["y"], body, [helper.make_opsetid("", 17)])
    model = model_with(helper.make_node("twice", ["x"], ["y"], domain="local"), domains=("", "local"))
    model.functions.append(function)
    check_onnx(model.SerializeToString())
    model.functions[0].node.append(helper.make_node("Run", [], ["x"], domain="com.evil"))
    with pytest.raises(ValueError, match=r"com\.evil"):
        check_onnx(model.SerializeToString())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_bytes_that_are_no_model(data: bytes) -> None:
    try:
        check_onnx(data)
    except ValueError as error:
        assert str(error).isprintable()  # noqa: PT017 - both outcomes are right


@RELAXED
@given(keep=st.floats(0.0, 0.99))
def test_truncated_graphs(folder: Path, keep: float) -> None:
    whole = (folder / "decode.onnx").read_bytes()
    try:
        (folder / "decode.onnx").write_bytes(whole[: int(len(whole) * keep)])
        write_card(folder, read_card(folder), ["encode.onnx", "decode.onnx"])  # even with a checksum that agrees
        refused(folder, "decode.onnx")
    finally:
        (folder / "decode.onnx").write_bytes(whole)


@RELAXED
@given(changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4))
def test_mutated_cards(ellipsoid_folder: Path, tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    folder = tmp_path / "model"
    shutil.copytree(ellipsoid_folder, folder, dirs_exist_ok=True)
    data = bytearray((folder / "card.json").read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    (folder / "card.json").write_bytes(data)
    try:
        open_model(folder, threads=1)
    except InputError as error:
        assert str(error).isprintable()  # noqa: PT017 - both outcomes are right


def test_write_card_needs_the_files(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(InputError, match="missing"):
        write_card(tmp_path, read_card(folder), ["encode.onnx"])
    assert not (tmp_path / "card.json").exists()
