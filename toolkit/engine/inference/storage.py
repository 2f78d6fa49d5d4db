"""A compiled pipeline <-> the bytes of a file of plain arrays: no code in it, and equal bytes for equal pipelines."""

from __future__ import annotations

import io
import json
import tokenize
import unicodedata
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.engine.characters import N_CODE_POINTS, WORD, kinds
from toolkit.engine.inference import records as fields
from toolkit.engine.inference.cues import BITS, CueTables
from toolkit.engine.inference.inverse_links import INVERSE_LINKS, RECALIBRATORS
from toolkit.engine.inference.records import N_SETTINGS, CompiledPipeline, HashedPart
from toolkit.engine.inference.tries import NODE_BITS, SYMBOL_BITS

# To be raised by one when a reader of the old number cannot read the new file.
FORMAT = 1
# What reading a damaged archive, or arrays that do not fit, may raise besides ValueError.
_DAMAGE = (
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    MemoryError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    TypeError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
_EPOCH = (1980, 1, 1, 0, 0, 0)
_ARRAYS = (
    "parts",
    "letter_parents",
    "letter_symbols",
    "values",
    "stems",
    "step_parents",
    "step_symbols",
    "step_columns",
    "symbol_nodes",
    "symbol_columns",
    "weights",
    "cue_any",
    "cue_earliest",
    "offsets",
)
_CUE_ARRAYS = tuple(name for name in CueTables._fields if name != "symbols")
_HASHED_ARRAYS = {
    "idf": np.float64,
    "weights": np.float64,
    "stop_hashes": np.int32,
    "stop_bounds": np.int64,
    "stop_bytes": np.uint8,
}
_HASHED_NUMBERS = tuple(name for name in HashedPart._fields if name not in _HASHED_ARRAYS)
_FLOATS = ("weights", "cue_any", "cue_earliest", "offsets")
_TABLES = ("parts", "weights", "cue_any", "cue_earliest", "cues.moves", "cues.parts", "cues.end_parts")


def dump_compiled(compiled: CompiledPipeline) -> bytes:
    """Write a compiled pipeline as bytes.

    Examples
    --------
    >>> from toolkit.engine.inference.compilation import compile_fitted
    >>> from toolkit.estimators.rules import KeywordRules
    >>> from sklearn.pipeline import make_pipeline
    >>> rules = make_pipeline(KeywordRules([("a", ["denied"])], "b")).fit(["he denied", "no"], ["a", "b"])
    >>> content = dump_compiled(compile_fitted(rules))
    >>> load_compiled(content).classes
    ('a', 'b')
    """
    plain = (kinds() & WORD).astype(np.uint8)
    special = np.flatnonzero(compiled.cues.symbols != plain)
    about = {
        "format": FORMAT,
        "unicode": unicodedata.unidata_version,
        "link": compiled.inverse_link,
        "classes": compiled.classes,
        "views": compiled.views,
        "n_scores": compiled.n_scores,
    }
    if compiled.hashed:
        about["hashed"] = [{name: getattr(part, name) for name in _HASHED_NUMBERS} for part in compiled.hashed]
    if compiled.single:
        about["single"] = True
    arrays = {name: getattr(compiled, name) for name in _ARRAYS}
    arrays |= {f"cues.{name}": getattr(compiled.cues, name) for name in _CUE_ARRAYS}
    arrays |= {"cues.special": special.astype(np.int32), "cues.symbols": compiled.cues.symbols[special]}
    arrays |= {f"settings.{name}": array for name, array in compiled.settings.items()}
    for place, part in enumerate(compiled.hashed):
        arrays |= {f"hashed.{place}.{name}": getattr(part, name) for name in _HASHED_ARRAYS}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _add(archive, "about.json", json.dumps(about, sort_keys=True).encode(), zipfile.ZIP_DEFLATED)
        for name, array in sorted(arrays.items()):
            content = io.BytesIO()
            np.save(content, array, allow_pickle=False)
            # Weights hardly deflate, and inflating them would take most of the time to load.
            method = zipfile.ZIP_STORED if name in _FLOATS else zipfile.ZIP_DEFLATED
            _add(archive, f"{name}.npy", content.getvalue(), method)
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes, method: int) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = method
    archive.writestr(entry, content, compresslevel=6)


def load_compiled(content: bytes) -> CompiledPipeline:
    """Read what :func:`dump_compiled` wrote, and check that no number leads out of an array.

    Raises
    ------
    ValueError
        If it is not such a file, if it is of another format or of a Python with other character
        data, or if its arrays do not fit each other.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            about = json.loads(archive.read("about.json"))
            if about["format"] != FORMAT or about["unicode"] != unicodedata.unidata_version:
                raise ValueError("another format or another Unicode version came; compile the pipeline again")
            arrays = {
                name.removesuffix(".npy"): np.load(io.BytesIO(archive.read(name)), allow_pickle=False)
                for name in archive.namelist()
                if name.endswith(".npy")
            }
        compiled = _restore(about, arrays)
        check_compiled(compiled)
    except _DAMAGE as error:
        raise ValueError("the file does not hold a compiled pipeline; compile the pipeline again") from error
    return compiled


def _restore(about: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> CompiledPipeline:
    symbols = (kinds() & WORD).astype(np.uint8)
    special = arrays["cues.special"]
    _check(_within(special, 0, N_CODE_POINTS), "cues.special")
    symbols[special] = arrays["cues.symbols"]
    cues = CueTables(symbols=symbols, **{name: arrays[f"cues.{name}"] for name in _CUE_ARRAYS})
    settings = {name.removeprefix("settings."): array for name, array in arrays.items() if name.startswith("settings.")}
    return CompiledPipeline(
        **{name: arrays[name] for name in _ARRAYS},
        cues=cues,
        inverse_link=str(about["link"]),
        settings=settings,
        classes=tuple(map(str, about["classes"])),
        views=tuple((bool(lowercase), accents) for lowercase, accents in about["views"]),
        n_scores=int(about["n_scores"]),
        hashed=tuple(
            _restore_hashed(numbers, {name: arrays[f"hashed.{place}.{name}"] for name in _HASHED_ARRAYS})
            for place, numbers in enumerate(about.get("hashed", ()))
        ),
        single=bool(about.get("single", False)),
    )


def _restore_hashed(numbers: dict[str, Any], arrays: dict[str, Any]) -> HashedPart:
    # Machine code is compiled for exactly these types.
    kinds = {"binary": bool, "signed": bool}
    typed: dict[str, Any] = {name: kinds.get(name, int)(numbers[name]) for name in _HASHED_NUMBERS}
    return HashedPart(**typed, **arrays)


def check_compiled(compiled: CompiledPipeline) -> None:
    """Check that all indexes in a compiled pipeline stay within the arrays that they point into.

    Machine code does not check them: a file that came from elsewhere is checked once, here.

    Raises
    ------
    ValueError
        With the name of the array that does not fit.
    """
    width, n_columns = len(compiled.offsets), len(compiled.weights)
    n_nodes, n_steps, n_symbols = len(compiled.values), len(compiled.step_columns), len(compiled.symbol_nodes)
    cues, (n_states, n_cue_symbols) = compiled.cues, compiled.cues.moves.shape
    n_words, n_rules = len(cues.first), len(compiled.cue_any)
    for name in _ARRAYS:
        _check_array(getattr(compiled, name), np.float64 if name in _FLOATS else np.int32, name)
    for name in CueTables._fields:
        types = {
            "symbols": np.uint8,
            "is_word": np.uint8,
            "after_word": np.uint8,
            "moves": np.int32,
            "rules": np.int32,
        }
        _check_array(getattr(cues, name), types.get(name, np.int64), f"cues.{name}")
    _check(width % 8 == 0 and 0 < compiled.n_scores < width, "offsets")
    _check(compiled.weights.shape == (n_columns, width), "weights")
    _check(compiled.cue_any.shape == compiled.cue_earliest.shape == (n_rules, width) and n_rules <= BITS, "cue_any")
    _check_trie(compiled.letter_parents, compiled.letter_symbols, N_CODE_POINTS, n_nodes, "letters")
    _check_trie(compiled.step_parents, compiled.step_symbols, n_symbols, n_steps, "steps")
    _check(compiled.stems.shape == (n_nodes,) and _within(compiled.stems, -1, n_symbols), "stems")
    _check(_within(compiled.step_columns, -1, n_columns), "step_columns")
    _check(_within(compiled.symbol_nodes, -1, n_steps), "symbol_nodes")
    _check(compiled.symbol_columns.shape == (n_symbols,), "symbol_columns")
    _check(_within(compiled.symbol_columns, -1, n_columns), "symbol_columns")
    _check(cues.symbols.shape == (N_CODE_POINTS,) and _within(cues.symbols, 0, n_cue_symbols), "cues.symbols")
    _check(_within(cues.moves, 0, n_states) and n_states > 0, "cues.moves")
    _check(cues.is_word.shape == (n_cue_symbols,) and cues.after_word.shape == cues.hits.shape == (n_states,), "cues")
    _check(cues.parts.shape == cues.end_parts.shape == (n_states, n_words) and cues.last.shape == (n_words,), "cues")
    _check(cues.rules.shape == (64 * n_words,) and _within(cues.rules, 0, max(n_rules, 1)), "cues.rules")
    _check(n_symbols < 1 << SYMBOL_BITS, "symbol_nodes")
    _check(max(n_nodes, n_steps) <= 1 << NODE_BITS, "letters")
    _check(all(accents in (None, "unicode", "ascii") for _, accents in compiled.views), "views")
    # Each view takes megabytes.
    _check(len(set(compiled.views)) == len(compiled.views), "views")
    _check_parts(compiled, n_nodes, n_symbols, n_columns)
    for part in compiled.hashed:
        _check_hashed(part, len(compiled.views), compiled.n_scores)
    _check_link(compiled)


def _check_array(array: NDArray[Any], kind: type, name: str) -> None:
    n_dimensions = 2 if name.removeprefix("hashed.") in _TABLES else 1
    _check(array.dtype == kind and array.ndim == n_dimensions and array.flags.c_contiguous, name)


def _check_hashed(part: HashedPart, n_views: int, n_scores: int) -> None:
    for name, kind in _HASHED_ARRAYS.items():
        _check_array(getattr(part, name), kind, f"hashed.{name}")
    _check(0 <= part.kind < fields.CLASSES and 0 <= part.tokens < 4 and 0 <= part.view_number < n_views, "hashed")
    _check(0 <= part.norm < 3 and 0 <= part.growth < 3 and 0 <= part.second_norm < 3, "hashed")
    _check(1 <= part.shortest <= part.longest < 1000, "hashed")
    n_features = len(part.weights)
    _check(part.weights.shape == (n_features, n_scores) and 0 < n_features < 1 << 31, "hashed.weights")
    _check(part.idf.shape in ((0,), (n_features,)), "hashed.idf")
    bounds = part.stop_bounds
    _check(bounds.shape == (len(part.stop_hashes) + 1,) and bounds[0] == 0, "hashed.stop_bounds")
    _check(bounds[-1] == len(part.stop_bytes) and bool((np.diff(bounds) >= 0).all()), "hashed.stop_bounds")


def _check_link(compiled: CompiledPipeline) -> None:
    """Check that the inverse link returns as many probabilities as there are classes."""
    n_scores, n_classes, settings = compiled.n_scores, len(compiled.classes), compiled.settings
    inverse_link, *recalibrators = compiled.inverse_link.split("|")
    _check(inverse_link in INVERSE_LINKS and all(name in RECALIBRATORS for name in recalibrators), "link")
    _check(all(array.dtype == np.float64 for array in settings.values()), "settings")
    # With two classes scikit-learn has scores of the second only.
    expected = 2 if n_scores == 1 else n_scores
    if inverse_link == "expit":
        _check(n_scores == 1, "link")
    elif inverse_link == "softmax":
        expected = n_scores
    elif inverse_link == "first_rule":
        expected = n_classes
        _check(settings["table"].shape == (n_scores + 1, n_classes), "settings")
    elif inverse_link == "sigmoids":
        slopes, starts = settings["slopes"], settings["starts"]
        _check(slopes.ndim == 2 and slopes.shape == starts.shape and slopes.size == n_scores, "settings")
        expected = max(2, slopes.shape[1])
    elif inverse_link in ("curves", "scalings"):
        n_members = settings["n_members"][0] if inverse_link == "curves" else len(settings["betas"])
        _check(n_members in range(1, n_scores + 1), "settings")
        expected = max(2, n_scores // int(n_members))
        if inverse_link == "curves":
            _check_curves(settings, "curve", n_scores)
    if "temperature" in recalibrators:
        _check(settings["temperature"][0] > 0, "settings")
    if "bias_corrected" in recalibrators:
        _check(settings["bias_temperature"][0] > 0 and np.isfinite(settings["biases"]).all(), "settings")
        _check(settings["biases"].shape == (n_classes,), "settings")
    if "isotonic" in recalibrators:
        _check_curves(settings, "isotonic", n_classes)
    _check(n_classes == expected == len(set(compiled.classes)), "classes")


def _check_curves(settings: dict[str, NDArray[np.float64]], name: str, n_curves: int) -> None:
    starts, inputs, outputs = (settings[f"{name}_{what}"] for what in ("starts", "inputs", "outputs"))
    _check(starts.shape == (n_curves + 1,) and inputs.shape == outputs.shape == (int(starts[-1]),), "settings")
    _check(starts[0] == 0 and bool((np.diff(starts) >= 1).all()) and bool((starts % 1 == 0).all()), "settings")


def _check_parts(compiled: CompiledPipeline, n_nodes: int, n_symbols: int, n_columns: int) -> None:
    parts = compiled.parts
    _check(parts.shape[1] == N_SETTINGS, "parts")
    limits = {
        fields.KIND: (0, 4),
        fields.VIEW: (0, len(compiled.views)),
        fields.ROOT: (0, n_nodes),
        fields.TOKENS: (0, 4),
        fields.GROWTH: (0, 3),
        fields.NORM: (0, 3),
        fields.START: (fields.SKIPPED, n_symbols),
        fields.END: (fields.SKIPPED, n_symbols),
    }
    for column, (least, behind) in limits.items():
        _check(_within(parts[:, column], least, behind), "parts")
    shortest, longest = parts[:, fields.SHORTEST], parts[:, fields.LONGEST]
    _check(bool(((shortest >= 1) & (longest >= shortest) & (longest < 1000)).all()), "parts")
    bounds = [0, *parts[:, fields.LAST].tolist()]
    _check(parts[:, fields.FIRST].tolist() == bounds[:-1] and bounds[-1] == n_columns, "parts")
    _check(bounds == sorted(bounds), "parts")
    in_order = [number for number in parts[:, fields.SEQUENCE].tolist() if number >= 0]
    has_tokens = (parts[:, fields.KIND] == fields.WORDS) | (parts[:, fields.KIND] == fields.CLASSES)
    _check(in_order == list(range(int(has_tokens.sum()))), "parts")
    _check(((parts[:, fields.SEQUENCE] >= 0) == has_tokens).all(), "parts")


def _check_trie(parents: NDArray[Any], symbols: NDArray[Any], n_symbols: int, size: int, name: str) -> None:
    _check(parents.shape == symbols.shape == (size,), name)
    _check(bool((parents < np.arange(size)).all()) and _within(parents, -1, max(size, 1)), name)
    _check(_within(symbols, 0, max(n_symbols, 1)), name)


def _within(array: NDArray[Any], least: int, behind: int) -> bool:
    return array.size == 0 or (int(array.min()) >= least and int(array.max()) < behind)


def _check(fits: object, name: str) -> None:
    if not fits:
        raise ValueError(f"{name!r} of the compiled pipeline does not fit the rest; compile the pipeline again")
