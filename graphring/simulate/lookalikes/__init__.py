"""Innocent groups that look like rings, one module for each family."""
