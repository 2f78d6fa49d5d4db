"""Pipelines that are fitted and compiled once for all tests."""

import pytest
from sklearn.pipeline import make_pipeline

from tests.engine.inference.pipelines import HASHED, LABELS, PIPELINES, SENTENCES, logistic, well_formed
from toolkit.engine.inference.compilation import compile_fitted
from toolkit.engine.inference.scorer import Scorer


@pytest.fixture(scope="session")
def fitted():
    """Each pipeline fitted once, and its compiled form."""
    made = {}

    def get(name):
        if name not in made:
            pipeline = PIPELINES[name]().fit(SENTENCES * 3, LABELS * 3)
            made[name] = pipeline, Scorer(compile_fitted(pipeline), pipeline.predict_proba, n_threads=1)
        return made[name]

    return get


@pytest.fixture(scope="session")
def hashed():
    made = {}

    def get(name):
        if name not in made:
            pipeline = make_pipeline(HASHED[name], logistic()).fit([*map(well_formed, SENTENCES)] * 3, LABELS * 3)
            made[name] = pipeline, Scorer(compile_fitted(pipeline), pipeline.predict_proba, n_threads=1)
        return made[name]

    return get
