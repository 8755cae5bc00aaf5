"""The contract of families that predict a field or a grid: every promise a case of its own."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from shapelift.recipes import RECIPES
from shapelift.testing import FAMILY_CHECKS, ContractError, FamilyCase
from shapelift.testing.contract import exported_solid_is_that_of_training

pytestmark = pytest.mark.slow

ASIDE = np.zeros((4, 4), np.float32)
ASIDE[0, 3] = 0.25


@pytest.fixture(scope="module", params=["implicit", "pixelaligned", "voxel"])
def case(request: pytest.FixtureRequest) -> Iterator[FamilyCase]:
    with FamilyCase(RECIPES[f"{request.param}-tiny"]().model) as case:
        yield case


@pytest.mark.parametrize("check", FAMILY_CHECKS, ids=lambda check: check.__name__)
def test_contract(case: FamilyCase, check) -> None:
    check(case)


def alter(path: Path, value: str, operator: str, constant: np.ndarray, **attributes: int) -> None:
    """Put one more operation behind an input or an output of a graph."""
    model = onnx.load(path)
    graph, inner = model.graph, f"{value}.inner"
    is_input = value in {one.name for one in graph.input}
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [inner if name == value else name for name in names]
    ends = (value, inner) if is_input else (inner, value)
    graph.initializer.append(numpy_helper.from_array(constant, "altering"))
    graph.node.insert(
        0 if is_input else len(graph.node), helper.make_node(operator, [ends[0], "altering"], [ends[1]], **attributes)
    )
    onnx.save(model, path)


MIRRORED = np.float32([-1.0, 1.0, 1.0])
WRONG = {
    "implicit": [("decode.onnx", "points", "Mul", MIRRORED, {})],
    "pixelaligned": [("encode.onnx", "camera_from_world", "Add", ASIDE, {})],
    "voxel": [
        ("predict.onnx", "logits", "Gather", np.roll(np.arange(16), 4), {"axis": 1}),
        ("predict.onnx", "logits", "Gather", np.arange(16)[::-1].copy(), {"axis": 1}),
    ],
}
"""A field with left and right exchanged, a camera a quarter of the cube aside, cells as much aside, and mirrored."""


def test_an_export_of_something_else_is_named(case: FamilyCase, tmp_path: Path) -> None:
    for number, (file, value, operator, constant, attributes) in enumerate(WRONG[case.config.family]):
        folder = tmp_path / str(number) / "model"
        folder.mkdir(parents=True)
        other = copy.copy(case)
        other.folder = folder.parent
        vars(other).pop("opened", None)
        vars(other)["exported"] = {name: Path(shutil.copy(path, folder)) for name, path in case.exported.items()}
        alter(folder / file, value, operator, constant, **attributes)
        with pytest.raises(ContractError, match="must be that of logits_at"):
            exported_solid_is_that_of_training(other)
