"""The purchase list as a file that leaves the house: Parquet, CSV or XLSX, with its control totals within it.

The same list gives the same bytes. Where a spreadsheet would take a text for a formula an apostrophe is put in, and
where one stands a second, so that reading takes exactly that away again.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pool.price import to_amount, to_minor
from pool.purchase import Facts, Item, control_totals
from schemas.errors import ConfigurationError, LedgerError
from schemas.hashing import canonical_json
from schemas.spreadsheet import as_cell, from_cell

AMOUNT = pa.decimal128(18, 2)
COLUMNS = MappingProxyType(
    {
        "receivable_key": pa.string(),
        "receivable_id": pa.string(),
        "principal_amount": AMOUNT,
        "price_amount": AMOUNT,
        "id_space": pa.string(),
        "borrower_id": pa.string(),
        "merchant_id": pa.string(),
        "order_id": pa.string(),
        "order_amount": AMOUNT,
        "original_principal_amount": AMOUNT,
        "disbursed_on": pa.string(),
        "final_due_on": pa.string(),
        "term_number": pa.int64(),
        "annual_rate": pa.string(),
    }
)
"""What a line of the list says, in order, by type."""
CONTROL = "poolwright.control"
ITEM, TOTAL = "ITEM", "TOTAL"
MOST_XLSX_ROWS = 1_048_575
LONGEST_XLSX_TEXT = 32_767
WRITTEN_AT = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed moment without a zone: the file format has none


@dataclass(frozen=True, slots=True)
class ListFile:
    """What a purchase list file says: whose list it is with its control totals, and the receivables."""

    control: Mapping[str, str]
    items: tuple[Item, ...]

    @property
    def problems(self) -> list[str]:
        """Say which control totals are not those of the receivables in the file."""
        found = totals_as_text(self.items)
        return [
            f"{name} is {value}, the file says {self.control.get(name, 'nothing')}"
            for name, value in found.items()
            if self.control.get(name) != value
        ]


def totals_as_text(items: Sequence[Item]) -> dict[str, str]:
    """Give the control totals as a file says them, amounts in currency units."""
    totals = control_totals(items)
    amounts = {name: str(to_amount(totals[f"{name}_minor"])) for name in ("principal", "price")}
    return {
        "count": str(totals["count"]),
        "principal_amount": amounts["principal"],
        "price_amount": amounts["price"],
        "key_digest": totals["key_digest"],
        "list_hash": totals["list_hash"],
    }


def write_list(items: Sequence[Item], subject: Mapping[str, str], kind: str) -> bytes:
    """Give a purchase list as a file.

    Args:
        items: The receivables.
        subject: Whose list it is: proposal, deal, cut-off.
        kind: `parquet`, `csv` or `xlsx`.

    Raises:
        ConfigurationError: Another kind, or more than a spreadsheet holds.
    """
    if kind not in WRITERS:
        raise ConfigurationError(f"--format {kind}", f"one of {', '.join(WRITERS)}", "the command line")
    ordered = sorted(items, key=lambda item: item.receivable_key)
    return WRITERS[kind]([_cells(item) for item in ordered], {**subject, **totals_as_text(ordered)})


def read_list(content: bytes) -> ListFile:
    """Read a purchase list file of any of the three kinds.

    Raises:
        LedgerError: It is not one.
    """
    kind = "parquet" if content[:4] == b"PAR1" else "xlsx" if content[:2] == b"PK" else "csv"
    try:
        rows, control = READERS[kind](content)
        return ListFile(control, tuple(_item(row) for row in rows))
    except LedgerError:
        raise
    except Exception as error:  # a file from outside, three parsers: whatever they raise, it is no list of ours
        raise LedgerError(f"no purchase list: {error}", "a file of `poolwright proposals export`") from error


def _cells(item: Item) -> list[Any]:
    """Give a line of the list, in the order of `COLUMNS`."""
    values = {**asdict(item.facts), "receivable_key": item.receivable_key, "receivable_id": item.receivable_id}
    minor = {"principal": item.principal_minor, "price": item.price_minor, "order": item.facts.order_minor}
    minor["original_principal"] = item.facts.original_minor
    values |= {f"{name}_amount": to_amount(value) for name, value in minor.items()}
    return [values[name] for name in COLUMNS]


def _item(row: Sequence[Any]) -> Item:
    said = {name: _typed(value, kind) for value, (name, kind) in zip(row, COLUMNS.items(), strict=True)}
    minor = {name.removesuffix("_amount"): to_minor(said.pop(name)) for name, kind in COLUMNS.items() if kind == AMOUNT}
    key, name = said.pop("receivable_key"), said.pop("receivable_id")
    facts = Facts(**said, order_minor=minor["order"], original_minor=minor["original_principal"])
    return Item(key, name, minor["principal"], minor["price"], facts)


def _typed(value: Any, kind: pa.DataType) -> Any:  # noqa: ANN401 - a cell
    if kind == AMOUNT:
        amount = value if isinstance(value, Decimal) else Decimal(str(value))
        if isinstance(value, float):
            amount = round(amount, 2)
        if not amount.is_finite() or amount != round(amount, 2):
            raise InvalidOperation(f"{value} is no amount")
        return amount
    return int(value) if kind == pa.int64() else str(value)


def _write_parquet(rows: list[list[Any]], control: Mapping[str, str]) -> bytes:
    schema = pa.schema(list(COLUMNS.items()), metadata={CONTROL: canonical_json(dict(control))})
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in COLUMNS]
    table = pa.table([pa.array(column, kind) for column, kind in zip(columns, COLUMNS.values(), strict=True)], schema)
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _read_parquet(content: bytes) -> tuple[list[list[Any]], dict[str, str]]:
    table = pq.read_table(io.BytesIO(content))
    control = json.loads((table.schema.metadata or {})[CONTROL.encode()])
    return [list(row) for row in zip(*(table.column(name).to_pylist() for name in COLUMNS), strict=True)], control


def _write_csv(rows: list[list[Any]], control: Mapping[str, str]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["record", *COLUMNS])
    writer.writerows([ITEM, *map(_safe, row)] for row in rows)
    blanks = [""] * (len(COLUMNS) - 2)
    writer.writerows([TOTAL, name, _safe(value), *blanks] for name, value in control.items())
    return text.getvalue().encode("utf-8-sig")


def _read_csv(content: bytes) -> tuple[list[list[Any]], dict[str, str]]:
    read = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    return _sorted_out(([_plain(cell) for cell in row] for row in read), ["record", *COLUMNS])


def _sorted_out(lines: Iterable[list[Any]], header: list[str]) -> tuple[list[list[Any]], dict[str, str]]:
    first, *rest = lines
    wrong = [line for line in rest if line[0] not in (ITEM, TOTAL)]
    if first != header or wrong:
        raise LedgerError("other columns or lines than a purchase list has", ", ".join(header))
    control = {line[1]: line[2] for line in rest if line[0] == TOTAL}
    return [line[1:] for line in rest if line[0] == ITEM], control


def _write_xlsx(rows: list[list[Any]], control: Mapping[str, str]) -> bytes:
    import xlsxwriter

    if len(rows) > MOST_XLSX_ROWS:
        raise ConfigurationError(f"{len(rows)} receivables in XLSX", f"at most {MOST_XLSX_ROWS}", "--format parquet")
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False}) as book:
        book.set_properties({"created": WRITTEN_AT})
        amount = book.add_format({"num_format": "0.00"})
        sheet = book.add_worksheet("list")
        for place, line in enumerate([list(COLUMNS), *rows]):
            for column, value in enumerate(line):
                if isinstance(value, str):
                    sheet.write_string(place, column, _short_enough(_safe(value)))
                else:
                    sheet.write_number(place, column, value, amount if isinstance(value, Decimal) else None)
        totals = book.add_worksheet("control")
        for place, (name, value) in enumerate(control.items()):
            totals.write_string(place, 0, name)
            totals.write_string(place, 1, _short_enough(_safe(value)))
    return buffer.getvalue()


def _read_xlsx(content: bytes) -> tuple[list[list[Any]], dict[str, str]]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    first, *rows = book.get_sheet_by_name("list").to_python()
    if first != list(COLUMNS):
        raise LedgerError("other columns than a purchase list has", ", ".join(COLUMNS))
    control = {str(name): str(_plain(value)) for name, value, *_ in book.get_sheet_by_name("control").to_python()}
    return [[_plain(cell) for cell in row] for row in rows], control


def _short_enough(text: str) -> str:
    if len(text) > LONGEST_XLSX_TEXT:
        raise ConfigurationError(
            f"a text of {len(text)} characters in XLSX", f"at most {LONGEST_XLSX_TEXT}", "--format csv"
        )
    return text


def _safe(value: Any) -> Any:  # noqa: ANN401 - a cell
    return as_cell(value) if isinstance(value, str) else value


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell
    return from_cell(value) if isinstance(value, str) else value


WRITERS: Mapping[str, Callable[[list[list[Any]], Mapping[str, str]], bytes]] = MappingProxyType(
    {"parquet": _write_parquet, "csv": _write_csv, "xlsx": _write_xlsx}
)
READERS: Mapping[str, Callable[[bytes], tuple[list[list[Any]], dict[str, str]]]] = MappingProxyType(
    {"parquet": _read_parquet, "csv": _read_csv, "xlsx": _read_xlsx}
)
