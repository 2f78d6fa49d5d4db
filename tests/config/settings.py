"""The settings of a valid experiment, as plain data."""

SETTINGS = {"question": "?", "seed": 1, "features": {"words": [1, 2]}, "classifier": {"name": "naive-bayes"}}
