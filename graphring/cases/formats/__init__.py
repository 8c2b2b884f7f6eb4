"""The files of a case file: one module for each format, listed in `registry`."""
