"""Training: the loop, and what it needs to be stopped, continued, watched and shared between machines."""

from shapelift.training.config import SGD, AdamW, Muon, Start, TrainConfig, Validation
from shapelift.training.loop import Status, TrainResult, find_run, train
from shapelift.training.schedule import WarmupCosine, parse_duration_s
from shapelift.training.start import find_start, read_start, shipped_start, start_at

__all__ = [
    "SGD",
    "AdamW",
    "Muon",
    "Start",
    "Status",
    "TrainConfig",
    "TrainResult",
    "Validation",
    "WarmupCosine",
    "find_run",
    "find_start",
    "parse_duration_s",
    "read_start",
    "shipped_start",
    "start_at",
    "train",
]
