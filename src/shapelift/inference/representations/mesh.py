"""A mesh, as it is."""

from __future__ import annotations

import numpy as np

from shapelift.errors import InputError
from shapelift.geometry import Mesh
from shapelift.inference.representations.kind import AssemblyInput, ModelOutput, RepresentationKind, features_of


def _mesh(asked: AssemblyInput) -> ModelOutput:
    graph = asked.graphs["predict"]
    outputs = graph(asked.inputs)
    vertices, faces = outputs["vertices"], outputs["faces"]
    shapes = f"{vertices.shape} and faces of shape {faces.shape}"
    if vertices.ndim != 3 or faces.ndim != 3 or {*vertices.shape[::2], *faces.shape[::2]} != {1, 3} or not faces.size:
        raise InputError(
            f"{graph.origin}: gives vertices of shape {shapes} instead of (1, v, 3) and (1, f, 3); export again"
        )
    if faces.dtype.kind != "i" or faces.min() < 0 or faces.max() >= vertices.shape[1]:
        raise InputError(f"{graph.origin}: gives faces that are no indices of its vertices; export again")
    return ModelOutput(Mesh(vertices[0], faces[0].astype(np.int32)), features_of(outputs))


KIND = RepresentationKind(Mesh, ("predict",), ("vertices", "faces"), _mesh)
