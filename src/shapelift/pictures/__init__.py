"""Pictures of shapes for people: lit surfaces, numbers as colours, sheets of both, renderings of objects."""

__all__ = ["rendering", "shading", "sheets"]
