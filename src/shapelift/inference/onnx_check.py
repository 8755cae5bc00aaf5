"""What an ONNX file asks of the runtime, read from its bytes before any runtime sees them.

ONNX files are protocol buffers (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). Only the handful of fields
that decide about safety is looked at: operator domains, and tensors that would be read from other files. Weights are
skipped, so a file of many megabytes takes a few milliseconds and no copy.
"""

from __future__ import annotations

from collections.abc import Iterator

_STANDARD_DOMAINS = frozenset({"", "ai.onnx"})
"""Operators every runtime has; functions defined inside the file may use further domains of their own."""

_MAX_DEPTH = 32

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MODEL_GRAPH, _MODEL_OPSET, _MODEL_FUNCTIONS = 7, 8, 25
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_SPARSE = 1, 5, 15
_NODE_ATTRIBUTE, _NODE_DOMAIN = 5, 7
_ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH, _ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS = 5, 6, 10, 11
_ATTRIBUTE_SPARSE, _ATTRIBUTE_SPARSES = 22, 23
_SPARSE_VALUES, _SPARSE_INDICES = 1, 2
_TENSOR_EXTERNAL, _TENSOR_LOCATION = 13, 14
_FUNCTION_NODE, _FUNCTION_OPSET, _FUNCTION_DOMAIN, _FUNCTION_ATTRIBUTE = 7, 9, 10, 11


def check_onnx(data: bytes) -> None:
    """Hold the bytes of an ONNX file against what this package is willing to run.

    Raises:
        ValueError: not an ONNX model, operators outside the standard domains, or weights kept in other files.
    """
    model = memoryview(data)
    graphs, domains, defined = 0, set(), set()
    for number, value in _fields(model):
        if number == _MODEL_GRAPH:
            graphs += 1
            domains |= _graph(_message(value), 0)
        elif number == _MODEL_OPSET:
            domains.add(_domain(_message(value), 1))
        elif number == _MODEL_FUNCTIONS:
            defined.add(_domain(_message(value), _FUNCTION_DOMAIN))
            domains |= _function(_message(value))
    if graphs != 1:
        raise ValueError("not an ONNX model")
    foreign = sorted(domains - _STANDARD_DOMAINS - defined)
    if foreign:
        raise ValueError(f"operators of the foreign domain {foreign[0][:60]!a}")


def _graph(graph: memoryview, depth: int) -> set[str]:
    if depth > _MAX_DEPTH:
        raise ValueError("graphs nested too deeply")
    domains: set[str] = set()
    for number, value in _fields(graph):
        if number == _GRAPH_NODE:
            domains |= _node(_message(value), depth)
        elif number == _GRAPH_INITIALIZER:
            _tensor(_message(value))
        elif number == _GRAPH_SPARSE:
            _sparse(_message(value))
    return domains


def _function(function: memoryview) -> set[str]:
    domains: set[str] = set()
    for number, value in _fields(function):
        if number == _FUNCTION_NODE:
            domains |= _node(_message(value), 0)
        elif number == _FUNCTION_OPSET:
            domains.add(_domain(_message(value), 1))
        elif number == _FUNCTION_ATTRIBUTE:
            domains |= _attribute(_message(value), 0)
    return domains


def _node(node: memoryview, depth: int) -> set[str]:
    domains = {_domain(node, _NODE_DOMAIN)}
    for number, value in _fields(node):
        if number == _NODE_ATTRIBUTE:
            domains |= _attribute(_message(value), depth)
    return domains


def _attribute(attribute: memoryview, depth: int) -> set[str]:
    domains: set[str] = set()
    for number, value in _fields(attribute):
        if number in {_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS}:
            _tensor(_message(value))
        elif number in {_ATTRIBUTE_SPARSE, _ATTRIBUTE_SPARSES}:
            _sparse(_message(value))
        elif number in {_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS}:
            domains |= _graph(_message(value), depth + 1)
    return domains


def _sparse(tensor: memoryview) -> None:
    for number, value in _fields(tensor):
        if number in {_SPARSE_VALUES, _SPARSE_INDICES}:
            _tensor(_message(value))


def _tensor(tensor: memoryview) -> None:
    for number, value in _fields(tensor):
        if number == _TENSOR_EXTERNAL or (number == _TENSOR_LOCATION and value != 0):
            raise ValueError("weights kept in another file")


def _domain(message: memoryview, number: int) -> str:
    domain = ""
    for found, value in _fields(message):
        if found == number:
            domain = bytes(_message(value)).decode("utf-8", "backslashreplace")
    return domain


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("not an ONNX model")  # noqa: TRY004 - damaged data, not a wrong argument
    return value


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Field numbers and values of a message; numbers of fixed width come as raw bytes, which nobody reads here."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        kind = key & 7
        if kind == _VARINT:
            value, position = _varint(message, position)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, position = _varint(message, position)
        elif kind in {_FIXED64, _FIXED32}:
            length = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError("not an ONNX model")
        if position + length > len(message):
            raise ValueError("cut short")
        yield key >> 3, message[position : position + length]
        position += length


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    result = 0
    for shift in range(0, 70, 7):
        if position >= len(message):
            raise ValueError("cut short")
        byte = message[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
    raise ValueError("not an ONNX model")
