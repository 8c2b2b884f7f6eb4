"""The committed sample comes again from the command that data/README.md names."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parents[3] / "data"


def test_the_sample_is_small():
    assert sum(file.stat().st_size for file in (DATA / "sample").iterdir()) < 5_000_000


@pytest.mark.slow
def test_the_documented_command_makes_the_same_bytes(tmp_path):
    (command,) = re.findall(
        r"^    graphring (simulate data/sample .*)$", (DATA / "README.md").read_text(), re.MULTILINE
    )
    arguments = command.replace("data/sample", str(tmp_path / "sample"), 1).split()
    subprocess.run([sys.executable, "-m", "graphring", *arguments], check=True, capture_output=True, cwd=tmp_path)
    kept = {file.name: file.read_bytes() for file in (DATA / "sample").iterdir()}
    made = {file.name: file.read_bytes() for file in (tmp_path / "sample").iterdir()}
    assert sorted(kept) == sorted(made)
    assert [name for name in kept if kept[name] != made[name]] == []
