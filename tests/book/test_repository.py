"""What holds for the repository as a whole."""

import re
import subprocess
import sys

import pytest

from tests.environment import ROOT, missing

# Written in two parts, so that this file does not hold what it looks for.
HOSTS = ["pypi" + ".org", "python" + "hosted", "pypi" + "-more", "simple" + "-index"]
LOCAL = re.compile(r"(?<![\w.~$)}])/(?:root|home|work|tmp|Users)" + r"/\w")
PICTURE = re.compile(r'"image/png": (?:"[^"]*"|\[[^\]]*\])')


def tracked_files():
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listing.returncode:
        missing("this is not a git working copy")
    return [ROOT / name for name in listing.stdout.split("\0") if name]


def test_files_name_no_registry_and_no_machine():
    found = []
    for path in tracked_files():
        try:
            text = PICTURE.sub("", path.read_text(encoding="utf-8"))
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        found += [f"{path.relative_to(ROOT)}: {host}" for host in HOSTS if host in text]
        found += [f"{path.relative_to(ROOT)}: {match}" for match in LOCAL.findall(text)]
    assert not found


def test_importing_the_module_imports_numpy_alone():
    heavy = {"matplotlib", "scipy", "sklearn", "IPython", "tqdm", "pandas"}
    program = "import sys, sgdcore; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "sgdcore" in loaded
    assert not heavy & {name.split(".")[0] for name in loaded}


@pytest.mark.parametrize("module", sorted(p.stem for p in (ROOT / "sgdcore").glob("[a-z]*.py")))
def test_each_part_of_the_module_imports_numpy_alone(module):
    program = (
        f"import sys, sgdcore.{module}\n"
        "sys.exit(any(m in sys.modules for m in ('matplotlib', 'scipy', 'sklearn', 'IPython')))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0
