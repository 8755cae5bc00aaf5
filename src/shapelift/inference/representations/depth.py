"""Depth maps with masks and cameras, and normals if there are any."""

from __future__ import annotations

from shapelift.errors import InputError
from shapelift.geometry import DepthMaps
from shapelift.inference.representations.kind import (
    AssemblyInput,
    ModelOutput,
    RepresentationKind,
    cameras_of,
    cannot_see,
    features_of,
)


def _depth(asked: AssemblyInput) -> ModelOutput:
    graph = asked.graphs["predict"]
    outputs = graph(asked.inputs)
    depth, logits, normals = outputs["depth"], outputs["mask_logits"], outputs.get("normals")
    if depth.ndim != 4 or len(depth) != 1 or not depth.size or logits.shape != depth.shape:
        raise InputError(
            f"{graph.origin}: gives depth of shape {depth.shape} and mask_logits of shape {logits.shape} instead of "
            "(1, k, h, w) for both; export again"
        )
    if normals is not None and normals.shape != (*depth.shape, 3):
        raise InputError(f"{graph.origin}: gives normals of shape {normals.shape}, which do not fit; export again")
    mask = logits[0] > 0.0
    if not mask.any():
        raise cannot_see(asked, "no pixel has a mask logit above 0")
    if depth[0][mask].min() <= 0.0:
        raise InputError(f"{graph.origin}: gives depths that are not in front of the camera; train the model again")
    cameras = cameras_of(outputs, depth.shape, graph.origin)
    return ModelOutput(
        DepthMaps(depth[0], mask, cameras, None if normals is None else normals[0]), features_of(outputs)
    )


KIND = RepresentationKind(DepthMaps, ("predict",), ("depth", "mask_logits", "intrinsics", "camera_from_world"), _depth)
