from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from shapelift.ops.jpeg import jpeg


def picture(height: int, width: int) -> np.ndarray:
    """Smooth colours, an edge, and some texture, `h w 3` uint8."""
    rng = np.random.default_rng(0)
    smooth = cv2.resize(rng.uniform(0.0, 255.0, (5, 4, 3)), (width, height), interpolation=cv2.INTER_CUBIC)
    smooth[height // 3 :, : width // 2] *= 0.4
    return (smooth + rng.normal(0.0, 6.0, smooth.shape)).clip(0, 255).astype(np.uint8)


def by_codec(rgb: np.ndarray, quality: int) -> np.ndarray:
    data = cv2.imencode(".jpg", np.ascontiguousarray(rgb[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1]


def as_tensor(rgb: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(rgb)).permute(2, 0, 1)[None].float() / 255.0


@pytest.mark.parametrize("quality", [10, 30, 60, 90])
@pytest.mark.parametrize("size", [(64, 64), (50, 37)])
def test_images_come_back_as_from_a_codec(quality: int, size: tuple[int, int]) -> None:
    rgb = picture(*size)
    found = jpeg(as_tensor(rgb), torch.tensor([float(quality)]))
    expected = as_tensor(by_codec(rgb, quality))
    lost = (expected - as_tensor(rgb)).abs().mean()
    assert found.shape == expected.shape
    assert (found - expected).abs().mean() < 0.15 * lost + 0.5 / 255.0
    assert 0.8 < (found - as_tensor(rgb)).abs().mean() / lost < 1.2


def test_every_image_has_its_own_quality() -> None:
    image = as_tensor(picture(32, 32))
    both = jpeg(image.repeat(2, 1, 1, 1), torch.tensor([20.0, 80.0]))
    for index, quality in enumerate((20.0, 80.0)):
        assert torch.allclose(both[index], jpeg(image, torch.tensor([quality]))[0], atol=1e-6)
    losses = (both - image).abs().mean(dim=(1, 2, 3))
    assert losses[0] > 1.5 * losses[1]
