"""docs/how-to/add_a_representation.md, followed to the letter on a copy of the package: one file and one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "add_a_representation.md").read_text(encoding="utf-8")
DRIVER = """
from pathlib import Path
import numpy as np
from onnx import TensorProto, helper, numpy_helper
from shapelift.errors import InputError
from shapelift.imaging.preprocess import Preprocess
from shapelift.inference import ModelCard, Reconstructor, write_card


def write(folder, output):
    folder.mkdir()
    nodes = [
        helper.make_node("ReduceMax", ["image"], ["most"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["most", "the_sides"], [output]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["b", 4, 32, 32])
    sides = helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, 3])
    constants = [numpy_helper.from_array(np.float32([[1.0, 0.5, 0.25]]), "the_sides")]
    graph = helper.make_graph(nodes, "box", [image], [sides], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (folder / "predict.onnx").write_bytes(model.SerializeToString())
    card = ModelCard(
        name="box", version="1", family="box", representation="box", frame="object", preprocess=Preprocess(32)
    )
    write_card(folder, card, ["predict.onnx"])
    return folder


image = np.zeros((32, 32, 4), np.uint8)
image[8:24, 8:24] = 255
result = Reconstructor.load(write(Path("good"), "sides"), threads=1).reconstruct(image)
mesh = result.mesh(32)
print(result.card.representation, *mesh.bounds.size.round(4).tolist(), round(mesh.volume, 4))
result.save("box.glb")
try:
    Reconstructor.load(write(Path("bad"), "edges"), threads=1)
except InputError as error:
    print(error)
"""


def test_the_representation_of_the_page_is_one_file_and_one_line(tmp_path: Path, package_copy: Any) -> None:
    done = package_copy(tmp_path, PAGE).run(DRIVER)
    assert done.returncode == 0, done.stderr
    found, refused = done.stdout.splitlines()
    assert found == "box 1.0 0.5 0.25 0.125"
    assert refused.endswith("predict.onnx: gives no sides; export the model again")
    assert (tmp_path / "box.glb").stat().st_size > 0
