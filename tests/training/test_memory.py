from __future__ import annotations

import platform
import resource
import subprocess
import sys

import pytest

from shapelift.training.memory import keep_freed_memory

_CHILD = """
import resource
from shapelift.training.memory import keep_freed_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        bytearray(1 << 26)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
first, _ = faults(), keep_freed_memory()
faults()
print(first, faults())
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_a_block_that_was_freed_is_taken_again_without_a_page_fault() -> None:
    found = subprocess.run([sys.executable, "-c", _CHILD], capture_output=True, check=True).stdout.split()
    default, kept = (int(number) for number in found)
    pages = 5 * (1 << 26) // resource.getpagesize()
    assert kept < pages / 100 < default


def test_it_says_whether_it_was_heard() -> None:
    assert keep_freed_memory() == (platform.libc_ver()[0] == "glibc")
