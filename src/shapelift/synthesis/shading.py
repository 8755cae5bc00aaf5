"""Light that leaves a surface towards the camera: Lambert, a Blinn-Phong highlight, and mirrored surroundings."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

SHOULDER = 0.5
BRIGHTEST = 4.0
MOST_BOUNCED = np.float32(0.9)
"""Of the light that an object throws onto itself, the largest share that goes on."""

# sRGB is close to a square root. The square and the root cost next to nothing, and invert each other.


def linear_of_srgb(color: Array) -> Array:
    """Linear light of sRGB values in [0, 1], by the gamma 2 approximation."""
    return color * color


def srgb_of_linear(light: Array) -> Array:
    """The sRGB values in [0, 1] of linear light, by the gamma 2 approximation.

    Light up to SHOULDER is kept; above, it bends smoothly towards 1, as film does, so that bright white things keep
    their shading.
    """
    rest = 1.0 - SHOULDER
    bent = 1.0 - rest * np.exp((SHOULDER - light) * (1.0 / rest))
    srgb: Array = np.sqrt(np.where(light > SHOULDER, bent, light))
    return srgb


def _highlight_exponent(roughness: Array) -> Array:
    """The Blinn-Phong exponent `n` of a roughness `n` in [0, 1], between 0.5 and 2000.

    It is 2 / roughness^4 - 2, which matches the width of a microfacet lobe (Walter et al. 2007) whose width parameter
    is, as usual, the squared roughness.
    """
    square = roughness * roughness
    return np.clip(2.0 / np.maximum(square * square, 1e-6) - 2.0, 0.5, 2000.0).astype(np.float32)


class Light(Protocol):
    """Light that does not depend on the place: some lamps far away, and the surroundings."""

    @property
    def directions(self) -> Array:
        """`k 3` unit vectors towards the lamps."""

    @property
    def colors(self) -> Array:
        """`k 3` linear: what a white face that looks straight at the lamp reflects."""

    @property
    def spreads(self) -> Array:
        """`k` angular radii of the lamps [rad]; 0 is a point with hard shadows."""

    @property
    def casting(self) -> int:
        """How many of the first lamps cast shadows."""

    @property
    def occluded(self) -> bool:
        """Whether the light of the surroundings is weaker where less of them is seen."""

    def reflected(self, normals: Array) -> Array:
        """What white faces with normals `n 3` reflect of the surroundings: `n 3`, linear."""

    def mirrored(self, directions: Array, roughness: Array) -> Array:
        """What mirrors of a roughness `n` show of the surroundings in directions `n 3`: `n 3`, linear."""


def shade(
    normals: Array,
    to_camera: Array,
    albedo: Array,
    specular: Array,
    roughness: Array,
    lighting: Light,
    visible: npt.NDArray[np.bool_] | None = None,
    openness: Array | None = None,
) -> Array:
    """Linear light `n 3` that surface points send to the camera, clipped to [0, BRIGHTEST].

    The highlight is Blinn-Phong with Schlick's rational fit of the power (Schlick 1994), so that no power is computed;
    the surroundings are mirrored at grazing angles by Schlick's Fresnel term, which fades as the roughness grows.

    Args:
        normals: Unit vectors, `n 3`.
        to_camera: Unit vectors, `n 3`.
        albedo: Linear, `n 3`.
        specular: In [0, 1], `n`.
        roughness: In [0, 1], `n`.
        lighting: Lamps and surroundings.
        visible: Whether the first s lamps reach the point, `n s`; None where all always do.
        openness: How much of the surroundings reaches the point, `n`; None where all does. Where little does, light
            that the object throws onto itself makes up for a part, the more the brighter it is (Jimenez et al.,
            "Practical real-time strategies for accurate indirect occlusion", 2016, in its simplest form: a geometric
            series).
    """
    directions, colors = lighting.directions, lighting.colors
    facing = normals @ directions.T
    lambert = np.maximum(facing, 0.0)
    if visible is not None:
        lambert[:, : visible.shape[1]] *= visible
    cosine = np.maximum(np.einsum("ij,ij->i", normals, to_camera), 0.0)

    light = lambert @ colors
    around = lighting.reflected(normals)
    if openness is not None:
        closed = (1.0 - openness)[:, None]
        around *= (1.0 - closed) / (1.0 - closed * np.minimum(albedo, MOST_BOUNCED))
    light += around
    light *= albedo

    exponent = _highlight_exponent(roughness)
    half_length = np.sqrt(np.maximum(2.0 + 2.0 * (to_camera @ directions.T), 1e-4))
    half_cosine = np.clip((facing + cosine[:, None]) / half_length, 0.0, 1.0)
    lobe = half_cosine / (exponent[:, None] * (1.0 - half_cosine) + half_cosine + 1e-6)
    strength = specular * (exponent + 8.0) * np.float32(1.0 / 64.0)
    lobe *= np.minimum(strength, 2.0)[:, None] * (lambert > 0.0)
    light += lobe @ colors

    grazing = 1.0 - cosine
    fresnel = specular * (0.12 + 0.88 * grazing * grazing * grazing) * (1.0 - roughness)
    if openness is not None:
        fresnel *= openness
    mirror = normals * (2.0 * cosine)[:, None] - to_camera
    light += fresnel[:, None] * lighting.mirrored(mirror, roughness)
    clipped: Array = np.clip(light, 0.0, BRIGHTEST, out=light)
    return clipped
