"""Training data from meshes and procedural shapes: sources, renderer, samplers, writer."""

__all__ = [
    "cameras",
    "environment",
    "environment_files",
    "lighting",
    "materials",
    "mesh_pack",
    "occupancy",
    "options",
    "procedural",
    "renderer",
    "sources",
    "writer",
]
