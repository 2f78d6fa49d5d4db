import numpy as np
import pytest

from toolkit.corpus.folds import article_folds, check_no_leak


def test_fold_never_cuts_an_article():
    articles = np.repeat(np.arange(30), 4)
    y_true = np.tile(["a", "b", "c", "c"], 30)
    folds = article_folds(articles, y_true, 5, seed=3)
    assert len(folds) == 5
    for train, test in folds:
        assert not set(articles[train]) & set(articles[test])
    assert sorted(row for _, test in folds for row in test) == list(range(120))


def test_folds_are_stratified_and_depend_on_the_seed_alone():
    articles = np.arange(100)
    y_true = np.array(["a"] * 80 + ["b"] * 20)
    folds = article_folds(articles, y_true, 5, seed=1)
    assert [int((y_true[test] == "b").sum()) for _, test in folds] == [4] * 5
    again, other = (article_folds(articles, y_true, 5, seed) for seed in (1, 2))
    assert all(np.array_equal(one[1], two[1]) for one, two in zip(folds, again, strict=True))
    assert not all(np.array_equal(one[1], two[1]) for one, two in zip(folds, other, strict=True))


def test_each_fold_has_its_part_of_each_label_in_each_collection():
    articles = np.arange(100)
    y_true = np.array(["a"] * 50 + ["b"] * 50)
    collections = np.array((["x"] * 10 + ["y"] * 40) * 2)
    folds = article_folds(articles, y_true, 5, 1, collections)
    for _, test in folds:
        assert [int((y_true[test][collections[test] == "x"] == label).sum()) for label in "ab"] == [2, 2]
        assert [int((y_true[test] == label).sum()) for label in "ab"] == [10, 10]


def test_one_collection_changes_no_fold():
    articles, y_true = np.arange(40), np.array(["a", "a", "a", "b"] * 10)
    without, with_one = (article_folds(articles, y_true, 5, 1, collections) for collections in (None, ["x"] * 40))
    assert all(np.array_equal(one[1], two[1]) for one, two in zip(without, with_one, strict=True))


def test_assignment_of_articles_does_not_change_with_a_release():
    # Every cross-validated score rests on it; expected as scikit-learn 1.9 assigns them.
    rows = np.arange(24)
    articles, y_true = rows // 2, np.array(["a", "b", "b", "c"])[rows % 4]
    folds = article_folds(articles, y_true, 3, seed=7)
    assert [np.unique(articles[test]).tolist() for _, test in folds] == [[0, 6, 7, 11], [5, 8, 9, 10], [1, 2, 3, 4]]


def test_articles_are_balanced_by_size_where_every_label_is_rarer_than_the_folds():
    folds = article_folds(list("uvwxyz"), list("abcdef"), 3, seed=0)
    assert sorted(len(test) for _, test in folds) == [2, 2, 2]


def test_fewer_articles_than_folds_are_refused():
    with pytest.raises(ValueError, match="3 folds need at least as many articles; 2 came"):
        article_folds(["x", "x", "y"], ["a", "b", "a"], 3, seed=0)


def test_label_rarer_than_the_folds_gives_no_warning():
    # Warnings are errors here.
    folds = article_folds(list("stuvwxyz"), list("aaaaaabc"), 3, seed=0)
    assert sorted(row for _, test in folds for row in test.tolist()) == list(range(8))


def test_leak_names_the_articles():
    with pytest.raises(ValueError, match=r"train and test share 1 article \('b'\), expected none"):
        check_no_leak(["a", "b"], ["b", "c"])
