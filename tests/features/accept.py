"""Write the golden catalogue and reasons and their pages of the docs anew, when a change of meaning is meant."""

from pathlib import Path

from features.phrases import reasons_json, reasons_page
from features.reference import catalogue_json, catalogue_page

ROOT = Path(__file__).resolve().parents[2]

if __name__ == "__main__":
    (ROOT / "tests" / "golden" / "catalogue.json").write_text(catalogue_json(), encoding="utf-8")
    (ROOT / "tests" / "golden" / "reasons.json").write_text(reasons_json(), encoding="utf-8")
    (ROOT / "docs" / "reference" / "reasons.md").write_text(reasons_page(), encoding="utf-8")
    (ROOT / "docs" / "features.md").write_text(catalogue_page(), encoding="utf-8")
