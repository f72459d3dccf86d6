"""Pictures: all of them, the same bytes twice, with the finding in the title."""

from dataclasses import replace

from models.explain import Reason
from models.fit import TrainedModel
from models.plots import plots
from models.plots_why import moved_by, movers, waterfall
from models.scorer import Scorer
from tests.models.known import NAMES as NAMES_OF_FEATURES
from tests.models.known import World

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


def test_pictures_of_why_are_drawn_the_same_twice(trained: TrainedModel, known: World) -> None:
    """A waterfall of the riskiest row, and what moves scores, with labels as they are given."""
    scorer = Scorer.from_files(trained.files)
    rows = scorer.matrix(known.frame.head(200))
    told = scorer.explain(rows[int(scorer.score(rows, explained=False).score.argmax())])
    labels: list[str] = []

    def label(one: Reason) -> str:
        labels.append(one.theme)
        return one.theme

    first = waterfall(told, "R1", label)
    assert first == waterfall(told, "R1", label)
    assert set(labels) == set(NAMES_OF_FEATURES)
    moved = moved_by(scorer.contributions(rows), {}, scorer.features)
    assert next(iter(moved)) == "late_days_90d"
    assert b"<svg" in movers(moved, "feature", 200, "svg")
