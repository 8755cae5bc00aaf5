"""A grid: logits of cells of the unit cube."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.geometry import UNIT_BOX, VoxelGrid
from shapelift.inference.representations.kind import AssemblyInput, ModelOutput, RepresentationKind, features_of


def probability(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The logistic function, without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)), np.float32)


def _grid(asked: AssemblyInput) -> ModelOutput:
    graph = asked.graphs["predict"]
    outputs = graph(asked.inputs)
    logits = outputs["logits"]
    if logits.ndim != 4 or logits.shape[0] != 1 or min(logits.shape) < 1:
        raise InputError(f"{graph.origin}: gives logits of shape {logits.shape} instead of (1, x, y, z); export again")
    return ModelOutput(VoxelGrid(probability(logits[0]), UNIT_BOX), features_of(outputs))


KIND = RepresentationKind(VoxelGrid, ("predict",), ("logits",), _grid, is_solid=True)
