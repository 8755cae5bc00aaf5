"""What one must beat: the mean of the training shapes, and the nearest of them.

Both are computed from the training split, in the frame of the model, over pairs of a shape and one of its images.
Tatarchenko et al. (CVPR 2019) found that retrieval beats many a network; a score without these two says little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.evaluation.answers import (
    ConstantShape,
    EmptyShape,
    Points,
    PredictedShape,
    ReconstructorLike,
    RetrievedShape,
)
from shapelift.evaluation.dataset import Sample, frame_matrix, surface_of, views_of
from shapelift.geometry import UNIT_BOX, ImplicitField
from shapelift.io.manifest import StoredShape
from shapelift.io.records import RecordReader, open_record
from shapelift.meshing.fields import mesh_field

MEAN_RESOLUTION = 64
"""Cells per side of the mean shape."""
ORACLE_RESOLUTION = 32
"""Cells per side at which the oracle compares shapes."""
_LEVELS = 256

Packed = npt.NDArray[np.uint8]
_Report = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class TrainingPairs:
    """What the baselines keep of `p` training pairs.

    Attributes:
        entries: The shape of every pair.
        views: The image of every pair.
        features: `p d` float32 unit vectors, the model's image features.
        grids: `p 64^3/8` uint8, packed occupancy in the frame of the model.
        coarse: `p 32^3/8` uint8, the same for the oracle.
    """

    entries: tuple[StoredShape, ...]
    views: tuple[int, ...]
    features: npt.NDArray[np.float32]
    grids: Packed
    coarse: Packed

    def __len__(self) -> int:
        return len(self.entries)

    def answer(self, index: int, frame: str) -> RetrievedShape:
        """Training pair `index` as the answer to an image."""
        with open_record(self.entries[index].path) as record:
            matrix = frame_matrix(record, self.views[index], frame)
            return RetrievedShape(record, matrix, surface_of(record, matrix), note=self.entries[index].shape_id)


def collect_pairs(
    entries: Sequence[StoredShape], reconstructor: ReconstructorLike, frame: str, max_pairs: int, report: _Report
) -> TrainingPairs:
    """Read, encode and voxelise up to `max_pairs` training pairs: every shape once, then every shape twice, and so on.

    Args:
        entries: The training split.
        reconstructor: The model that describes the images.
        frame: `object` or `view`.
        max_pairs: At most so many pairs; with more shapes than that, the first ones in the order given.
        report: Called with (pairs done, pairs in all).

    Raises:
        InputError: a record that is missing or damaged.
    """
    shares = _shares(entries, max_pairs)
    total = sum(count for _, count in shares)
    found: list[tuple[StoredShape, int, npt.NDArray[np.float32], Packed, Packed]] = []
    refusal = ""
    for entry, count in shares:
        with open_record(entry.path) as record:
            for view in views_of(entry.shape_id, record.shape("rgba")[0])[:count]:
                try:
                    feature = image_features(reconstructor, record.item("rgba", view))
                except InputError as error:
                    refusal = str(error)
                    continue  # an image that the model refuses cannot be retrieved
                matrix = frame_matrix(record, view, frame)
                fine, coarse = (_pack(grid_in_frame(record, matrix, r)) for r in (MEAN_RESOLUTION, ORACLE_RESOLUTION))
                found.append((entry, view, feature, fine, coarse))
                report(len(found), total)
    if not found:
        raise InputError(f"no training image can be encoded: {refusal} (`baselines` off does without)")
    return TrainingPairs(
        entries=tuple(item[0] for item in found),
        views=tuple(item[1] for item in found),
        features=np.stack([item[2] for item in found]),
        grids=np.stack([item[3] for item in found]),
        coarse=np.stack([item[4] for item in found]),
    )


def image_features(reconstructor: ReconstructorLike, rgba: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """The model's features of one image, `d`, scaled to unit length (zero stays zero)."""
    vector = np.asarray(reconstructor.encode(rgba), np.float32).ravel()
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length > 0.0 else vector


def grid_in_frame(
    record: RecordReader, frame_from_object: npt.NDArray[np.float64], resolution: int
) -> npt.NDArray[np.bool_]:
    """Occupancy `r r r` of the unit cube of a frame, each cell looked up at its centre in the stratified grid.

    Args:
        record: The shape.
        frame_from_object: `4 4` similarity.
        resolution: Cells r per side.
    """
    shape = tuple(int(n) for n in record.field("grid_shape"))
    low, high = record.field("bounds").astype(np.float64)
    cells_from_object = np.diag([*(shape / (high - low)), 1.0])
    cells_from_object[:3, 3] = -low * shape / (high - low)
    matrix = cells_from_object @ np.linalg.inv(frame_from_object)
    axis = ((np.arange(resolution) + 0.5) / resolution - 0.5).astype(np.float32)
    inside = np.ones((resolution,) * 3, np.bool_)
    flat = np.zeros((resolution,) * 3, np.int32)
    for row, count in zip(matrix[:3].astype(np.float32), shape, strict=True):
        # The transform is affine: each cell coordinate is an outer sum of three short lists.
        along = row[0] * axis[:, None, None] + row[1] * axis[None, :, None] + (row[2] * axis + row[3])[None, None, :]
        inside &= (along >= 0.0) & (along < count)
        flat *= count
        flat += np.clip(along, 0, count - 1).astype(np.int32)
    inside &= record.field("uniform_occupancy")[flat]
    return inside


def _pack(grid: npt.NDArray[np.bool_]) -> Packed:
    """A boolean grid as bits, flat."""
    return np.packbits(grid.ravel())


def mean_shape(pairs: TrainingPairs, report: _Report) -> PredictedShape:
    """The mean occupancy of the training pairs, cut at the level with the best mean IoU on them.

    The level is chosen among 255 even steps; where several are equally good (all shapes alike), the middle one.
    Shapes too thin for the grid, every one of them, have no mean: the answer is then `EmptyShape`.
    """
    mean = np.zeros(MEAN_RESOLUTION**3, np.float32)
    for index, packed in enumerate(pairs.grids):
        mean += np.unpackbits(packed)
        report(index + 1, 2 * len(pairs))
    if not mean.any():
        return EmptyShape()
    mean /= len(pairs)
    level = _best_level(mean, pairs, report)
    field = _grid_field(mean.reshape((MEAN_RESOLUTION,) * 3), level)
    # Twice the cells: every cell centre is then a node, and no cell that is full is overlooked.
    return ConstantShape(field, mesh_field(field, resolution=2 * MEAN_RESOLUTION, start_spacing=1))


def nearest_pair(pairs: TrainingPairs, feature: npt.NDArray[np.float32]) -> int:
    """The training pair whose image features are nearest by cosine distance."""
    return int(np.argmax(pairs.features @ feature))


def oracle_pair(pairs: TrainingPairs, sample: Sample, frame: str) -> int:
    """The training pair with the best IoU at 32^3: what perfect retrieval could reach. It looks at the truth.

    Args:
        pairs: What can be retrieved.
        sample: What is looked for.
        frame: `object` or `view`.
    """
    with open_record(sample.path) as record:
        truth = _pack(grid_in_frame(record, frame_matrix(record, sample.view, frame), ORACLE_RESOLUTION))
    words, target = pairs.coarse.view(np.uint16), truth.view(np.uint16)
    both = _BITS[words & target].sum(axis=1, dtype=np.int64)
    either = _BITS[words | target].sum(axis=1, dtype=np.int64)
    return int(np.argmax(both / np.maximum(either, 1)))


def _best_level(mean: npt.NDArray[np.float32], pairs: TrainingPairs, report: _Report) -> float:
    step = np.ceil(mean * (_LEVELS - 1)).astype(np.int64).clip(0, _LEVELS - 1)
    # above[j] counts cells that a cut just below step j keeps.
    above = np.bincount(step, minlength=_LEVELS)[::-1].cumsum()[::-1]
    total = np.zeros(_LEVELS)
    for index, packed in enumerate(pairs.grids):
        truth = np.flatnonzero(np.unpackbits(packed))
        hit = np.bincount(step[truth], minlength=_LEVELS)[::-1].cumsum()[::-1]
        total += hit / np.maximum(above + len(truth) - hit, 1)
        report(len(pairs) + index + 1, 2 * len(pairs))
    total[0] = -1.0  # step 0 keeps cells that are never full
    best = np.flatnonzero(total >= total.max() - 1e-9 * len(pairs))
    return float((best[len(best) // 2] - 0.5) / (_LEVELS - 1))


def _grid_field(mean: npt.NDArray[np.float32], level: float) -> ImplicitField:
    """Trilinear interpolation of cell centres, less `level`; empty outside the cube."""
    from scipy.ndimage import map_coordinates

    values = mean - np.float32(level)
    resolution = len(mean)

    def logits(points: Points) -> npt.NDArray[np.float32]:
        at = (points.T.astype(np.float64) + 0.5) * resolution - 0.5
        return np.asarray(
            map_coordinates(values, at, order=1, mode="grid-constant", cval=-level, output=np.float32), np.float32
        )

    return ImplicitField(logits, UNIT_BOX)


def _shares(entries: Sequence[StoredShape], max_pairs: int) -> list[tuple[StoredShape, int]]:
    """How many images of each shape are used: as even as possible, every shape before any shape twice."""
    chosen = entries[:max_pairs]
    available = [_view_count(entry) for entry in chosen]
    counts = [0] * len(chosen)
    for index in islice(_turns(available), max_pairs):
        counts[index] += 1
    return [(entry, count) for entry, count in zip(chosen, counts, strict=True) if count]


def _turns(available: Sequence[int]) -> Iterator[int]:
    for turn in range(max(available, default=0)):
        yield from (index for index, count in enumerate(available) if count > turn)


def _view_count(entry: StoredShape) -> int:
    with open_record(entry.path) as record:
        return record.shape("rgba")[0]


_BITS = np.array([bin(word).count("1") for word in range(1 << 16)], np.uint8)
