"""Points on the surface, with weights, and normals and places on patches if there are any."""

from __future__ import annotations

from shapelift.errors import InputError
from shapelift.geometry import PointCloud
from shapelift.inference.representations.kind import (
    AssemblyInput,
    ModelOutput,
    RepresentationKind,
    cannot_see,
    features_of,
)


def _points(asked: AssemblyInput) -> ModelOutput:
    graph = asked.graphs["predict"]
    outputs = graph(asked.inputs)
    points, weights = outputs["points"], outputs["weights"]
    normals, places = outputs.get("normals"), outputs.get("places")
    count = weights.size
    for field, values, columns in (("points", points, 3), ("normals", normals, 3), ("places", places, 2)):
        if values is not None and (values.shape != (1, count, columns) or weights.shape != (1, count)):
            raise InputError(
                f"{graph.origin}: gives {field} of shape {values.shape} and weights of shape {weights.shape}, which do "
                "not fit; export again"
            )
    kept = weights[0] > 0.0
    if not kept.any():
        raise cannot_see(asked, "no point has a weight above 0")
    return ModelOutput(
        PointCloud(points[0, kept], None if normals is None else normals[0, kept]),
        features_of(outputs),
        None if places is None else places[0, kept],
    )


KIND = RepresentationKind(PointCloud, ("predict",), ("points", "weights"), _points)
