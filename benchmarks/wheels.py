"""Fill `wheels/` with what a machine with a GPU and no network lacks: the kit and small packages it needs.

The versions are those of constraints.txt. Left out, because such a machine has them (or they are too large): torch,
transformers, accelerate, h5py, numpy, scipy. Run: python benchmarks/wheels.py [FOLDER]
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST = 40 * 2**20  # bytes
PYTHON = "3.12"
# (glibc) versions that Linux wheels name; pip matches each exactly.
PLATFORMS = (*(f"manylinux_2_{n}_x86_64" for n in (28, 27, 17)), "manylinux2014_x86_64", "manylinux1_x86_64")
PACKAGES = (
    "click", "jsonschema", "attrs", "referencing", "rpds-py", "jsonschema-specifications", "rich",
    "markdown-it-py", "mdurl", "pygments", "platformdirs", "cachetools", "pytest", "pluggy", "iniconfig", "packaging",
    "pytest-xdist", "execnet", "hypothesis", "sortedcontainers", "disentangled-flash",
)  # fmt: skip


def check_size(sizes: Iterable[int], most: int = MOST) -> int:
    """The sum of ``sizes`` in bytes.

    Raises:
        SystemExit: it is more than ``most``.
    """
    total = sum(sizes)
    if total > most:
        raise SystemExit(f"the wheels take {total / 2**20:.1f} MiB, more than the {most / 2**20:.0f} MiB they may")
    return total


def main(folder: Path) -> None:
    """Empty the folder, fill it and say its size."""
    shutil.rmtree(folder, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    platforms = [part for name in PLATFORMS for part in ("--platform", name)]
    only = ["--no-deps", "--only-binary=:all:", "--python-version", PYTHON, "--implementation", "cp", *platforms]
    pinned = ["--constraint", str(ROOT / "constraints.txt")]
    subprocess.run([*pip, "download", *only, *pinned, "--dest", str(folder), *PACKAGES], check=True)
    subprocess.run([*pip, "wheel", "--no-deps", *pinned, "--wheel-dir", str(folder), str(ROOT)], check=True)
    wheels = sorted(folder.glob("*.whl"))
    total = check_size(wheel.stat().st_size for wheel in wheels)
    print(f"{folder}: {len(wheels)} wheels, {total / 2**20:.1f} MiB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "wheels")
