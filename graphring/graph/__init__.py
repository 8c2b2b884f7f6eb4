"""Sightings and the weighted account–object graph."""

from graphring.graph.build import build_graph

__all__ = ["build_graph"]
