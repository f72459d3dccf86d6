"""What people read about a run: self-contained pages made from published values, nothing computed twice.

The pool report answers one question, whether this batch may be bought and why, and then shows its grounds.
Read in this order:

1. `contents` and `evidence` - everything that a report shows, as frozen plain values; the caller fills them from
   published tables and the ledger.
2. `words` - how a number, an amount, a share or a missing value is written.
3. `shares` - how eligible, batch and pool divide.
4. `findings` - what the numbers say: the verdict, and what to look at.
5. `titles` - the sentence over each table and picture.
6. `charts` - pictures as plain marks with positions; no drawing library.
7. `views` - rows, tiles and pictures as the templates lay them out.
8. `pool_report` - `render(report)`: contents, findings and pictures laid out by `templates/` as one HTML text.

The model card answers whether a version of the model is fit to score: `card_contents`, `card_words`, `card_views`,
`model_card`. Both pages are laid out by `pages`. A deal as a document, in English and Chinese, is `deal_document`, with
its rules as sentences in `deal_words`.

The page loads nothing: its policy allows one style sheet, its own, by hash, and no script, image, font or frame.
Equal contents give equal bytes. Every text from outside is escaped.
"""
