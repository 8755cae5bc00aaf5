"""Torch operators, one per file: plain tensors in and out, batch first, nothing learnable."""

from shapelift.ops.assignment import Assignment, assign
from shapelift.ops.axis_hull import axis_hull_logits
from shapelift.ops.cameras import Cameras
from shapelift.ops.closed_surface import winding_numbers
from shapelift.ops.depth_normals import depth_normals
from shapelift.ops.fusion import fuse_views
from shapelift.ops.graph_convolution import Neighbourhood, neighbour_sum
from shapelift.ops.jpeg import jpeg
from shapelift.ops.nearest import Neighbours, mutual_neighbours
from shapelift.ops.picture_frame import in_picture, picture_depth, picture_from_world, world_from_picture
from shapelift.ops.plane_samples import plane_samples
from shapelift.ops.pseudo_render import RenderedViews, render_views
from shapelift.ops.surface_samples import SurfaceSamples, sample_faces
from shapelift.ops.topology import Topology, stages_of
from shapelift.ops.vertex_pooling import pool_vertices, project
from shapelift.ops.view_normals import view_normals

__all__ = [
    "Assignment",
    "Cameras",
    "Neighbourhood",
    "Neighbours",
    "RenderedViews",
    "SurfaceSamples",
    "Topology",
    "assign",
    "axis_hull_logits",
    "depth_normals",
    "fuse_views",
    "in_picture",
    "jpeg",
    "mutual_neighbours",
    "neighbour_sum",
    "picture_depth",
    "picture_from_world",
    "plane_samples",
    "pool_vertices",
    "project",
    "render_views",
    "sample_faces",
    "stages_of",
    "view_normals",
    "winding_numbers",
    "world_from_picture",
]
