"""Pictures: all of them, the same bytes twice, with the finding in the title."""

from dataclasses import replace

from models.fit import TrainedModel
from models.plots import plots

NAMES = {"calibration", "roc", "distribution", "importance", "by_grade", "by_month"}


def test_all_pictures_are_drawn_the_same_twice(trained: TrainedModel) -> None:
    """PNG by default; a second drawing has the same bytes."""
    found = plots(trained)
    assert set(found) == {f"{name}.png" for name in NAMES}
    assert all(picture.startswith(b"\x89PNG") for picture in found.values())
    assert plots(trained) == found


def test_without_out_of_time_rows_the_out_of_fold_ones_are_shown(trained: TrainedModel) -> None:
    """Small platforms get pictures too, as SVG where asked."""
    found = plots(replace(trained, out_of_time=trained.out_of_time.head(0)), "svg")
    assert set(found) == {f"{name}.svg" for name in NAMES}
    assert all(b"<svg" in picture for picture in found.values())


def test_without_defaults_there_is_no_ranking_to_show(trained: TrainedModel) -> None:
    """ROC and the two distributions need both outcomes; the rest is drawn."""
    calm = trained.out_of_time[~trained.out_of_time["is_default"]]
    assert set(plots(replace(trained, out_of_time=calm))) == {f"{name}.png" for name in NAMES - {"roc", "distribution"}}
