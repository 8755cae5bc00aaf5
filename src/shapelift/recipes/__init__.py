"""Recipes: functions that return a complete training run. The command line changes length, seed and threads only."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from shapelift.errors import InputError
from shapelift.recipes.deform import deform_chamfer_only, deform_compact, deform_published, deform_tiny
from shapelift.recipes.depthnormal import depthnormal_compact, depthnormal_tiny
from shapelift.recipes.implicit import (
    implicit_general,
    implicit_imnet,
    implicit_object,
    implicit_small,
    implicit_tiny,
)
from shapelift.recipes.multiview import (
    multiview_compact,
    multiview_compact_novel,
    multiview_original,
    multiview_resnet,
    multiview_tiny,
)
from shapelift.recipes.pixelaligned import pixelaligned_general, pixelaligned_tiny, pixelaligned_wide
from shapelift.recipes.pointset import (
    pointset_compact,
    pointset_compact_emd,
    pointset_hypotheses,
    pointset_published,
    pointset_tiny,
)
from shapelift.recipes.voxel import voxel_compact, voxel_compact_64, voxel_published, voxel_tiny
from shapelift.training.config import TrainConfig

__all__ = ["RECIPES", "Recipe", "find_recipe", "summary"]

Recipe = Callable[[], TrainConfig]

RECIPES: dict[str, Recipe] = {
    "pixelaligned-general": pixelaligned_general,
    "pixelaligned-wide": pixelaligned_wide,
    "pixelaligned-tiny": pixelaligned_tiny,
    "implicit-small": implicit_small,
    "implicit-general": implicit_general,
    "implicit-object": implicit_object,
    "implicit-imnet": implicit_imnet,
    "implicit-tiny": implicit_tiny,
    "multiview-compact": multiview_compact,
    "multiview-compact-novel": multiview_compact_novel,
    "multiview-original": multiview_original,
    "multiview-resnet": multiview_resnet,
    "multiview-tiny": multiview_tiny,
    "pointset-compact": pointset_compact,
    "pointset-compact-emd": pointset_compact_emd,
    "pointset-hypotheses": pointset_hypotheses,
    "pointset-published": pointset_published,
    "pointset-tiny": pointset_tiny,
    "voxel-compact": voxel_compact,
    "voxel-compact-64": voxel_compact_64,
    "voxel-published": voxel_published,
    "voxel-tiny": voxel_tiny,
    "depthnormal-compact": depthnormal_compact,
    "depthnormal-tiny": depthnormal_tiny,
    "deform-compact": deform_compact,
    "deform-chamfer-only": deform_chamfer_only,
    "deform-published": deform_published,
    "deform-tiny": deform_tiny,
}
"""Every recipe by name. For each family there is `<family>-tiny`, which the contract suite runs."""


def find_recipe(name: str) -> TrainConfig:
    """The run of a recipe.

    Raises:
        InputError: there is no recipe of that name; says which one may have been meant.
    """
    if name in RECIPES:
        return RECIPES[name]()
    close = difflib.get_close_matches(name, RECIPES, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(RECIPES)}"
    raise InputError(f"recipe '{name}' does not exist; {hint}")


def summary(name: str) -> str:
    """What a recipe is, in one line: the first line of its docstring."""
    return (RECIPES[name].__doc__ or "").strip().splitlines()[0]
