from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from shapelift.errors import InputError
from shapelift.evaluation import evaluate, summarize, tables
from shapelift.evaluation.dataset import read_entries, views_of
from shapelift.evaluation.depth import MEASURES, score_depth, true_maps
from shapelift.imaging.preprocess import Preprocess
from shapelift.inference import ModelCard, Reconstructor, open_model, write_card
from shapelift.inference.model_folder import ModelFolder
from shapelift.io.records import open_record
from shapelift.metrics import measure
from shapelift.metrics.depth import SeenSurface, SeenSurfaces
from shapelift.testing import write_example_data

SIZE = 32


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_example_data(folder, shapes=6, size_px=SIZE)
    return folder


def model_of(folder: Path, values: dict[str, np.ndarray], *, frame: str = "view") -> ModelFolder:
    """A model that always says the same."""
    nodes = [helper.make_node("ReduceMean", ["image"], ["features"], axes=[2, 3], keepdims=0)]
    constants, outputs = [], []
    for name, value in values.items():
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), f"the_{name}"))
        nodes.append(helper.make_node("Identity", [f"the_{name}"], [name]))
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape))
    outputs.append(helper.make_tensor_value_info("features", TensorProto.FLOAT, ["b", 4]))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["b", 4, SIZE, SIZE])
    graph = helper.make_graph(nodes, "same", [image], outputs, constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (folder / "predict.onnx").write_bytes(made.SerializeToString())
    card = ModelCard(
        name="same",
        version="1",
        family="analytic",
        representation="depth",
        frame=frame,
        preprocess=Preprocess(SIZE),
    )
    write_card(folder, card, ["predict.onnx"])
    return open_model(folder, threads=1)


def truth_of(data: Path, split: str, *, tilt: float = 0.0) -> dict[str, np.ndarray]:
    """What a model would have to say of the first image of the first shape of a split."""
    entry = read_entries(data, split, 1)[0]
    with open_record(entry.path) as record:
        view = views_of(entry.shape_id, record.shape("rgba")[0])[0]
        maps, camera = true_maps(record, view)
    depth = np.where(maps.mask, maps.depth, maps.depth[maps.mask].mean()) + tilt
    return {
        "depth": depth[None, None],
        "mask_logits": np.where(maps.mask, 1.0, -1.0)[None, None],
        "normals": (maps.normals @ camera.camera_from_world[:3, :3])[None, None],
        "intrinsics": camera.intrinsics[None, None],
        "camera_from_world": camera.camera_from_world[None, None],
    }


def test_the_truth_scores_best_and_beats_the_mean(data: Path, tmp_path: Path) -> None:
    scores = score_depth(model_of(tmp_path, truth_of(data, "test")), data, limit=1)
    model, mean = scores["model"], scores["mean"]
    assert model["images"] == mean["images"] == 1.0
    assert model["depth"] == pytest.approx(0.0, abs=1e-5)
    assert model["shape"] == pytest.approx(0.0, abs=1e-5)
    assert model["normals_deg"] < 0.2
    assert model["depth_normals_deg"] < 8.0
    assert model["mask_iou"] == 1.0
    for name in MEASURES:
        assert (model[name] > mean[name]) if name == "mask_iou" else (model[name] < mean[name]), name


def test_a_wrong_distance_is_no_wrong_shape(data: Path, tmp_path: Path) -> None:
    values = truth_of(data, "test", tilt=0.5)
    values["camera_from_world"] = values["camera_from_world"].copy()
    values["camera_from_world"][..., 2, 3] += 0.5
    model = score_depth(model_of(tmp_path, values), data, limit=1)["model"]
    assert model["depth"] == pytest.approx(0.5, abs=1e-4)
    assert model["shape"] == pytest.approx(0.0, abs=1e-4)


def test_the_mean_is_that_of_the_training_images(data: Path, tmp_path: Path) -> None:
    model = model_of(tmp_path, truth_of(data, "train"))
    one = score_depth(model, data, split="train", limit=1, training_images=1)
    assert one["mean"]["depth"] == pytest.approx(0.0, abs=1e-6)
    assert one["mean"]["mask_iou"] == 1.0
    maps = []
    for turn in range(2):
        for entry in read_entries(data, "train"):
            with open_record(entry.path) as record:
                maps.append(true_maps(record, views_of(entry.shape_id, 2)[turn])[0])
    count = np.sum([item.mask for item in maps], axis=0)
    total = np.sum([np.where(item.mask, item.depth, 0.0) for item in maps], axis=0)
    mean = np.where(count > 0, total / np.maximum(count, 1), total.sum() / count.sum())
    wanted = [np.abs(mean - item.depth)[item.mask].mean() for item in maps]
    found = score_depth(model, data, split="train", views_per_shape=2)["mean"]
    assert found["images"] == len(maps)
    assert found["depth"] == pytest.approx(np.mean(wanted), rel=1e-6)


def test_a_model_that_sees_nothing_gets_the_worst_of_everything(data: Path, tmp_path: Path) -> None:
    values = truth_of(data, "test")
    values["mask_logits"] = np.full_like(values["mask_logits"], -1.0)
    model = score_depth(model_of(tmp_path, values), data)["model"]
    assert [model[name] for name in MEASURES] == [1.0, 1.0, 90.0, 90.0, 0.0]


def test_smaller_maps_and_maps_without_normals(data: Path, tmp_path: Path) -> None:
    values = truth_of(data, "test")
    small: Callable[[np.ndarray], np.ndarray] = lambda value: value[:, :, ::2, ::2]  # noqa: E731
    values = {name: small(value) if value.shape[2] == SIZE else value for name, value in values.items()}
    del values["normals"]
    values["intrinsics"] = np.diag([0.5, 0.5, 1.0]) @ values["intrinsics"]
    model = score_depth(model_of(tmp_path, values), data, limit=1)["model"]
    assert model["depth"] < 0.05
    assert model["mask_iou"] > 0.8
    assert model["normals_deg"] < 25.0


def test_other_models_are_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="predicts no depth in the frame view"):
        score_depth(model_of(tmp_path, truth_of(data, "test"), frame="object"), data)


@pytest.mark.slow
def test_an_evaluation_has_the_depth_of_models_that_predict_it(data: Path, tmp_path: Path) -> None:
    model = model_of(tmp_path, truth_of(data, "test"))
    options = {"resolution": 32, "points": 500, "training_pairs": 5}
    found = evaluate(Reconstructor(model), data, **options)
    expected = score_depth(model, data, training_images=5)
    by_method = {score.method: score.values for score in found.scores}
    shapes = len(read_entries(data, "test"))
    assert len(found.scores) == 4 * shapes
    for name in MEASURES:
        means = summarize(found)["groups"]["real"]["methods"]
        assert means["model"]["overall"][name]["mean"] == pytest.approx(expected["model"][name])
        assert means["mean_shape"]["overall"][name]["mean"] == pytest.approx(expected["mean"][name])
        assert name not in by_method["retrieval"]
        assert name not in by_method["sampling_floor"]
        assert name in found.columns
    (titles,) = [
        [column.header for column in table.columns] for table in tables(summarize(found)) if "depth" in str(table.title)
    ]
    assert titles == ["method", "depth", "shape", "normals", "of depth", "mask IoU"]
    alone = evaluate(Reconstructor(model), data, **options, baselines=False)
    assert {score.method for score in alone.scores if "depth" in score.values} == {"model"}


def test_an_image_that_shows_nothing_measures_nothing() -> None:
    maps = SeenSurface(np.ones((2, 2)), np.zeros((2, 2)), np.zeros((2, 2, 3)), np.zeros((2, 2), np.bool_))
    seen = dataclasses.replace(maps, mask=np.array([[True, False], [False, False]]))
    assert measure(SeenSurfaces(seen, maps, maps.normals)) == {}
    assert measure(SeenSurfaces(None, seen, maps.normals))["depth"] == 1.0
