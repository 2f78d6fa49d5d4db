"""Folds that never cut an article, stratified by label, and the check that none leaks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.exceptions import list_some

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


def article_folds(articles: ArrayLike, y_true: ArrayLike, n_folds: int, seed: int) -> list[Fold]:
    """Deal whole articles out to folds, each with near the same mix of labels.

    Parameters
    ----------
    articles : array-like of shape (n_sentences,)
        Article of each sentence.
    y_true : array-like of shape (n_sentences,)
        Gold label of each sentence.
    n_folds : int
        Number of folds, at least 2 and at most the number of articles.
    seed : int
        Decides the order in which articles are dealt.

    Returns
    -------
    list of (train, test)
        Row numbers, ascending. Every row is in exactly one ``test``.

    Raises
    ------
    ValueError
        If there are fewer articles than folds.

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
    # Stratified dealing refuses data in which no label comes n_folds times; whole
    # articles can still be dealt by size.
    stratified = np.unique(y_true, return_counts=True)[1].max() >= n_folds
    # It refuses fewer than two folds.
    dealer = (StratifiedGroupKFold if stratified else GroupKFold)(n_folds, shuffle=True, random_state=seed)
    if stratified:
        fold = _deal(articles, y_true, n_folds, seed)
        folds = [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in range(n_folds)]
    else:
        folds = list(dealer.split(y_true, groups=articles))
    for train, test in folds:
        check_no_leak(articles[train], articles[test])
    return [(train, test) for train, test in folds if len(test) and len(train)]


def _deal(articles: NDArray[Any], y_true: NDArray[Any], n_folds: int, seed: int) -> NDArray[np.intp]:
    """Return the fold of each sentence, as :class:`~sklearn.model_selection.StratifiedGroupKFold` deals them, sooner.

    Article by article, the most uneven first, in the fold that leaves the shares of labels nearest alike.
    """
    _, label, n_of_label = np.unique(y_true, return_inverse=True, return_counts=True)
    names, article = np.unique(articles, return_inverse=True)
    counts = np.zeros((len(names), len(n_of_label)))
    np.add.at(counts, (article, label), 1)
    order = np.arange(len(names))
    np.random.RandomState(seed).shuffle(order)
    order = order[np.argsort(-np.std(counts[order], axis=1), kind="stable")]
    fold = np.empty(len(names), np.intp)
    dealt = np.zeros((n_folds, len(n_of_label)))
    own = np.eye(n_folds)[:, :, None]
    for which in order:
        # What each fold would leave, were it to get the article.
        spread = ((dealt + own * counts[which]) / n_of_label).std(axis=1).mean(axis=1).tolist()
        sizes = dealt.sum(axis=1).tolist()
        best = 0
        for number in range(1, n_folds):
            # As near as NumPy's isclose takes to be equal; of equals, the smaller fold.
            is_near = abs(spread[number] - spread[best]) <= 1e-8 + 1e-5 * abs(spread[best])
            if spread[number] < spread[best] or (is_near and sizes[number] < sizes[best]):
                best = number
        dealt[best] += counts[which]
        fold[which] = best
    return fold[article]


def leaked_articles(train_articles: ArrayLike, test_articles: ArrayLike) -> list[str]:
    """List the articles that are on both sides, sorted.

    Examples
    --------
    >>> leaked_articles(["a", "b"], ["b", "c"])
    ['b']
    """
    return sorted({str(name) for name in np.intersect1d(np.asarray(train_articles), np.asarray(test_articles))})


def check_no_leak(train_articles: ArrayLike, test_articles: ArrayLike) -> None:
    """Raise ``ValueError`` if an article is on both sides.

    Sentences of one article share names, events and phrasing, so a split that cuts
    through articles rewards memory.

    Examples
    --------
    >>> check_no_leak(["a"], ["b"])
    """
    shared = leaked_articles(train_articles, test_articles)
    if shared:
        raise ValueError(
            f"train and test share {len(shared)} articles ({list_some(shared)}); split with splits.article_folds"
        )
