"""Telephones: smartphones, candybars, flip phones, sliders, cordless handsets, desk and rotary telephones."""

from shapelift.synthesis.procedural.telephone.geometry import CATEGORY

__all__ = ["CATEGORY"]
