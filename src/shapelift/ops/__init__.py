"""Torch operators, one per file: plain tensors in and out, batch first, nothing learnable."""
