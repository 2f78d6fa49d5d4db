"""A fitted scikit-learn pipeline -> the record of its compiled form, or the reason why it has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils import murmurhash3_32

from toolkit.engine.inference import records as fields
from toolkit.engine.inference.cues import CueTables, compile_cues
from toolkit.engine.inference.inverse_links import Settings, pack_curves
from toolkit.engine.inference.linear_models import CannotCompile, LinearModel, to_linear_model
from toolkit.engine.inference.records import (
    BINARY,
    CHARACTERS,
    CLASSES,
    L1,
    L2,
    LINEAR,
    N_SETTINGS,
    NO_NORM,
    SKIPPED,
    SUBLINEAR,
    WITHIN_WORDS,
    WORDS,
    CompiledPipeline,
    HashedPart,
)
from toolkit.engine.inference.tries import NODE_BITS, SYMBOL_BITS, TrieBuilder
from toolkit.engine.layout import RUNS_AND_MARKS, Floats
from toolkit.engine.token_patterns import TOKENS
from toolkit.estimators import (
    END,
    START,
    BiasCorrectedTemperature,
    CueIndicators,
    Isotonic,
    KeywordRules,
    Recalibrated,
    Temperature,
    WordClasses,
    split_classes,
)
from toolkit.private_names import fitted_weighting

NORMS = {None: NO_NORM, "l1": L1, "l2": L2}


@dataclass(frozen=True)
class _Source:
    """One vectoriser of a union, with everything that happens to its counts.

    ``first`` and ``last`` delimit its columns in the union, ``scale`` is its weight there;
    ``present`` means that a feature counts as 1, whatever its value.
    """

    vectorizer: CountVectorizer | HashingVectorizer
    classes: Mapping[str, str] | None
    weighting: TfidfTransformer | None
    first: int
    last: int
    scale: float
    present: bool = False


@dataclass(frozen=True)
class _CueSource:
    rules: Sequence[tuple[str, Sequence[str]]]
    any_weights: Floats
    first_weights: Floats
    value: float = 1.0


@dataclass
class _Tables:
    """Tries, tables and weights, to which each part adds its own."""

    letters: TrieBuilder = field(default_factory=TrieBuilder)
    values: dict[int, int] = field(default_factory=dict)
    stems: dict[int, int] = field(default_factory=dict)
    steps: TrieBuilder = field(default_factory=TrieBuilder)
    step_columns: dict[int, int] = field(default_factory=dict)
    symbol_nodes: list[int] = field(default_factory=list)
    symbol_columns: list[int] = field(default_factory=list)
    views: list[tuple[bool, str | None]] = field(default_factory=list)
    parts: list[list[int]] = field(default_factory=list)
    weights: list[Floats] = field(default_factory=list)
    n_columns: int = 0
    n_sequences: int = 0

    def view(self, lowercase: bool, accents: str | None) -> int:
        """Return the number of a view, which is added if it is new."""
        if (lowercase, accents) not in self.views:
            self.views.append((lowercase, accents))
        return self.views.index((lowercase, accents))


def compile_fitted(pipeline: Pipeline) -> CompiledPipeline:
    """Compile a fitted pipeline; :func:`toolkit.compile_pipeline` makes a classifier of the result.

    Parameters
    ----------
    pipeline : Pipeline
        N-gram vectorisers, cue indicators or word classes, or a union of them, and a linear
        classifier; or :class:`toolkit.estimators.rules.KeywordRules` alone. Either may be recalibrated.

    Returns
    -------
    CompiledPipeline

    Raises
    ------
    CannotCompile
        With the reason, if a step or a setting is not supported.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> fitted = Pipeline([("v", CountVectorizer()), ("c", LogisticRegression())]).fit(["so it is", "no"], ["a", "b"])
    >>> compile_fitted(fitted).classes
    ('a', 'b')
    """
    steps = [step for _, step in pipeline.steps if step is not None and step != "passthrough"]
    if not steps:
        raise CannotCompile("the pipeline has no steps")
    return _compile_steps(steps)


def _compile_steps(steps: Sequence[Any]) -> CompiledPipeline:
    classifier = steps[-1]
    if type(classifier) is Recalibrated:
        compiled = _compile_steps([*steps[:-1], classifier.estimator])
        name, settings = _recalibration(classifier.calibrator)
        if not settings.keys().isdisjoint(compiled.settings):
            raise CannotCompile("probabilities are recalibrated twice in the same way")
        inverse_link = f"{compiled.inverse_link}|{name}"
        return replace(compiled, inverse_link=inverse_link, settings=compiled.settings | settings)
    if len(steps) == 1 and isinstance(classifier, KeywordRules):
        return _compile_rules(classifier)
    model = to_linear_model(classifier)
    sources: list[_Source] = []
    cues: list[_CueSource] = []
    end = _collect(steps[:-1], model.weights, 0, 1.0, sources, cues)
    if model.threshold is not None:
        sources = [_present(source, model.threshold) for source in sources]
        cues = [_present_cues(source, model.threshold) for source in cues]
    if end != len(model.weights):
        raise CannotCompile(f"the vectorisers have {end} features, the classifier {len(model.weights)}")
    if len(cues) > 1:
        raise CannotCompile(f"{len(cues)} cue lists in one union are not compiled")
    return _assemble(sources, cues, model, classifier)


def _recalibration(calibrator: Any) -> tuple[str, Settings]:
    if type(calibrator) is Temperature:
        return "temperature", {"temperature": np.array([calibrator.temperature_])}
    if type(calibrator) is BiasCorrectedTemperature:
        settings = {"bias_temperature": np.array([calibrator.temperature_]), "biases": calibrator.biases_}
        return "bias_corrected", settings
    if type(calibrator) is Isotonic:
        points = list(zip(calibrator.inputs_, calibrator.outputs_, strict=True))
        return "isotonic", pack_curves(points, "isotonic")
    raise CannotCompile(f"recalibration by {type(calibrator).__name__} is not compiled")


def _present(source: _Source, threshold: float) -> _Source:
    """Return a source whose features count as 1 where their value exceeds a threshold.

    Raises
    ------
    CannotCompile
        If that depends on more than whether a feature is present.
    """
    vectorizer, weighting = source.vectorizer, source.weighting
    hashes = type(vectorizer) is HashingVectorizer
    varies = weighting is not None or (hashes and vectorizer.norm is not None)
    always = weighting is None or not weighting.use_idf or bool((weighting.idf_ > 0).all())
    if threshold < 0 or (varies and threshold > 0) or source.scale <= threshold or not always:
        raise CannotCompile(f"binarize={threshold!r} depends on more than which features are present")
    if hashes and vectorizer.alternate_sign:
        raise CannotCompile("binarize of signed counts is not compiled")
    return replace(source, weighting=None, scale=1.0, present=True)


def _present_cues(source: _CueSource, threshold: float) -> _CueSource:
    if threshold < 0 or source.value <= threshold:
        raise CannotCompile(f"binarize={threshold!r} depends on more than which features are present")
    return replace(
        source, any_weights=source.any_weights / source.value, first_weights=source.first_weights / source.value
    )


def _collect(
    steps: Sequence[Any], weights: Floats, first: int, scale: float, sources: list[_Source], cues: list[_CueSource]
) -> int:
    """Add the vectorisers among consecutive steps to the sources; return the column after their last."""
    remaining = [step for step in steps if step is not None and step != "passthrough"]
    step: Any = remaining[0] if len(remaining) == 1 else None
    if type(step) is Pipeline:
        return _collect([inner for _, inner in step.steps], weights, first, scale, sources, cues)
    if type(step) is FeatureUnion:
        for name, part in step.transformer_list:
            if part == "passthrough":
                raise CannotCompile("a union passes text through")
            if part != "drop":
                own_scale = scale * (step.transformer_weights or {}).get(name, 1.0)
                first = _collect([part], weights, first, own_scale, sources, cues)
        return first
    if type(step) is CueIndicators:
        rules = [(name, tuple(listed)) for name, listed in step.rules]
        size = len(rules)
        value = scale * step.weight
        own = weights[first : first + 2 * size] * value
        cues.append(_CueSource(rules, own[:size], own[size:], value))
        return first + 2 * size
    return _collect_vectorizer(remaining, first, scale, sources)


def _collect_vectorizer(steps: list[Any], first: int, scale: float, sources: list[_Source]) -> int:
    """Add a vectoriser, with word classes before it and a weighting after it, to the sources."""
    remaining = list(steps)
    classes = None
    if remaining and type(remaining[0]) is WordClasses:
        classes = remaining.pop(0).classes
    if not remaining or type(remaining[0]) not in (CountVectorizer, HashingVectorizer, TfidfVectorizer):
        raise CannotCompile(f"{type(remaining[0]).__name__ if remaining else 'nothing'} is not compiled")
    vectorizer = remaining.pop(0)
    weighting = fitted_weighting(vectorizer) if type(vectorizer) is TfidfVectorizer else None
    if remaining and weighting is None and type(remaining[0]) is TfidfTransformer:
        weighting = remaining.pop(0)
    if remaining:
        raise CannotCompile(f"{type(remaining[0]).__name__} after a vectoriser is not compiled")
    hashes = type(vectorizer) is HashingVectorizer
    if hashes and classes is not None:
        raise CannotCompile("hashed classes of words are not compiled")
    last = first + (vectorizer.n_features if hashes else len(vectorizer.vocabulary_))
    sources.append(_Source(vectorizer, classes, weighting, first, last, scale))
    return last


def check_vectorizer(vectorizer: CountVectorizer | HashingVectorizer) -> None:
    """Check that the settings of a vectoriser are supported.

    Raises
    ------
    CannotCompile
        With the first setting that is not.
    """
    for name in ("preprocessor", "tokenizer"):
        if getattr(vectorizer, name) is not None:
            raise CannotCompile(f"{name}={getattr(vectorizer, name)!r} is custom code")
    if vectorizer.input != "content":
        raise CannotCompile(f"input={vectorizer.input!r} reads files")
    if vectorizer.strip_accents not in (None, "unicode", "ascii"):
        raise CannotCompile(f"strip_accents={vectorizer.strip_accents!r} is custom code")
    if vectorizer.analyzer not in ("word", "char", "char_wb"):
        raise CannotCompile(f"analyzer={vectorizer.analyzer!r} is custom code")
    if vectorizer.analyzer == "word" and vectorizer.token_pattern not in TOKENS:
        raise CannotCompile(f"token_pattern={vectorizer.token_pattern!r} is not one of the patterns that are compiled")
    if np.dtype(vectorizer.dtype) not in (np.int32, np.int64, np.float32, np.float64):
        raise CannotCompile(f"dtype={vectorizer.dtype!r} cannot hold large counts")
    shortest, longest = vectorizer.ngram_range
    if not 1 <= shortest <= longest:
        raise CannotCompile(f"ngram_range={vectorizer.ngram_range!r} is empty")


def _assemble(
    sources: Sequence[_Source], cues: Sequence[_CueSource], model: LinearModel, classifier: Any
) -> CompiledPipeline:
    tables = _Tables()
    width = 8 * (model.weights.shape[1] // 8 + 1)
    hashed: list[HashedPart] = []
    for source in sources:
        check_vectorizer(source.vectorizer)
        if type(source.vectorizer) is HashingVectorizer:
            hashed.append(_hashed(tables, source, model.weights))
        else:
            _add_part(tables, source, model.weights, width)
    if max(len(tables.letters.parents), len(tables.steps.parents)) > 1 << NODE_BITS:
        raise CannotCompile(f"the vocabularies have more than {1 << NODE_BITS:,} prefixes of n-grams")
    return CompiledPipeline(
        **_arrays(tables, width),
        **_cue_arrays(cues, width),
        offsets=_padded(model.offsets[None, :], width)[0],
        inverse_link=model.inverse_link,
        settings=model.settings,
        classes=tuple(str(name) for name in classifier.classes_),
        views=tuple(tables.views),
        n_scores=model.weights.shape[1],
        hashed=tuple(hashed),
        single=any(np.dtype(source.vectorizer.dtype) == np.float32 for source in sources),
    )


def _compile_rules(classifier: KeywordRules) -> CompiledPipeline:
    size = len(classifier.rules)
    if not size:
        raise CannotCompile("there is no rule")
    model = LinearModel(np.zeros((0, size)), np.zeros(size), "first_rule", {"table": classifier.rule_table()})
    cues = [_CueSource(classifier.rules, np.zeros((size, size)), np.eye(size))]
    return _assemble([], cues, model, classifier)


def _add_part(tables: _Tables, source: _Source, weights: Floats, width: int) -> None:
    """Compile one vectoriser."""
    vectorizer = source.vectorizer
    n_columns = source.last - source.first
    growth, norm, idf = _weighting(source)
    if vectorizer.binary or source.present:
        growth = BINARY
    # The most frequent columns come first, so that rows which are read together are close in memory.
    order = np.argsort(idf, kind="stable")
    column = np.empty(n_columns, np.int64)
    column[order] = np.arange(n_columns) + tables.n_columns
    rows = _padded(weights[source.first : source.last] * (idf * source.scale)[:, None], width)
    rows[:, -1] = idf**2 if norm == L2 else np.abs(idf)
    tables.weights.append(rows[order])
    names = sorted(vectorizer.vocabulary_.items(), key=lambda item: item[1])
    if [number for _, number in names] != list(range(n_columns)):
        raise CannotCompile("the vocabulary leaves out columns")
    terms = [name for name, _ in names]
    settings = [0] * N_SETTINGS
    settings[fields.VIEW] = tables.view(bool(vectorizer.lowercase), vectorizer.strip_accents)
    settings[fields.SHORTEST], settings[fields.LONGEST] = vectorizer.ngram_range
    settings[fields.GROWTH], settings[fields.NORM] = growth, norm
    settings[fields.COUNTED] = int(growth != LINEAR or norm == L2)
    settings[fields.FIRST], settings[fields.LAST] = tables.n_columns, tables.n_columns + n_columns
    settings[fields.SEQUENCE] = settings[fields.START] = settings[fields.END] = -1
    settings[fields.ROOT] = tables.letters.root()
    if vectorizer.analyzer == "word":
        _add_tokens(tables, source, settings, terms, column)
    else:
        settings[fields.KIND] = WITHIN_WORDS if vectorizer.analyzer == "char_wb" else CHARACTERS
        shortest, longest = vectorizer.ngram_range
        for term, number in zip(terms, column.tolist(), strict=True):
            if len(term) <= longest and (settings[fields.KIND] == WITHIN_WORDS or len(term) >= shortest):
                tables.values[tables.letters.add(settings[fields.ROOT], map(ord, term))] = number
    tables.parts.append(settings)
    tables.n_columns += n_columns


def _hashed(tables: _Tables, source: _Source, weights: Floats) -> HashedPart:
    """Compile a vectoriser without a vocabulary."""
    vectorizer = source.vectorizer
    growth, second_norm, idf = _weighting(source)
    if growth == SUBLINEAR and vectorizer.alternate_sign:
        raise CannotCompile("sublinear_tf of signed counts is undefined")
    words = sorted((vectorizer.get_stop_words() or ()) if vectorizer.analyzer == "word" else ())
    encoded = sorted(
        (murmurhash3_32(word.encode("utf-8", "surrogatepass")), word.encode("utf-8", "surrogatepass")) for word in words
    )
    kinds = {"word": WORDS, "char_wb": WITHIN_WORDS, "char": CHARACTERS}
    return HashedPart(
        kind=kinds[vectorizer.analyzer],
        view_number=tables.view(bool(vectorizer.lowercase), vectorizer.strip_accents),
        tokens=TOKENS[vectorizer.token_pattern] if vectorizer.analyzer == "word" else 0,
        shortest=int(vectorizer.ngram_range[0]),
        longest=int(vectorizer.ngram_range[1]),
        binary=bool(vectorizer.binary) or source.present,
        signed=bool(vectorizer.alternate_sign),
        norm=NO_NORM if source.present else NORMS[vectorizer.norm],
        growth=growth,
        second_norm=second_norm,
        idf=idf if source.weighting is not None else np.zeros(0),
        weights=np.ascontiguousarray(weights[source.first : source.last] * (idf * source.scale)[:, None]),
        stop_hashes=np.array([hashed for hashed, _ in encoded], np.int32),
        stop_bounds=np.cumsum([0, *(len(word) for _, word in encoded)]),
        stop_bytes=np.array(list(b"".join(word for _, word in encoded)), np.uint8),
    )


def _weighting(source: _Source) -> tuple[int, int, Floats]:
    n_columns = source.last - source.first
    if source.weighting is None:
        return LINEAR, NO_NORM, np.ones(n_columns)
    if source.weighting.norm not in NORMS:
        raise CannotCompile(f"norm={source.weighting.norm!r} is not compiled")
    idf = np.asarray(source.weighting.idf_, np.float64) if source.weighting.use_idf else np.ones(n_columns)
    return SUBLINEAR if source.weighting.sublinear_tf else LINEAR, NORMS[source.weighting.norm], idf


def _add_tokens(
    tables: _Tables, source: _Source, settings: list[int], terms: Sequence[str], column: NDArray[np.int64]
) -> None:
    """Compile n-grams of tokens: the letters of tokens into one trie, sequences of tokens into another."""
    vectorizer = source.vectorizer
    settings[fields.SEQUENCE] = tables.n_sequences
    settings[fields.TOKENS] = TOKENS[vectorizer.token_pattern]
    tables.n_sequences += 1
    root = tables.steps.root()
    symbols: dict[str, int] = {}
    shortest, longest = vectorizer.ngram_range
    for term, number in zip(terms, column.tolist(), strict=True):
        tokens = term.split(" ")
        if not shortest <= len(tokens) <= longest:
            continue
        numbers = [symbols.setdefault(token, len(symbols) + len(tables.symbol_nodes)) for token in tokens]
        node = tables.steps.add(root, numbers)
        tables.step_columns[node] = number
    for name in (*(source.classes or ()), START, END) if source.classes is not None else ():
        # A class that is in no n-gram still separates others.
        symbols.setdefault(_class_token(vectorizer, name), len(symbols) + len(tables.symbol_nodes))
    if len(tables.symbol_nodes) + len(symbols) >= 1 << SYMBOL_BITS:
        # Keys of the tries would no longer be unique, and the last number stands for "no token".
        raise CannotCompile(f"the vocabularies have more than {(1 << SYMBOL_BITS) - 1:,} words")
    continued = {tables.steps.parents[node] for node in range(root + 1, len(tables.steps.parents))}
    for number in symbols.values():
        node = tables.steps.add(root, [number])
        # A token that starts no longer n-gram need not be looked up with the next one.
        tables.symbol_nodes.append(node if node in continued else -1)
        tables.symbol_columns.append(tables.step_columns.get(node, -1))
    if source.classes is None:
        settings[fields.KIND] = WORDS
        settings[fields.START] = settings[fields.END] = SKIPPED
        for token, number in symbols.items():
            tables.values[tables.letters.add(settings[fields.ROOT], map(ord, token))] = number
        for word in vectorizer.get_stop_words() or ():
            tables.values[tables.letters.add(settings[fields.ROOT], map(ord, word))] = SKIPPED
        return
    settings[fields.KIND] = CLASSES
    _add_classes(tables, source, settings, symbols)


def _add_classes(tables: _Tables, source: _Source, settings: list[int], symbols: Mapping[str, int]) -> None:
    """Compile classes of words: each word or stem leads to the symbol of its class."""
    # WordClasses has lowered the text before its vectoriser gets it.
    settings[fields.VIEW] = tables.view(True, None)
    settings[fields.TOKENS] = RUNS_AND_MARKS
    settings[fields.START], settings[fields.END] = (
        symbols[_class_token(source.vectorizer, name)] for name in (START, END)
    )
    words, stems = split_classes(source.classes or {})
    for listed, values in ((words.items(), tables.values), (stems, tables.stems)):
        for word, name in listed:
            node = tables.letters.add(settings[fields.ROOT], map(ord, word))
            values[node] = symbols[_class_token(source.vectorizer, name)]


def _class_token(vectorizer: CountVectorizer, name: str) -> str:
    """Return the token that a vectoriser makes of the name of a class."""
    tokens = vectorizer.build_tokenizer()(vectorizer.build_preprocessor()(name))
    if len(tokens) != 1 or name != "".join(name.split()) or vectorizer.stop_words is not None:
        raise CannotCompile(f"the class {name!r} is not a single token for its vectoriser")
    return str(tokens[0])


def _padded(rows: Floats, width: int) -> Floats:
    padded = np.zeros((len(rows), width))
    padded[:, : rows.shape[1]] = rows
    return padded


def _arrays(tables: _Tables, width: int) -> dict[str, Any]:
    return {
        "parts": np.array(tables.parts, np.int32).reshape(-1, N_SETTINGS),
        "letter_parents": np.array(tables.letters.parents, np.int32),
        "letter_symbols": np.array(tables.letters.symbols, np.int32),
        "values": _by_node(tables.values, len(tables.letters.parents)),
        "stems": _by_node(tables.stems, len(tables.letters.parents)),
        "step_parents": np.array(tables.steps.parents, np.int32),
        "step_symbols": np.array(tables.steps.symbols, np.int32),
        "step_columns": _by_node(tables.step_columns, len(tables.steps.parents)),
        "symbol_nodes": np.array(tables.symbol_nodes, np.int32),
        "symbol_columns": np.array(tables.symbol_columns, np.int32),
        "weights": np.concatenate([*tables.weights, np.zeros((0, width))]),
    }


def _by_node(values: Mapping[int, int], size: int) -> NDArray[np.int32]:
    by_node = np.full(size, -1, np.int32)
    for node, value in values.items():
        by_node[node] = value
    return by_node


def _cue_arrays(cues: Sequence[_CueSource], width: int) -> dict[str, Any]:
    source = cues[0] if cues else _CueSource((), np.zeros((0, 0)), np.zeros((0, 0)))
    try:
        tables: CueTables = compile_cues([listed for _, listed in source.rules])
    except ValueError as error:
        raise CannotCompile(str(error)) from error
    return {
        "cues": tables,
        "cue_any": _padded(source.any_weights, width),
        "cue_earliest": _padded(source.first_weights, width),
    }
