"""Experiments and figures that only a page of the docs needs."""
