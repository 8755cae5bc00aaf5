"""Whether a run packs its data, and how finely: decided once, when it begins."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from shapelift.datasets import PackDetail
from shapelift.datasets.packed import packed_columns
from shapelift.datasets.packing import choose_detail, spare_memory
from shapelift.errors import InputError
from shapelift.io.manifest import stored_shapes
from shapelift.training.checkpoint import read_state
from shapelift.training.config import TrainConfig
from shapelift.training.distributed import World

_SHARE = {"cpu": 0.5, "cuda": 0.7}
"""Share of the spare memory of a device that a pack may take."""


def resolve_feed(
    config: TrainConfig, data_folder: Path, output: Path, world: World, mixed: Sequence[Path] = ()
) -> TrainConfig:
    """The run with `records` or `packed` for `auto`, and with a detail where it packs.

    A run that stands in `output` goes on as it began. Otherwise `auto` packs if every target of the family can be drawn
    from a pack, the data fit into the memory of the device (`_SHARE` of what is spare), and one process trains: what
    several draw from packs depends on their number.

    Args:
        config: The run.
        data_folder: Its data set.
        output: Its folder.
        world: Its processes.
        mixed: Data sets that are trained on besides.

    Raises:
        InputError: `packed` was asked for and cannot be had, or the data set is unusable.
    """
    if config.feed == "records":
        return config
    begun = read_state(output)
    if begun is not None:
        former = TrainConfig.from_json(begun[0])
        if config.feed in ("auto", former.feed):  # one from before there was a choice says `auto`, and read records
            return dataclasses.replace(config, feed=former.feed, detail=config.detail or former.detail)
    detail, obstacle = _chosen(config, [data_folder, *mixed], world)
    if detail is not None:
        return dataclasses.replace(config, feed="packed", detail=detail)
    if config.feed == "packed":
        raise InputError(f"{obstacle}; use `feed` records")
    return dataclasses.replace(config, feed="records", detail=None)


def _chosen(config: TrainConfig, folders: Sequence[Path], world: World) -> tuple[PackDetail | None, str]:
    """The detail of a run that begins, or None and what stands against packing."""
    wanted = packed_columns(config.model.targets())
    if wanted is None:
        return None, f"recipe '{config.recipe}' needs what packed data do not hold"
    if config.feed == "auto" and world.size > 1:
        return None, f"{world.size} processes train"
    if config.detail is not None:
        return config.detail, ""
    memory = int(spare_memory(world.device) * _SHARE[world.device.type])
    entries = [entry for folder in folders for entry in stored_shapes(folder, "train")]
    detail = choose_detail(entries, wanted, config.model.image_size, memory)
    return detail, f"{folders[0]}: does not fit into {memory / 1e9:.1f} GB when packed"
