"""Prompts from a grammar: a text is a pure function of a few integers, rendered in batches."""
