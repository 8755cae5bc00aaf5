"""Learnable bricks with plain arguments."""
