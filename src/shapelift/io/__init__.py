"""Bytes to values and back: images, shapes, records of shapes, atomic writes."""

__all__ = ["depth_images", "images", "manifest", "masks", "pointclouds", "records", "shapes"]
