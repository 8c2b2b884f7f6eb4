"""Card numbers are refused before anything is written: not stored, not printed, not quoted in an error."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from graphring.errors import CardNumberError
from graphring.intake.discover import SourceFile
from graphring.intake.rows import Rows

__all__ = ["is_card_number", "refuse_card_numbers"]

_SEPARATORS: Final = r"[\s\x{00A0}\x{202F}\-\x{2010}-\x{2015}]"


def is_card_number(digits: str) -> bool:
    """Whether 13 to 19 digits end in the check digit of ISO/IEC 7812-1, annex B (Luhn)."""
    if not 13 <= len(digits) <= 19 or not (digits.isascii() and digits.isdigit()):
        return False
    values = [int(digit) for digit in reversed(digits)]
    doubled = (sum(divmod(2 * value, 10)) for value in values[1::2])
    return (sum(values[::2]) + sum(doubled)) % 10 == 0


def refuse_card_numbers(file: SourceFile, rows: Rows) -> None:
    """Stop at a payment method that looks like a card number, bad rows included.

    Spaces and dashes do not hide one. Links are looked at where their object_type speaks of cards or payments.

    Raises
    ------
    CardNumberError: names file and row, never the value.
    """
    if file.table == "payments":
        values = rows.table.column("payment_method").cast(pa.string())
    elif file.table == "links":
        kinds = pc.utf8_lower(rows.table.column("object_type").cast(pa.string()))
        spoken = pc.match_substring_regex(kinds, "card|payment")
        values = pc.if_else(spoken, rows.table.column("object_id").cast(pa.string()), None)
    else:
        return
    bare = pc.replace_substring_regex(values, _SEPARATORS, "")
    suspects = pc.indices_nonzero(pc.fill_null(pc.match_substring_regex(bare, "^[0-9]{13,19}$"), fill_value=False))
    for place in suspects.to_pylist():
        if is_card_number(bare[place].as_py()):
            column = "payment_method" if file.table == "payments" else "object_id"
            raise CardNumberError(
                f"{column} looks like a card number in {file.path}, row {rows.numbers[place]}; it was not stored",
                "Replace card numbers by an opaque fingerprint, such as a keyed hash, and run again",
            )
