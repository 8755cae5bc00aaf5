"""Score a reconstructor on a data set, object by object, next to the baselines."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shapelift.errors import InputError
from shapelift.evaluation.answers import EmptyShape, ModelShape, PredictedShape, ReconstructorLike
from shapelift.evaluation.baselines import (
    TrainingPairs,
    collect_pairs,
    image_features,
    mean_shape,
    nearest_pair,
    oracle_pair,
)
from shapelift.evaluation.dataset import Sample, check_group, read_entries, read_samples, stable_number, truth_frame
from shapelift.evaluation.depth import mean_maps, predicts_depth, seen_surfaces
from shapelift.evaluation.surfaces import HOUSE, check_normals, find_protocols, floor_scores, score_surface
from shapelift.inference.limits import check_resolution
from shapelift.io.manifest import StoredShape
from shapelift.metrics import METRICS, Protocol, measure
from shapelift.metrics.depth import SeenSurfaces
from shapelift.metrics.metric import Solids
from shapelift.metrics.outlines import Picture

MODEL, MEAN_SHAPE, RETRIEVAL, ORACLE, FLOOR = "model", "mean_shape", "retrieval", "oracle_retrieval", "sampling_floor"
ALL = "all"
"""What `split` is called when the shapes of all three are scored."""

_Progress = Callable[[str, int, int], None]
"""Called with (what is being done, how much is done, how much there is)."""


@dataclass(frozen=True)
class Score:
    """What one method reached on one image.

    Attributes:
        shape_id: Name of the shape.
        category: Its category.
        group: What it is reported with: its value in the column of the index that was asked for.
        view: Index of the image.
        method: `model`, `mean_shape`, `retrieval`, `oracle_retrieval`, or `sampling_floor` (what a perfect surface
            would score with as many samples; it has no IoU).
        values: Metric name to number, never NaN; those of a protocol begin with its name, `lin-2018:...`.
        note: Which shape was retrieved, or why there is no answer; mostly empty.
    """

    shape_id: str
    category: str
    group: str
    view: int
    method: str
    values: dict[str, float]
    note: str = ""


@dataclass(frozen=True)
class Evaluation:
    """Everything an evaluation found; `shapelift.evaluation.report` sums it up and writes it.

    Attributes:
        model: Name, version, family and frame of the model.
        data: Name of the data set, its split, and how many shapes were scored.
        settings: Every number that decides the result.
        scores: One entry per image and method, methods together per image.
    """

    model: dict[str, Any]
    data: dict[str, Any]
    settings: dict[str, Any]
    scores: tuple[Score, ...]

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that were scored, in order of appearance."""
        return tuple(dict.fromkeys(score.method for score in self.scores))

    @property
    def columns(self) -> tuple[str, ...]:
        """The metrics that occur, in the order of `METRICS`, then the numbers of the protocols that were asked for."""
        found = dict.fromkeys(name for score in self.scores for name in score.values)
        return tuple(dict.fromkeys([*(name for name in METRICS if name in found), *found]))

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that occur, sorted; shapes of two groups are never pooled."""
        return tuple(sorted({score.group for score in self.scores}))


def evaluate(
    reconstructor: ReconstructorLike,
    dataset_dir: str | Path,
    *,
    split: str = "test",
    group: str = "domain",
    views_per_shape: int = 1,
    resolution: int = 96,
    points: int = 100_000,
    baselines: bool = True,
    oracle: bool = False,
    limit: int | None = None,
    training_pairs: int = 4000,
    protocols: Sequence[str] = (),
    workers: int = 1,
    progress: _Progress | None = None,
) -> Evaluation:
    """Score `reconstructor` on every shape of a split. Equal arguments give equal results.

    Args:
        reconstructor: A loaded model.
        dataset_dir: Folder that `shapelift synthesize` wrote.
        split: Which shapes: `train`, `validation`, `test`, or `all`. The baselines know the training split by heart.
        group: Column of the data set's index by which scores are reported apart, see `dataset.index_columns`. The
            domain is `procedural`, `photoreal` or `real`.
        views_per_shape: Images of each shape; which ones follows from the name of the shape.
        resolution: Cells per side of the predicted meshes.
        points: Samples of each predicted surface; at most as many of the stored true surface are used.
        baselines: Whether mean shape and retrieval are computed from the training split.
        oracle: Whether the best training shape (chosen by looking at the truth) is scored as an upper bound.
        limit: Score only so many shapes: a fixed, fair draw.
        training_pairs: At most so many pairs of shape and image feed the baselines.
        protocols: Names in `shapelift.metrics.PROTOCOLS` whose numbers every method gets besides. A protocol measures a
            model that predicts points by all of them, as they are, and any other method by samples of its surface.
        workers: Threads that score objects side by side; the result does not depend on it.
        progress: Told about what goes on.

    Raises:
        InputError: no such data set, nothing in a split that is needed, a damaged record, a number out of range, an
            unknown protocol or column, or a protocol that compares normals for a model whose points have none.
    """
    check_resolution(resolution)
    _check(views_per_shape, points, training_pairs, limit, workers)
    chosen = find_protocols(protocols)
    report = progress or _silent
    frame = truth_frame(str(reconstructor.card.frame))
    entries = read_entries(dataset_dir, None if split == ALL else split, limit)
    check_group(entries, group)
    _check_normals(reconstructor, entries, frame, chosen)
    pairs, mean = None, None
    if baselines or oracle:
        training = read_entries(dataset_dir, "train")
        pairs = collect_pairs(training, reconstructor, frame, training_pairs, _stage(report, "training pairs"))
    seen = _seen(reconstructor, dataset_dir, training_pairs if baselines else 0)
    if pairs is not None and baselines:
        mean = mean_shape(pairs, _stage(report, "mean shape"))

    def scored(sample: Sample) -> list[Score]:
        answers = {MODEL: _predicted(reconstructor, sample, resolution)}
        if pairs is not None and mean is not None:
            answers |= {MEAN_SHAPE: mean, RETRIEVAL: _retrieved(reconstructor, sample, pairs, frame)}
        if pairs is not None and oracle:
            answers[ORACLE] = pairs.answer(oracle_pair(pairs, sample, frame), frame)
        return list(_score_all(sample, answers, seen(sample), points, chosen))

    scores: list[Score] = []
    total = len(entries) * views_per_shape
    for done, found in enumerate(_side_by_side(scored, read_samples(entries, frame, views_per_shape, group), workers)):
        report("objects", done, total)
        scores += found
    report("objects", total, total)
    return Evaluation(
        model={key: str(getattr(reconstructor.card, key, "")) for key in ("name", "version", "family", "frame")},
        data={"name": Path(dataset_dir).resolve().name, "split": split, "shapes": len(entries)},
        settings={
            "views_per_shape": views_per_shape,
            "resolution": resolution,
            "points": points,
            "training_pairs": 0 if pairs is None else len(pairs),
            "protocol": HOUSE,
            **({} if group == "domain" else {"group": group}),
            **({"protocols": [protocol.name for protocol in chosen]} if chosen else {}),
        },
        scores=tuple(scores),
    )


def score_answer(
    sample: Sample, answer: PredictedShape, points: int, protocols: Sequence[Protocol] = ()
) -> dict[str, float]:
    """All metrics of one answer, finite whatever it is; nothing at all gets the worst value of each.

    Args:
        sample: An image with its truth.
        answer: What a method makes of it.
        points: Samples of its surface.
        protocols: Whose numbers are given, too.
    """
    rng = np.random.default_rng(stable_number(f"{sample.shape_id}/{sample.view}"))
    values = measure(Solids(answer.inside(sample.points), sample.inside, sample.weights))
    values |= score_surface(sample, answer, points, rng, protocols)
    if answer.mesh is not None:
        values |= measure(Picture(answer.image_view(sample), answer.mesh, sample.surface))
    return values


def _score_all(
    sample: Sample,
    answers: Mapping[str, PredictedShape],
    seen: Mapping[str, SeenSurfaces],
    points: int,
    protocols: Sequence[Protocol],
) -> Iterator[Score]:
    def score(method: str, values: dict[str, float], note: str = "") -> Score:
        return Score(sample.shape_id, sample.category, sample.group, sample.view, method, values, note)

    for method, answer in answers.items():
        values = score_answer(sample, answer, points, protocols)
        if method in seen:
            values |= measure(seen[method])
        yield score(method, values, answer.note)
    rng = np.random.default_rng(stable_number(sample.shape_id))
    yield score(FLOOR, floor_scores(sample.surface, points, rng, protocols))


def _side_by_side(
    function: Callable[[Sample], list[Score]], samples: Iterator[Sample], workers: int
) -> Iterator[list[Score]]:
    """The function of every sample, in order, computed by so many threads; few samples wait in memory."""
    waiting: deque[Future[list[Score]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for sample in samples:
            waiting.append(pool.submit(function, sample))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _seen(
    reconstructor: ReconstructorLike, data: str | Path, training_images: int
) -> Callable[[Sample], Mapping[str, SeenSurfaces]]:
    """What a model of depth and the mean of the training images say of a sample's maps; of other models nothing."""
    if not predicts_depth(reconstructor.card):
        return lambda sample: {}
    others = {MEAN_SHAPE: mean_maps(data, training_images)} if training_images else {}
    return lambda sample: seen_surfaces(reconstructor.model, others, sample.path, sample.view)


def _predicted(reconstructor: ReconstructorLike, sample: Sample, resolution: int) -> PredictedShape:
    try:
        margin = getattr(getattr(reconstructor.card, "preprocess", None), "margin", 0.0)
        return ModelShape(reconstructor.reconstruct(sample.rgba), resolution, margin)
    except InputError as error:
        # The row stays, with the worst values: leaving failures out would flatter the model.
        return EmptyShape(str(error))


def _retrieved(reconstructor: ReconstructorLike, sample: Sample, pairs: TrainingPairs, frame: str) -> PredictedShape:
    try:
        feature = image_features(reconstructor, sample.rgba)
    except InputError as error:
        return EmptyShape(str(error))
    return pairs.answer(nearest_pair(pairs, feature), frame)


def _check_normals(
    reconstructor: ReconstructorLike, entries: Sequence[StoredShape], frame: str, protocols: Sequence[Protocol]
) -> None:
    """A model whose points have no normals is refused before the baselines take minutes, not after."""
    if any(protocol.needs_normals for protocol in protocols):
        cloud = _predicted(reconstructor, next(read_samples(entries, frame)), resolution=16).cloud
        for protocol in protocols:
            check_normals(protocol, cloud)


def _stage(progress: _Progress, name: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(name, done, total)


def _silent(stage: str, done: int, total: int) -> None:
    del stage, done, total


def _check(views_per_shape: int, points: int, training_pairs: int, limit: int | None, workers: int) -> None:
    limits = {
        "views per shape": (views_per_shape, 1, 1000),
        "points": (points, 100, 1_000_000),
        "training pairs": (training_pairs, 1, 20_000),
        "workers": (workers, 1, 256),
        "limit": (1 if limit is None else limit, 1, 10**9),
    }
    for name, (value, low, high) in limits.items():
        if not low <= value <= high:
            raise InputError(f"{name}: {value} is out of range; choose a number from {low} to {high}")
