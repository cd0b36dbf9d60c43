"""`locoreg doctor` compiles every kernel: one that it forgets would make a user wait."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import importlib, pkgutil
from numba.core.registry import CPUDispatcher
import locoreg.stats
from locoreg.stats.jit import cache_folder
from locoreg.stats.warmup import warm_up
cache_folder()
done = [name for name, seconds in warm_up() if seconds >= 0]
assert len(done) == len(set(done)) > 5
kernels = {}
for found in pkgutil.walk_packages(locoreg.stats.__path__, "locoreg.stats."):
    for thing in vars(importlib.import_module(found.name)).values():
        if isinstance(thing, CPUDispatcher):
            kernels[thing.__name__] = thing
warm = {name for name, kernel in kernels.items() if kernel.signatures}
assert warm
# A kernel that comes from the cache has its callees inside.
while True:
    called = {n for name in warm for n in kernels[name].py_func.__code__.co_names} & set(kernels)
    if called <= warm:
        break
    warm |= called
print("cold:", sorted(set(kernels) - warm))
"""


def test_every_kernel_is_compiled() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "cold: []"
