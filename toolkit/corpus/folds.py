"""Articles and labels of sentences -> cross-validation folds that never cut an article, and the check for leaks."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.exceptions import list_some

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


def article_folds(
    articles: ArrayLike, y_true: ArrayLike, n_folds: int, seed: int, collections: ArrayLike | None = None
) -> list[Fold]:
    """Assign whole articles to folds, each with nearly the same distribution of labels.

    Parameters
    ----------
    articles : array-like of shape (n_sentences,)
        Article of each sentence.
    y_true : array-like of shape (n_sentences,)
        Gold label of each sentence.
    n_folds : int
        Number of folds, at least 2 and at most the number of articles.
    seed : int
        Decides the order in which articles are assigned.
    collections : array-like of shape (n_sentences,), optional
        Collection of each sentence. Where there are several, each label is stratified within
        each collection; one collection, or none, changes nothing.

    Returns
    -------
    list of (train, test)
        Row indices, ascending. Every row is in exactly one ``test``. A fold to which no
        article was assigned is left out, so there may be fewer than ``n_folds``.

    Raises
    ------
    ValueError
        If there are fewer articles than folds, or fewer than two folds.

    See Also
    --------
    sklearn.model_selection.StratifiedGroupKFold : Assigns the articles.
    sklearn.model_selection.GroupKFold : Does so where no label occurs ``n_folds`` times.

    Examples
    --------
    >>> folds = article_folds(["a", "a", "b", "c"], ["x", "y", "x", "y"], n_folds=2, seed=0)
    >>> sorted(row for train, test in folds for row in test.tolist())
    [0, 1, 2, 3]
    """
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

    articles, y_true = np.asarray(articles), np.asarray(y_true)
    n_articles = len(np.unique(articles))
    if n_articles < n_folds:
        raise ValueError(f"{n_folds} folds need at least as many articles; {n_articles} came; ask for fewer folds")
    strata = y_true
    if collections is not None and len(set(np.asarray(collections))) > 1:
        pairs = np.stack([np.unique(part, return_inverse=True)[1] for part in (collections, y_true)])
        strata = np.unique(pairs, axis=1, return_inverse=True)[1]
    # Stratification needs a label that occurs n_folds times; articles can still be balanced by size.
    can_stratify = np.unique(strata, return_counts=True)[1].max() >= n_folds
    splitter = (StratifiedGroupKFold if can_stratify else GroupKFold)(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A label rarer than the folds is missing from some of them; there is nothing to do about it here.
        warnings.simplefilter("ignore", UserWarning)
        folds = list(splitter.split(strata, strata, groups=articles))
    for train, test in folds:
        check_no_leak(articles[train], articles[test])
    return [(train, test) for train, test in folds if len(test) and len(train)]


def leaked_articles(train_articles: ArrayLike, test_articles: ArrayLike) -> list[str]:
    """List the articles that occur on both sides, sorted.

    Examples
    --------
    >>> leaked_articles(["a", "b"], ["b", "c"])
    ['b']
    """
    return sorted({str(name) for name in np.intersect1d(np.asarray(train_articles), np.asarray(test_articles))})


def check_no_leak(train_articles: ArrayLike, test_articles: ArrayLike) -> None:
    """Raise ``ValueError`` if an article occurs on both sides.

    Sentences of one article share names, events and phrasing, so a split that cuts
    through articles rewards memory.

    Examples
    --------
    >>> check_no_leak(["a"], ["b"])
    """
    leaked = leaked_articles(train_articles, test_articles)
    if leaked:
        raise ValueError(
            f"train and test share {len(leaked)} {'article' if len(leaked) == 1 else 'articles'} "
            f"({list_some(leaked)}), expected none; split with toolkit.corpus.folds.article_folds"
        )
