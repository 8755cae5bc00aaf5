"""Training data from meshes and procedural shapes: sources, renderer, samplers, writer; modules load when they are used."""

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
