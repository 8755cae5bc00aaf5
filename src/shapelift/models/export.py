"""From a trained network to ONNX files that run without PyTorch."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from shapelift.io.atomic import atomic_path
from shapelift.models.base import Graph, Reconstructor

Precision = Literal["fp32", "fp16"]

_EXAMPLE = {"b": 2, "n": 5}
# Tensors below this size stay as they are: shapes, axes and biases weigh nothing.
_SMALLEST_HALVED = 256


def export_graphs(model: Reconstructor, directory: str | Path, *, weights: Precision = "fp16") -> dict[str, Path]:
    """Write every graph of `model` to `directory` as `<name>.onnx`.

    Args:
        model: The network; a copy of it is exported, in eval mode, in float32, on the CPU.
        directory: Existing folder.
        weights: `fp16` stores weights in half precision and casts them back when the file is loaded: half the size,
            the arithmetic stays float32. `fp32` is exact.

    Returns:
        Graph name -> file.
    """
    model = copy.deepcopy(model).cpu().float().eval()
    files = {}
    for name, graph in model.graphs().items():
        proto = _to_onnx(graph)
        if weights == "fp16":
            _halve_weights(proto)
        path = Path(directory) / f"{name}.onnx"
        with atomic_path(path) as temporary:
            temporary.write_bytes(proto.SerializeToString(deterministic=True))
        files[name] = path
    return files


def example_inputs(graph: Graph, seed: int = 0) -> tuple[Tensor, ...]:
    """Random inputs of a graph, with small lengths on its varying axes; points in the unit cube, normal noise."""
    generator = torch.Generator().manual_seed(seed)
    inputs = []
    for name, shape in graph.inputs.items():
        sizes = [_EXAMPLE.get(axis, 3) if isinstance(axis, str) else axis for axis in shape]
        if name == "noise":
            inputs.append(torch.randn(sizes, generator=generator))
            continue
        values = torch.rand(sizes, generator=generator)
        inputs.append(values - 0.5 if name == "points" else values)
    return tuple(inputs)


def _to_onnx(graph: Graph) -> Any:
    axes = {
        axis: torch.export.Dim(axis, min=1)
        for shape in graph.inputs.values()
        for axis in shape
        if isinstance(axis, str)
    }
    dynamic = tuple(
        {index: axes[axis] for index, axis in enumerate(shape) if isinstance(axis, str)}
        for shape in graph.inputs.values()
    )
    with _quiet():
        program = torch.onnx.export(
            graph.module.eval(),
            example_inputs(graph),
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_shapes=dynamic,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch returned no ONNX program")
    proto = program.model_proto
    # The exporter writes the Python call stack of every node into the file: paths of the trainer's machine.
    for node in proto.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    del proto.graph.metadata_props[:]
    del proto.graph.value_info[:]
    for value in (*proto.graph.input, *proto.graph.output, *proto.graph.initializer):
        del value.metadata_props[:]
        value.doc_string = ""
    return proto


def _halve_weights(proto: Any) -> None:
    """Store large float32 weights as float16 behind a Cast node, which the runtime folds away when it loads."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for index, tensor in enumerate(proto.graph.initializer):
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        if values.size < _SMALLEST_HALVED or np.abs(values).max() > np.finfo(np.float16).max:
            continue
        name = tensor.name
        half: onnx.TensorProto = numpy_helper.from_array(values.astype(np.float16), f"{name}.half")
        proto.graph.initializer[index].CopyFrom(half)
        casts.append(helper.make_node("Cast", [half.name], [name], name=f"{name}.cast", to=TensorProto.FLOAT))
    nodes = [*casts, *proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)


@contextmanager
def _quiet() -> Iterator[None]:
    # The exporter reports absent optional packages and its own deprecations; neither concerns the reader.
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
