"""One ONNX graph of a saved model, checked and ready to run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.inference.onnx_check import check_onnx


@dataclass(frozen=True, eq=False)
class OnnxGraph:
    """One ONNX graph, ready to run.

    Attributes:
        session: The onnxruntime session.
        inputs: Name -> shape; a dynamic axis is a text or None.
        outputs: Names, in order.
        origin: How messages call it.
    """

    session: Any
    inputs: Mapping[str, tuple[int | str | None, ...]]
    outputs: tuple[str, ...]
    origin: str

    def __call__(
        self, inputs: Mapping[str, npt.NDArray[np.float32]], outputs: Iterable[str] | None = None
    ) -> dict[str, npt.NDArray[Any]]:
        """Run it: named arrays in, named arrays out (all of them, or those asked for), whole numbers or float32.

        Raises:
            InputError: the runtime refuses, or a result is not finite.
        """
        names = list(self.outputs if outputs is None else outputs)
        try:
            values = self.session.run(names, dict(inputs))
        except Exception as error:  # onnxruntime raises a dozen types that share no base but Exception
            reason = " ".join(str(error).split())[:160]
            raise InputError(f"{self.origin}: failed while it ran ({reason}); export the model again") from error
        results = {name: _array(value) for name, value in zip(names, values, strict=True)}
        for name, value in results.items():
            if not np.isfinite(value).all():
                raise InputError(f"{self.origin}: gives values for {name} that are not finite; train the model again")
        return results


def open_graph(data: bytes, origin: str, threads: int) -> OnnxGraph:
    """The graph in the bytes of an ONNX file.

    Args:
        data: The bytes.
        origin: How messages call it.
        threads: CPU threads.

    Raises:
        InputError: no ONNX model, operators or weights from outside of it, or one that the runtime refuses.
    """
    import onnxruntime

    try:
        check_onnx(data)
    except ValueError as error:
        raise InputError(f"{origin}: cannot be used ({error}); export the model again") from error
    if hasattr(onnxruntime, "disable_telemetry_events"):
        onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4
    # The number of points changes from call to call: a plan for one size is a leak for the next.
    options.enable_mem_pattern = False
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a dozen types that share no base but Exception
        reason = ascii(" ".join(str(error).split())[:160])[1:-1]
        raise InputError(f"{origin}: the runtime refuses it ({reason}); export the model again") from error
    inputs = {item.name: tuple(item.shape) for item in session.get_inputs()}
    return OnnxGraph(session, inputs, tuple(item.name for item in session.get_outputs()), origin)


def _array(value: Any) -> npt.NDArray[Any]:
    array = np.asarray(value)
    return array.astype(np.int64 if array.dtype.kind in "iu" else np.float32, copy=False)
