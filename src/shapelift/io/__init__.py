"""Bytes to values and back: images, shapes, records of shapes, atomic writes."""
