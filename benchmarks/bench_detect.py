"""How good is detection, on made worlds? Prints the Markdown that docs/detection.md carries.

    .venv/bin/python benchmarks/bench_detect.py --accounts 20000 --seeds 1 2 3

Each world is made once and refreshed through the public API; the one without rings is part of every run. What this
prints differs from run to run only if detection, the simulator or the options do.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import logging
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

import graphring
from graphring.config import Settings
from graphring.detect import detect
from graphring.engine import Engine
from graphring.evaluate import Outcome, Plan, World, sweep, sweep_json, sweep_markdown
from graphring.model import Family
from graphring.simulate import simulate


class Worlds:
    """Makes worlds under `root`; a world is refreshed once and only detected again where just detection differs."""

    def __init__(self, root: Path, accounts: int, days: int | None, memory: str) -> None:
        self.root, self.accounts, self.days, self.memory = root, accounts, days, memory
        self.seconds = {"simulate": 0.0, "refresh": 0.0, "detect again": 0.0}

    def __call__(self, world: World) -> Outcome:
        """Make, refresh, detect."""
        key = json.dumps([world.seed, world.preset, dict(world.dials)], sort_keys=True)
        folder = self.root / hashlib.sha256(key.encode()).hexdigest()[:16]
        if not folder.exists():
            config = {"preset": world.preset, **world.dials}
            with self.timed("simulate"):
                simulate(folder / "logs", accounts=self.accounts, seed=world.seed, config=config, days=self.days)
            with self.timed("refresh"):
                graphring.refresh(folder / "logs", Settings(state=folder / "state", memory_limit=self.memory))
            (folder / "logs" / "exchanges.parquet").unlink()
        settings = Settings(state=folder / "state", memory_limit=self.memory, detect=dict(world.detect))
        with graphring.open_state(settings) as state:
            graph = state.store.read_graph()
            if not world.detect:
                return Outcome(state.snapshot(), folder / "logs", None if world.dials else graph)
            with self.timed("detect again"), Engine(memory_limit=self.memory, scratch=folder) as engine:
                found = detect(engine, state.traffic(), graph, None, settings, "ablation", 1)
            return Outcome(found, folder / "logs")

    @contextlib.contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Add up the seconds of a step."""
        began = time.monotonic()
        yield
        self.seconds[what] += time.monotonic() - began


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--presets", nargs="+", default=["default", "easy", "hard"])
    parser.add_argument("--ringless", default="benign", help="the preset without rings")
    parser.add_argument("--ablate", nargs="*", default=[str(f) for f in Family], help="families to switch off")
    parser.add_argument(
        "--dial",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "JSON"),
        help="a setting of the simulator and its values",
    )
    parser.add_argument("--days", type=int)
    parser.add_argument("--memory", default="2GB", help="what the table engine may hold")
    parser.add_argument("--json", type=Path, help="also write every figure here")
    return parser.parse_args()


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    options = arguments()
    plan = Plan(
        seeds=options.seeds,
        presets=options.presets,
        ringless=options.ringless,
        ablate=options.ablate,
        dials={name: [json.loads(value) for value in settings] for name, *settings in options.dial},
    )
    with tempfile.TemporaryDirectory(prefix="graphring-bench-") as folder:
        worlds = Worlds(Path(folder), options.accounts, options.days, options.memory)
        result = sweep(worlds, plan, progress=lambda what, n, of: print(f"{n + 1}/{of} {what}", file=sys.stderr))
        print(f"`bench_detect.py --accounts {options.accounts}`, graphring {graphring.__version__}.\n")
        print(sweep_markdown(result))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
        spent = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in worlds.seconds.items())
        print(f"{spent}; peak memory {peak:.2f} GiB", file=sys.stderr)
    if options.json:
        options.json.write_text(sweep_json(result), encoding="utf-8")


if __name__ == "__main__":
    main()
