"""The order of things: frame, candidate groups, evidence, tiers, identity, tables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphring.config import Settings
from graphring.detect.candidates import leiden_groups
from graphring.detect.frame import Frame, read_frame
from graphring.detect.identity import assign_ids
from graphring.detect.parameters import Parameters, parameters
from graphring.detect.score import Scored, score_group
from graphring.detect.tables import activity_table, evidence_table, members_table, objects_table, rings_table
from graphring.engine import Engine
from graphring.model import GraphTables, Traffic

__all__ = ["detect"]


def detect(  # noqa: PLR0917  # the seam that refresh calls
    engine: Engine,
    traffic: Traffic,
    graph: GraphTables,
    previous: Mapping[str, pa.Table] | None,
    settings: Settings,
    run_id: str,
    first_number: int,
) -> dict[str, pa.Table]:
    """Find the rings of one run.

    Parameters
    ----------
    traffic: the compact traffic of the run; any of its tables but accounts may be empty.
    graph: the sightings as read from the store.
    previous: the last run's tables, of which rings, members and ledger are used; None: there is none.
    first_number: the number of the first new ring id.

    Returns
    -------
    rings, members, evidence, ring_objects, activity and ledger, with the schemas of `graphring.model`.

    Raises
    ------
    ConfigError: `settings.detect` names an unknown parameter or gives an impossible value.
    """
    p = parameters(settings.detect)
    frame = read_frame(traffic, graph)
    account_degree = np.bincount(frame.object, minlength=len(frame.degree))
    rings = [s for group in leiden_groups(frame, p) if (s := _refined(frame, group, p, account_degree)) is not None]
    identity = assign_ids([frame.ids[r.accounts] for r in rings], previous, run_id, first_number)
    activity = activity_table(engine, traffic, rings, identity)
    return {
        "rings": rings_table(rings, identity, activity),
        "members": members_table(frame, rings, identity),
        "evidence": evidence_table(rings, identity),
        "ring_objects": objects_table(frame, rings, identity),
        "activity": activity,
        "ledger": identity.ledger,
    }


def _refined(
    frame: Frame, group: npt.NDArray[np.int32], p: Parameters, account_degree: npt.NDArray[np.int64]
) -> Scored | None:
    """Score a group, then once more against its core: the accounts that stood up to the first look."""
    first = score_group(frame, group, p, account_degree)
    core = group[first.bits >= p.strong_bits]
    if len(core) < p.min_ring or len(core) < p.strong_share * len(group):
        return None
    if len(np.unique(frame.customers.code[core])) < p.min_customers:
        return None
    second = score_group(frame, core, p, account_degree)
    return second if second.tier is not None else None
