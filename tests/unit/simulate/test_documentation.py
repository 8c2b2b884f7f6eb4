"""docs/simulation.md names every parameter as the code has it."""

from pathlib import Path

from graphring.simulate.reference import markdown

DOCUMENT = Path(__file__).parents[3] / "docs" / "simulation.md"


def test_the_reference_is_what_the_code_says():
    text = DOCUMENT.read_text(encoding="utf-8")
    _, _, reference = text.partition("<!-- made by `python -m graphring.simulate.reference` -->\n\n")
    assert reference == markdown(), "run `python -m graphring.simulate.reference` and put it below the marker"
