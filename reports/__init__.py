"""What people read about a run: self-contained pages made from published values, nothing computed twice.

The pool report answers one question, whether this batch may be bought and why, and then shows its grounds.
Read in this order:

1. `contents` and `evidence` - everything that a report shows, as frozen plain values; the caller fills them from
   published tables and the ledger.
2. `words` - how a number, an amount, a share or a missing value is written.
3. `findings` - what the numbers say: the verdict, what to look at, and the title of each picture.
4. `charts` - pictures as plain marks with positions; no drawing library.
5. `pool_report` - `render(report)`: contents, findings and pictures laid out by `templates/` as one HTML text.

The page loads nothing: its policy allows one style sheet, its own, by hash, and no script, image, font or frame.
Equal contents give equal bytes. Every text from outside is escaped.
"""
