"""Which weights of a run are its best, and when it no longer waits for better ones."""

from __future__ import annotations

from shapelift.training.checkpoint import RunState
from shapelift.training.config import Validation
from shapelift.training.validation import ValidationResult


def take_score(state: RunState, score: ValidationResult, settings: Validation) -> bool:
    """Enter the result of a validation into the state of the run.

    The first one of a run that begins with trained weights, at step 0, is that of these weights: they are the best
    until others are, so that a run never ends with worse ones.

    Args:
        state: Of the run; changed in place.
        score: Of the validation.
        settings: What counts as better.

    Returns:
        Whether the weights are the best so far; of equals the later ones.
    """
    if settings.criterion == "iou":
        best, better = score.iou >= state.best_iou, score.iou > state.best_iou
    else:
        best, better = score.loss <= state.best_loss, score.loss < state.best_loss
    if state.step == 0:
        state.start_iou = score.iou
    if best:
        state.best_iou, state.best_loss, state.best_step = score.iou, score.loss, state.step
    state.unimproved = 0 if better else state.unimproved + 1
    return best


def out_of_patience(state: RunState, settings: Validation) -> bool:
    """Whether so many validations in a row were no better than what came before that the run is to end."""
    return settings.patience is not None and state.unimproved >= settings.patience
