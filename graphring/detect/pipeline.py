"""The order of things: relations, candidate groups, evidence, tiers, identity, tables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from graphring.config import Settings
from graphring.detect.explain import explain
from graphring.detect.identity import identify
from graphring.detect.objects import shared_objects
from graphring.detect.overrides import parameters
from graphring.detect.relations import read_relations
from graphring.detect.rings import find_rings
from graphring.detect.roles import roles_of
from graphring.detect.significance import significance
from graphring.detect.tables import activity_table, evidence_table, members_table, rings_table
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
    previous: the last run's tables, of which members, ledger and lineage are used; None: there is none.
    first_number: the number of the first new ring id.

    Returns
    -------
    rings, members, evidence, ring_objects, activity, ledger and lineage, with the schemas of `graphring.model`.

    Raises
    ------
    ConfigError: `settings.detect` names an unknown parameter or gives an impossible value.
    """
    p = parameters(settings.detect)
    relations = read_relations(traffic, graph, p)
    if not relations.exchanges.rows:
        p = p.without_traffic()
    verdicts = find_rings(relations, p)
    chance = significance(relations, p, verdicts)
    rings = [
        explain(v, p, p_value, q_value, roles)
        for v, p_value, q_value, roles in zip(
            verdicts, chance.p_values, chance.q_values, roles_of(relations, verdicts, p), strict=True
        )
    ]
    ids = np.asarray(relations.accounts["account_id"].to_numpy(zero_copy_only=False), dtype=object)
    identity = identify(
        [ids[ring.members] for ring in rings], graph, previous, p, run_id=run_id, first_number=first_number
    )
    activity = activity_table(engine, traffic, rings, identity)
    members = members_table(relations, rings, identity)
    objects, cuts = shared_objects(graph, identity.ids, members, p)
    return {
        "rings": rings_table(rings, identity, activity, cuts),
        "members": members,
        "evidence": evidence_table(rings, identity),
        "ring_objects": objects,
        "activity": activity,
        "ledger": identity.ledger,
        "lineage": identity.lineage,
    }
