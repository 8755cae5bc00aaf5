"""Training data from meshes and procedural shapes: sources, renderer, samplers, writer."""
