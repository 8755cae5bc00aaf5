"""From a trained network to ONNX files that run without PyTorch, and from such files back to its weights."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from shapelift.io.atomic import atomic_path
from shapelift.models.base import ExportGraph, ReconstructionModel

WeightPrecision = Literal["fp32", "fp16"]

WEIGHTS = "network/"
"""Begins the names of initialisers that are parameters and buffers of the network; its own name for them follows."""

_EXAMPLE = {"b": 2, "n": 5}
# Tensors below this size stay as they are: shapes and axes weigh nothing. Nor do most vectors, and those are biases and
# the statistics of normalisations, whose variances may be too small for half precision.
_SMALLEST_HALVED, _SHORTEST_VECTOR_HALVED = 256, 4096
_HALF = ".half"


def export_graphs(
    model: ReconstructionModel, directory: str | Path, *, weights: WeightPrecision = "fp16"
) -> dict[str, Path]:
    """Write every graph of `model` to `directory` as `<name>.onnx`.

    The files hold the whole state of the network, each tensor under its name in `state_dict()`, so that training can go
    on from them (`read_weights`): normalisations stay apart from their convolutions, and what no graph reads as it is
    goes into the first file as an initialiser without a reader. The runtime folds and drops all that when it loads.

    Args:
        model: The network; a copy of it is exported, in eval mode, in float32, on the CPU.
        directory: Existing folder.
        weights: `fp16` stores weights in half precision and casts them back when the file is loaded: half the size,
            the arithmetic stays float32. `fp32` is exact.

    Returns:
        Graph name -> file.
    """
    model = copy.deepcopy(model).cpu().float().eval()
    state = model.state_dict()
    protos = {name: _to_onnx(graph, state) for name, graph in model.graphs().items()}
    _add_missing(next(iter(protos.values())), state, present=set().union(*map(_weights_in, protos.values())))
    files = {}
    for name, proto in protos.items():
        if weights == "fp16":
            _halve_weights(proto)
        path = Path(directory) / f"{name}.onnx"
        with atomic_path(path) as temporary:
            temporary.write_bytes(proto.SerializeToString(deterministic=True))
        files[name] = path
    return files


def read_weights(files: Iterable[bytes]) -> dict[str, Tensor]:
    """The state of the network in the graphs that `export_graphs` wrote, floating-point tensors in float32.

    Args:
        files: The bytes of every graph of a model.

    Returns:
        What `load_state_dict` takes; empty for graphs of versions that folded normalisations into convolutions.

    Raises:
        ValueError: no ONNX model.
    """
    import onnx
    from onnx import numpy_helper

    found: dict[str, Tensor] = {}
    for data in files:
        try:
            initializers = onnx.load_model_from_string(data).graph.initializer
        except Exception as error:  # protobuf's own error, which it does not export from a public place
            raise ValueError("not an ONNX model") from error
        for initializer in initializers:
            if initializer.name.startswith(WEIGHTS):
                values = torch.from_numpy(np.array(numpy_helper.to_array(initializer)))
                name = initializer.name.removeprefix(WEIGHTS)
                if values.dtype == torch.float16:
                    name, values = name.removesuffix(_HALF), values.float()
                found[name] = values
    return found


def example_inputs(graph: ExportGraph, seed: int = 0) -> tuple[Tensor, ...]:
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


def _to_onnx(graph: ExportGraph, state: Mapping[str, Tensor]) -> Any:
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
            optimize=False,
        )
        if program is None:
            raise RuntimeError("torch returned no ONNX program")
        names = _names_in_graph(graph, state)
        _optimize(program, names)
        for output, name in zip(program.model.graph.outputs, graph.outputs, strict=True):
            output.name = name  # two outputs of one tensor are told apart by the optimiser only, which names them
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
    _rename(proto.graph, {initializer: f"{WEIGHTS}{name}" for initializer, name in names.items()})
    return proto


def _names_in_graph(graph: ExportGraph, state: Mapping[str, Tensor]) -> dict[str, str]:
    """Name of an initialiser -> name in the network, for the floating-point tensors that a graph shares with it."""
    places = {(value.data_ptr(), value.shape): name for name, value in state.items() if value.is_floating_point()}
    shared = {name: places.get((value.data_ptr(), value.shape)) for name, value in graph.module.state_dict().items()}
    return {name: found for name, found in shared.items() if found is not None}


def _optimize(program: Any, kept: Iterable[str]) -> None:
    """Simplify a graph, but leave the initialisers `kept` as they are: the optimiser takes inputs for unknown."""
    inputs, initializers = program.model.graph.inputs, program.model.graph.initializers
    first = len(inputs)
    inputs.extend(initializers[name] for name in kept if name in initializers)
    program.optimize()
    del program.model.graph.inputs[first:]


def _rename(graph: Any, names: Mapping[str, str]) -> None:
    """Give initialisers other names, for all their readers too."""
    for initializer in graph.initializer:
        initializer.name = names.get(initializer.name, initializer.name)
    for node in graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = names.get(name, name)
        for attribute in node.attribute:
            for inner in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
                _rename(inner, names)


def _weights_in(proto: Any) -> set[str]:
    return {tensor.name for tensor in proto.graph.initializer if tensor.name.startswith(WEIGHTS)}


def _add_missing(proto: Any, state: Mapping[str, Tensor], present: set[str]) -> None:
    from onnx import numpy_helper

    for name, value in state.items():
        if f"{WEIGHTS}{name}" not in present:
            proto.graph.initializer.append(numpy_helper.from_array(value.numpy(), f"{WEIGHTS}{name}"))


def _halve_weights(proto: Any) -> None:
    """Store large float32 weights as float16 behind a Cast node, which the runtime folds away when it loads."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for index, tensor in enumerate(proto.graph.initializer):
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        smallest = _SMALLEST_HALVED if values.ndim > 1 else _SHORTEST_VECTOR_HALVED
        if values.size < smallest or np.abs(values).max() > np.finfo(np.float16).max:
            continue
        name = tensor.name
        half: onnx.TensorProto = numpy_helper.from_array(values.astype(np.float16), f"{name}{_HALF}")
        proto.graph.initializer[index].CopyFrom(half)
        casts.append(helper.make_node("Cast", [half.name], [name], name=f"{name}.cast", to=TensorProto.FLOAT))
    nodes = [*casts, *proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)


@contextmanager
def _quiet() -> Iterator[None]:
    # The exporter reports absent optional packages and its own deprecations; neither concerns the reader.
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnx_ir", "onnxscript")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
