"""Rings with known outcomes, from made worlds, labelled logs or the casebook, and the curves that fit them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

import graphring
from graphring.cases import Outcome
from graphring.config import Settings
from graphring.detect.calibration import Curve, fit
from graphring.detect.layers import Flags
from graphring.detect.parameters import Parameters
from graphring.errors import InputError, NoRunError
from graphring.evaluate.judged import bring_together, findings_of
from graphring.evaluate.metrics import guilty_rings
from graphring.evaluate.ranking import calibration as reliability
from graphring.evaluate.results import Calibration as Reliability
from graphring.evaluate.truth import read_truth
from graphring.refresh.calibration import CURVE, Calibration, read_calibration
from graphring.refresh.run import refresh
from graphring.refresh.stages import Progress
from graphring.refresh.state import State
from graphring.simulate import simulate
from graphring.store import Snapshot

__all__ = ["Known", "Result", "from_decisions", "from_worlds", "made_worlds", "outcomes_of"]

Reals = npt.NDArray[np.float64]

WEAK: Final = 2.0
"""Rings that the curve before is worth where worlds bring hundreds."""


@dataclass(frozen=True)
class Known:
    """Rings of one world (or one decided ring) with their outcome, and their members'."""

    name: str
    scores: Reals
    right: Flags
    """More than half of the ring's members are in true rings; or people confirmed it."""
    bits: Reals
    """Of each member; empty where only the ring's outcome is known."""
    guilty: Flags


@dataclass(frozen=True)
class Result:
    """A fit, and what the curves before and after it are worth on the rings it came from.

    `after` is cross-validated: each world (each decision) is judged by a fit on all others.
    """

    calibration: Calibration
    before: Reliability
    after: Reliability
    members_before: Reliability
    members_after: Reliability
    skipped: int
    """Decisions on rings whose score is no longer known."""


def made_worlds(
    presets: Sequence[str], seeds: Sequence[int], accounts: int, settings: Settings, progress: Progress
) -> Iterable[Known]:
    """Make a world for each preset and seed, find its rings with the packaged curve, and say which were right."""
    worlds = [(preset, seed) for preset in presets for seed in seeds]
    for number, (preset, seed) in enumerate(worlds):
        progress("made worlds", number, len(worlds))
        with tempfile.TemporaryDirectory(prefix="graphring-calibrate-") as name:
            logs = Path(name) / "logs"
            simulate(logs, accounts=accounts, seed=seed, config=Path(preset))
            yield outcomes_of(logs, settings, f"{preset}, {accounts} accounts, seed {seed}", Path(name) / "state")
    progress("made worlds", len(worlds), len(worlds))


def outcomes_of(logs: Path, settings: Settings, name: str, state: Path) -> Known:
    """Refresh labelled logs (with a truth beside them) in a state of their own.

    Raises
    ------
    SourceError: logs or truth cannot be used.
    """
    truth = read_truth(logs)
    own = settings.model_copy(update={"state": state, "store": "", "casebook": "", "columns": settings.columns})
    refresh(logs, own)
    with State(own) as opened:
        snapshot = opened.snapshot()
        judged = bring_together(findings_of(snapshot), truth)
        return Known(
            name, judged.score, guilty_rings(judged), _member_bits(snapshot), judged.guilty[judged.member_account]
        )


def _member_bits(snapshot: Snapshot) -> Reals:
    """Bits of members, in the order in which `findings_of` has them."""
    rows = snapshot.members().to_pylist()
    members = sorted((r["ring_id"], r["account_id"], r["bits"]) for r in rows if r["role"] == "member")
    return np.array([bits for _, _, bits in members], dtype=np.float64)


def from_worlds(known: Sequence[Known], p: Parameters) -> Result:
    """Fit both curves on worlds.

    Raises
    ------
    InputError: no ring was found in any of them.
    """
    now = (Curve(p.even_bits, p.slope), Curve(p.even_bits + p.member_shift, p.member_slope))

    def fitted(worlds: Sequence[Known]) -> tuple[Curve, Curve]:
        rings, members = _rings(worlds), _members(worlds)
        return fit(*rings, now[0], WEAK), fit(*members, now[1], WEAK)

    scores, right = _rings(known)
    if not len(scores):
        raise InputError("no ring was found in these worlds", "Give more or larger ones")
    ring, member = fitted(known)
    after, members_after = [], []
    for world in known:
        others = fitted([other for other in known if other is not world])
        after.append(others[0].probability(world.scores))
        members_after.append(others[1].probability(world.bits))
    bits, guilty = _members(known)
    curve = _numbers(ring, member)
    calibration = Calibration(
        **curve, base=curve, source="worlds", rings=len(scores), right=int(right.sum()),
        worlds=[world.name for world in known], as_of=None, version=graphring.__version__,
    )  # fmt: skip
    return Result(
        calibration, reliability(now[0].probability(scores), right), reliability(np.concatenate(after), right),
        reliability(now[1].probability(bits), guilty), reliability(np.concatenate(members_after), guilty), 0,
    )  # fmt: skip


def from_decisions(state: State, p: Parameters) -> Result:
    """Fit the curve of rings on what people decided, beginning with that of worlds.

    Confirmed rings count as right, benign ones as wrong, at the score that they had in the run that people looked at.
    Watched and reopened ones say nothing yet. The curve of members stays in step with that of rings.

    Parameters
    ----------
    p: the parameters without any calibration: the packaged curve and settings.

    Raises
    ------
    InputError: nobody has confirmed or dismissed a ring yet.
    """
    known, newest, skipped = _decided(state)
    if not known or newest is None:
        raise InputError("no decision can be learned from", "Confirm or dismiss rings with graphring decide first")
    last = read_calibration(state.settings)
    base = dict(last.base) if last else {name: float(getattr(p, name)) for name in CURVE}
    before = Curve(base["even_bits"], base["slope"])
    scores, right = _rings(known)
    ring = fit(scores, right, before, p.prior_rings)
    held_out = [
        fit(*_rings([k for k in known if k is not one]), before, p.prior_rings).probability(one.scores) for one in known
    ]
    calibration = Calibration(
        even_bits=ring.even, slope=ring.slope, member_shift=base["member_shift"], member_slope=base["member_slope"],
        base=base, source="decisions", rings=len(scores), right=int(right.sum()), worlds=[],
        as_of=newest.astimezone(UTC).isoformat(), version=graphring.__version__,
    )  # fmt: skip
    nobody = reliability(np.empty(0), np.empty(0, dtype=bool))
    return Result(
        calibration, reliability(before.probability(scores), right), reliability(np.concatenate(held_out), right),
        nobody, nobody, skipped,
    )  # fmt: skip


def _decided(state: State) -> tuple[list[Known], datetime | None, int]:
    """Decided rings by their id, the time of the newest decision used, and how many could not be used."""
    scores = _score_reader(state)
    known: list[Known] = []
    newest: datetime | None = None
    skipped = 0
    for ring_id, entry in sorted(state.casebook.outcomes().items()):
        if entry.outcome not in {Outcome.CONFIRMED, Outcome.BENIGN}:
            continue
        score = scores(ring_id, entry.run_id)
        if score is None:
            skipped += 1
            continue
        right = np.array([entry.outcome is Outcome.CONFIRMED])
        known.append(Known(ring_id, np.array([score]), right, np.empty(0), np.empty(0, dtype=bool)))
        newest = entry.at if newest is None else max(newest, entry.at)
    return known, newest, skipped


def _score_reader(state: State) -> Callable[[str, str | None], float | None]:
    """Looks up what a ring scored in the run that was decided on, else in the current one; None: in neither."""
    runs: dict[str, Mapping[str, float]] = {}

    def of(run_id: str | None) -> Mapping[str, float]:
        name = run_id or ""
        if name not in runs:
            try:
                snapshot = state.store.snapshot(run_id) if run_id else state.snapshot()
                rows: list[dict[str, Any]] = snapshot.rings().select(["ring_id", "score"]).to_pylist()
                runs[name] = {row["ring_id"]: row["score"] for row in rows}
            except NoRunError:
                runs[name] = {}
        return runs[name]

    def read(ring_id: str, run_id: str | None) -> float | None:
        found = of(run_id).get(ring_id)
        return of(None).get(ring_id) if found is None else found

    return read


def _rings(known: Sequence[Known]) -> tuple[Reals, Flags]:
    scores = [np.empty(0), *(k.scores for k in known)]
    return np.concatenate(scores), np.concatenate([np.empty(0, dtype=bool), *(k.right for k in known)])


def _members(known: Sequence[Known]) -> tuple[Reals, Flags]:
    bits = [np.empty(0), *(k.bits for k in known)]
    return np.concatenate(bits), np.concatenate([np.empty(0, dtype=bool), *(k.guilty for k in known)])


def _numbers(ring: Curve, member: Curve) -> dict[str, float]:
    shift = round(member.even - ring.even, 3)
    return {"even_bits": ring.even, "slope": ring.slope, "member_shift": shift, "member_slope": member.slope}
