"""`python -m graphring`."""

from __future__ import annotations

from graphring.cli import main

if __name__ == "__main__":
    main()
