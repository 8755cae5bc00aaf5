"""What exported graphs hold besides arithmetic: the weights to train on."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import torch
from torch import nn

from shapelift.models import ImplicitConfig
from shapelift.models.base import ReconstructionModel
from shapelift.models.export import WEIGHTS, export_graphs, read_weights

pytestmark = pytest.mark.slow

TINY = ImplicitConfig(
    image_size=32, widths=(8, 8, 8), depths=(1, 1, 1), code_size=8, plane_channels=4, plane_widths=(8, 8, 8),
    plane_hidden=8, uniform_points=12, near_points=4,
)  # fmt: skip


@pytest.fixture(scope="module")
def trained() -> ReconstructionModel:
    """A network whose normalisations have seen something, one of them next to nothing."""
    torch.manual_seed(0)
    model = TINY.build()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean = torch.randn_like(module.weight)
            module.running_var = torch.full_like(module.weight, 1e-9)
            module.num_batches_tracked = torch.tensor(7)
            nn.init.normal_(module.weight)
    return model


@pytest.fixture(scope="module")
def files(trained: ReconstructionModel, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return export_graphs(trained, tmp_path_factory.mktemp("model"))


def test_weights_come_back_as_they_were_to_half_precision(trained: ReconstructionModel, files: dict[str, Path]) -> None:
    state = trained.state_dict()
    found = read_weights(path.read_bytes() for path in files.values())
    assert found.keys() == state.keys()
    for name, value in state.items():
        expected = value.half().float() if value.dim() > 1 and value.numel() >= 256 else value
        assert found[name].dtype == value.dtype
        assert torch.equal(found[name], expected), name
    TINY.build().load_state_dict(found)
    # The first layer of the decoder is applied to the planes in other shapes, and is there as it is all the same.
    assert found["decoder.first.weight"].shape == (8, 15)


def test_a_graph_has_no_input_and_no_reader_for_what_only_training_needs(files: dict[str, Path]) -> None:
    proto = onnx.load(files["encode"])
    assert [value.name for value in proto.graph.input] == ["image"]
    read = {name for node in proto.graph.node for name in node.input}
    unread = {item.name for item in proto.graph.initializer} - read
    assert f"{WEIGHTS}encoder.stem.0.1.num_batches_tracked" in unread
    assert not any(name.endswith(("weight", "bias", "weight.half")) for name in unread)


def test_graphs_without_names_of_the_network_hold_no_weights(files: dict[str, Path]) -> None:
    data = files["decode"].read_bytes()
    other = data.replace(WEIGHTS.encode(), b"artwork/")
    assert read_weights([data])
    assert read_weights([other]) == {}
    with pytest.raises(ValueError, match="not an ONNX model"):
        read_weights([b"\x00nonsense"])


def test_exported_files_carry_no_paths_of_the_machine(files: dict[str, Path]) -> None:
    for path in files.values():
        assert str(Path(__file__).parents[2]).encode() not in path.read_bytes()
        assert b".py" not in path.read_bytes()
