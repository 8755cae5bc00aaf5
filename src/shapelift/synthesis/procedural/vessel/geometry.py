"""The solid of a vessel."""

from __future__ import annotations

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural.solids import assemble
from shapelift.synthesis.procedural.vessel.boats import BOATS
from shapelift.synthesis.procedural.vessel.components import Vessel
from shapelift.synthesis.procedural.vessel.parameters import VesselParameters
from shapelift.synthesis.procedural.vessel.ships import SHIPS


def build(p: VesselParameters) -> Asset:
    """The vessel, upright, bow towards +Z."""
    return assemble((BOATS | SHIPS)[p.style](Vessel(p)))
