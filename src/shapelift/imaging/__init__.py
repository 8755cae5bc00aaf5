"""What an image shows: the object, told from its background, and how it becomes the input of a model."""

from shapelift.imaging.preprocess import Preprocess, object_window
from shapelift.imaging.segmentation import object_mask, with_mask

__all__ = ["Preprocess", "object_mask", "object_window", "with_mask"]
