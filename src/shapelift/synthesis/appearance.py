"""The colour of an asset at points of its surface: solid patterns, vertex colours, image textures."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from shapelift.synthesis.materials import Asset

Array = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]
Faces = npt.NDArray[np.int32]


class Texture:
    """An image read at uv coordinates: repeated, bilinear, from the level of an image pyramid that suits the view.

    image: `h w 4` uint8 sRGB; the alpha is ignored.
    texels_per_unit: how many texels lie along one unit of length on the surface.
    """

    def __init__(self, image: npt.NDArray[np.uint8], texels_per_unit: float) -> None:
        self._levels = [np.ascontiguousarray(image)]
        self._texels_per_unit = texels_per_unit

    def level(self, samples_per_unit: float) -> npt.NDArray[np.uint8]:
        """The finest level with at most about one texel per sample (so that a fine texture does not turn to noise)."""
        ratio = max(self._texels_per_unit, 1e-6) / max(samples_per_unit, 1e-6)
        wanted = max(0, round(float(np.log2(ratio))))
        while len(self._levels) <= wanted and min(self._levels[-1].shape[:2]) > 1:
            height, width = self._levels[-1].shape[:2]
            half = cv2.resize(self._levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
            self._levels.append(np.ascontiguousarray(half, np.uint8))
        return self._levels[min(wanted, len(self._levels) - 1)]

    def colors_at(self, uv: Array, samples_per_unit: float) -> Array:
        """Colours `n 3`, sRGB in [0, 1] at uv `n 2`; (0, 0) is the top left corner of the image."""
        image = self.level(samples_per_unit)
        height, width = image.shape[:2]
        texels = image.reshape(-1, 4).view(np.uint32)[:, 0]
        place = (uv - np.floor(uv)) * np.asarray([width, height], np.float32) - 0.5
        corner = np.floor(place)
        right, down = np.moveaxis(place - corner, 1, 0)
        left_column = corner[:, 0].astype(np.intp) % width
        right_column = (left_column + 1) % width
        upper_row = corner[:, 1].astype(np.intp) % height * width
        lower_row = (upper_row + width) % (height * width)
        color: Array = np.zeros((len(uv), 3), np.float32)
        for row, column, weight in (
            (upper_row, left_column, (1 - right) * (1 - down)),
            (upper_row, right_column, right * (1 - down)),
            (lower_row, left_column, (1 - right) * down),
            (lower_row, right_column, right * down),
        ):
            taken = texels[row + column].view(np.uint8).reshape(-1, 4)[:, :3]
            color += taken * (weight * np.float32(1 / 255))[:, None]
        return color


class Appearance:
    """Everything that decides the colour of an asset, laid out for look-ups by face."""

    def __init__(self, asset: Asset) -> None:
        self._asset = asset
        of_face = asset.face_material
        self.specular: Array = np.asarray([m.specular for m in asset.materials], np.float32)[of_face]
        self.roughness: Array = np.asarray([m.roughness for m in asset.materials], np.float32)[of_face]
        self._plain: Array = np.asarray([m.base_color for m in asset.materials], np.float32)[of_face]
        self._corner_colors = None if asset.mesh.colors is None else asset.mesh.colors[asset.mesh.faces]
        bare = asset.face_texture < 0
        patterned = np.asarray([m.pattern != "plain" for m in asset.materials], bool)[of_face]
        solid = bare & patterned if self._corner_colors is None else np.zeros_like(bare)
        self._face_pattern = np.where(solid, of_face, -1)
        self._patterns = np.unique(of_face[solid]).tolist()
        self._bare = None if bare.all() else bare
        self._textures = {index: self._texture(index) for index in np.unique(asset.face_texture[~bare]).tolist()}

    def _texture(self, index: int) -> Texture:
        asset = self._asset
        worn = asset.face_texture == index
        image = asset.textures[index]
        if asset.uv is None:
            raise ValueError("an asset with textures has uv")
        sides = np.diff(asset.uv[worn].astype(np.float64), axis=1)
        uv_area = np.abs(sides[:, 0, 0] * sides[:, 1, 1] - sides[:, 0, 1] * sides[:, 1, 0]).sum() / 2.0
        texels = uv_area * image.shape[0] * image.shape[1]
        return Texture(image, float(np.sqrt(texels / max(float(asset.mesh.face_areas[worn].sum()), 1e-12))))

    def colors_at(self, faces: Faces, weights: Array, points: Array, samples_per_unit: float) -> Array:
        """Colours `n 3`, sRGB in [0, 1], of points of the surface.

        Args:
            faces: Face of every point, `n`.
            weights: Barycentric coordinates in it, `n 3`.
            points: The points, `n 3`, object frame.
            samples_per_unit: How densely the surface is sampled, which decides how fine textures are read.
        """
        if self._corner_colors is not None:
            blend = np.einsum("nc,ncd->nd", weights, self._corner_colors[faces].astype(np.float32))
            colors: Array = blend * np.float32(1 / 255)
        else:
            colors = self._plain[faces]
            if self._patterns:
                of_point = self._face_pattern[faces]
                for index in self._patterns:
                    chosen = np.flatnonzero(of_point == index)
                    if len(chosen):
                        colors[chosen] = self._asset.materials[index].color_at(points[chosen])
        if self._textures:
            of_point = self._asset.face_texture[faces]
            for index, texture in self._textures.items():
                chosen = np.flatnonzero(of_point == index)
                if len(chosen):
                    uv = self._uv_at(faces[chosen], weights[chosen])
                    colors[chosen] = texture.colors_at(uv, samples_per_unit)
        return colors

    def _uv_at(self, faces: Faces, weights: Array) -> Array:
        if self._asset.uv is None:
            raise ValueError("an asset with textures has uv")
        uv: Array = np.einsum("nc,ncd->nd", weights, self._asset.uv[faces])
        return uv
