"""Training data from meshes and procedural shapes: sources, renderer, samplers, writer; loaded where they are used."""

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
