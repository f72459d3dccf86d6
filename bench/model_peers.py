"""The peers: public models as their own documentation says to use them, from a frame to default probabilities."""

from collections.abc import Callable, Mapping

import lightgbm as lgb
import numpy as np
import optuna
import pandas as pd
import xgboost as xgb
from catboost import CatBoostClassifier
from optbinning import BinningProcess
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

THREADS = 2
TRIALS, INNER_FOLDS = 20, 3
Peer = Callable[[pd.DataFrame, np.ndarray, pd.DataFrame], np.ndarray]


def _named(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame if frame[name].dtype == object]


def _coded(training: pd.DataFrame, test: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give texts as pandas categories, the same ones on both sides."""
    both = pd.concat([training, test])
    both = both.astype(dict.fromkeys(_named(both), "category"))
    return both.iloc[: len(training)], both.iloc[len(training) :]


def lightgbm_default(training: pd.DataFrame, outcome: np.ndarray, test: pd.DataFrame) -> np.ndarray:
    """LightGBM as it comes."""
    seen, unseen = _coded(training, test)
    return lgb.LGBMClassifier(verbose=-1, n_jobs=THREADS).fit(seen, outcome).predict_proba(unseen)[:, 1]


def lightgbm_tuned(training: pd.DataFrame, outcome: np.ndarray, test: pd.DataFrame) -> np.ndarray:
    """LightGBM with its shape searched by Optuna, early stopping within three folds of the training rows."""
    seen, unseen = _coded(training, test)
    folds = list(StratifiedKFold(INNER_FOLDS, shuffle=True, random_state=1).split(seen, outcome))

    def fitted(shape: Mapping[str, float], held: tuple[np.ndarray, np.ndarray]) -> tuple[float, int]:
        inside, outside = held
        model = lgb.LGBMClassifier(verbose=-1, n_jobs=THREADS, n_estimators=2000, subsample_freq=1, **shape)
        stop = lgb.early_stopping(50, verbose=False)
        ahead = [(seen.iloc[outside], outcome[outside])]
        model.fit(seen.iloc[inside], outcome[inside], eval_set=ahead, eval_metric="binary_logloss", callbacks=[stop])
        return log_loss(outcome[outside], model.predict_proba(seen.iloc[outside])[:, 1]), model.best_iteration_

    def loss(trial: optuna.Trial) -> float:
        shape = {
            "learning_rate": 0.05,
            "num_leaves": trial.suggest_int("num_leaves", 4, 127, log=True),
            "min_child_samples": trial.suggest_int("min_child_samples", 5, 300, log=True),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1.0),
            "subsample": trial.suggest_float("subsample", 0.5, 1.0),
            "reg_lambda": trial.suggest_float("reg_lambda", 0.01, 100.0, log=True),
        }
        found = []
        for number, held in enumerate(folds):
            found.append(fitted(shape, held))
            trial.report(float(np.mean([one for one, _ in found])), number)
            if trial.should_prune():
                raise optuna.TrialPruned
        trial.set_user_attr("rounds", max(1, round(float(np.mean([rounds for _, rounds in found])))))
        return float(np.mean([one for one, _ in found]))

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1), pruner=optuna.pruners.MedianPruner())
    study.optimize(loss, n_trials=TRIALS)
    rounds = study.best_trial.user_attrs["rounds"]
    told = {"learning_rate": 0.05, "subsample_freq": 1, **study.best_params}
    model = lgb.LGBMClassifier(verbose=-1, n_jobs=THREADS, n_estimators=rounds, **told)
    return model.fit(seen, outcome).predict_proba(unseen)[:, 1]


def catboost(training: pd.DataFrame, outcome: np.ndarray, test: pd.DataFrame) -> np.ndarray:
    """CatBoost as it comes, told which features are categories."""
    named = _named(training)
    seen, unseen = (part.fillna(dict.fromkeys(named, "missing")) for part in (training, test))
    settings = {"verbose": 0, "random_seed": 0, "thread_count": THREADS, "allow_writing_files": False}
    return CatBoostClassifier(cat_features=named, **settings).fit(seen, outcome).predict_proba(unseen)[:, 1]


def xgboost(training: pd.DataFrame, outcome: np.ndarray, test: pd.DataFrame) -> np.ndarray:
    """XGBoost as it comes, its own handling of categories."""
    seen, unseen = _coded(training, test)
    model = xgb.XGBClassifier(enable_categorical=True, n_jobs=THREADS, random_state=0)
    return model.fit(seen, outcome).predict_proba(unseen)[:, 1]


def scorecard(training: pd.DataFrame, outcome: np.ndarray, test: pd.DataFrame) -> np.ndarray:
    """Weights of evidence of optbinning's optimal bins, and a logistic regression on them."""
    process = BinningProcess(list(training.columns), categorical_variables=_named(training))
    process.fit(training, outcome)
    seen, unseen = (
        process.transform(part, metric_missing="empirical", metric_special="empirical").to_numpy()
        for part in (training, test)
    )
    return LogisticRegression(max_iter=1000).fit(seen, outcome).predict_proba(unseen)[:, 1]


def logistic(training: pd.DataFrame, outcome: np.ndarray, test: pd.DataFrame) -> np.ndarray:
    """A logistic regression on standardised numbers and one-hot categories."""
    named = _named(training)
    plain = [name for name in training if name not in named]
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    fill = SimpleImputer(strategy="constant", fill_value="missing")
    codes = make_pipeline(fill, OneHotEncoder(handle_unknown="ignore"))
    columns = make_column_transformer((numbers, plain), (codes, named))
    model = make_pipeline(columns, LogisticRegression(max_iter=1000))
    return model.fit(training, outcome).predict_proba(test)[:, 1]


PEERS: Mapping[str, Peer] = {
    "lightgbm_default": lightgbm_default,
    "lightgbm_tuned": lightgbm_tuned,
    "catboost": catboost,
    "xgboost": xgboost,
    "scorecard": scorecard,
    "logistic": logistic,
}
