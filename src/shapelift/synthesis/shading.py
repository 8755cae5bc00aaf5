"""Light that leaves a surface towards the camera: Lambert, a Blinn-Phong highlight, and a reflected sky."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.synthesis.lighting import Lighting

Array = npt.NDArray[np.float32]

SHOULDER = 0.5
BRIGHTEST = 4.0

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


def highlight_exponent(roughness: Array) -> Array:
    """The Blinn-Phong exponent (n,) of a roughness (n,) in [0, 1], between 0.5 and 2000.

    It is 2 / roughness^4 - 2, which matches the width of a microfacet lobe (Walter et al. 2007) whose width parameter
    is, as usual, the squared roughness.
    """
    square = roughness * roughness
    return np.clip(2.0 / np.maximum(square * square, 1e-6) - 2.0, 0.5, 2000.0).astype(np.float32)


def shade(
    normals: Array,
    to_camera: Array,
    albedo: Array,
    specular: Array,
    roughness: Array,
    lighting: Lighting,
    key_visible: npt.NDArray[np.bool_] | None = None,
) -> Array:
    """Linear light (n, 3) that n surface points send to the camera, clipped to [0, BRIGHTEST].

    normals, to_camera: (n, 3) unit vectors. albedo: (n, 3) linear. specular, roughness: (n,) in [0, 1].
    key_visible: (n,) whether the key light reaches the point; None where it always does.

    The highlight is Blinn-Phong with Schlick's rational fit of the power (Schlick 1994), so that no power is computed;
    the sky is mirrored at grazing angles by Schlick's Fresnel term, blurred away as the roughness grows.
    """
    facing = normals @ lighting.directions.T
    lambert = np.maximum(facing, 0.0)
    if key_visible is not None and lambert.shape[1]:
        lambert[:, 0] *= key_visible
    gradient = lighting.sky - lighting.ground
    cosine = np.maximum(np.einsum("ij,ij->i", normals, to_camera), 0.0)

    light = lambert @ lighting.colors
    light += lighting.ground
    light += (0.5 + 0.5 * normals[:, 1])[:, None] * gradient
    light *= albedo

    exponent = highlight_exponent(roughness)
    half_length = np.sqrt(np.maximum(2.0 + 2.0 * (to_camera @ lighting.directions.T), 1e-4))
    half_cosine = np.clip((facing + cosine[:, None]) / half_length, 0.0, 1.0)
    lobe = half_cosine / (exponent[:, None] * (1.0 - half_cosine) + half_cosine + 1e-6)
    strength = specular * (exponent + 8.0) * np.float32(1.0 / 64.0)
    lobe *= np.minimum(strength, 2.0)[:, None] * (lambert > 0.0)
    light += lobe @ lighting.colors

    grazing = 1.0 - cosine
    fresnel = specular * (0.12 + 0.88 * grazing * grazing * grazing) * (1.0 - roughness)
    mirrored_up = 2.0 * cosine * normals[:, 1] - to_camera[:, 1]
    light += fresnel[:, None] * (lighting.ground + (0.5 + 0.5 * mirrored_up)[:, None] * gradient)
    clipped: Array = np.clip(light, 0.0, BRIGHTEST, out=light)
    return clipped
