"""Training: the loop, and what it needs to be stopped, continued, watched and shared between machines."""

from shapelift.training.config import SGD, AdamW, Start, TrainConfig, Validation
from shapelift.training.loop import Status, TrainResult, find_run, train
from shapelift.training.schedule import WarmupCosine, parse_duration_s
from shapelift.training.start import read_start

__all__ = [
    "SGD",
    "AdamW",
    "Start",
    "Status",
    "TrainConfig",
    "TrainResult",
    "Validation",
    "WarmupCosine",
    "find_run",
    "parse_duration_s",
    "read_start",
    "train",
]
