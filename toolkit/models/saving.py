"""Save, inspect and load a model and its card; opening one runs no code from it."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import platform
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from toolkit.exceptions import ModelError, did_you_mean, quote
from toolkit.files.json_shapes import read_json
from toolkit.labels import LabelSet

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from toolkit.engine.inference.program import Skeleton

# Raise by one when a reader of the old number cannot read the new files.
MODEL_FORMAT = 1
# All types that skops does not trust of itself and that our pipelines hold. The list
# stands here and never in a model's file: a file must not say what it may run.
TRUSTED_TYPES = (
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "toolkit.estimators.lexicon.WordClasses",
    "toolkit.estimators.recalibration.Isotonic",
    "toolkit.estimators.recalibration.Recalibrated",
    "toolkit.estimators.recalibration.Temperature",
    "toolkit.estimators.rules.CueIndicators",
    "toolkit.estimators.rules.KeywordRules",
)
FILES = {"skops": "pipeline.skops", "joblib": "pipeline.joblib"}
COMPILED = "compiled.npz"
_EPOCH = (1980, 1, 1, 0, 0, 0)


# What manifest.json holds, checked by hand: to load pydantic would slow each command that labels.
_REQUIRED = {"file": str, "sha256": str, "bytes": int, "labels": dict, "versions": dict}
_OPTIONAL = {"experiment": str, "segmenter": str}
_COMPILED = {"reason": str, "file": str, "sha256": str, "bytes": int, "of": str}
_NAMES = {str: "text", int: "a whole number", dict: "keys with values"}
# Modules that have moved since models were saved that name them.
_MOVED = {f"toolkit.{name}": f"toolkit.estimators.{name}" for name in ("lexicon", "recalibration", "rules")}


@dataclass(frozen=True)
class SavedModel:
    """A fitted pipeline, its label set, and the manifest it was saved with.

    Attributes
    ----------
    labels : LabelSet
        Order of the probabilities.
    manifest : mapping
        As it was saved.
    open_pipeline : callable
        Opens the pipeline from the bytes that were read and checked.
    skeleton : Skeleton or None
        The pipeline, compiled, if it was saved with the model for the same bytes.
    """

    labels: LabelSet
    manifest: Mapping[str, Any]
    open_pipeline: Callable[[], Pipeline]
    skeleton: Skeleton | None = None

    @cached_property
    def pipeline(self) -> Pipeline:
        """The fitted pipeline itself; opened when first asked for."""
        return self.open_pipeline()


def save_model(
    folder: str | Path,
    pipeline: Pipeline,
    labels: LabelSet,
    about: Mapping[str, Any],
    card: str,
    probe: Sequence[str],
    model_format: str = "skops",
) -> dict[str, Any]:
    """Save a model, load it back, and compare what both say of some sentences.

    Parameters
    ----------
    folder : str or Path
        Made if need be; gets the pipeline, its compiled form if it has one, ``manifest.json``
        and ``README.md``.
    pipeline : Pipeline
        Fitted.
    labels : LabelSet
        Order of the probabilities.
    about : mapping
        Added to the manifest: experiment, corpus, segmenter.
    card : str
        The model card, in Markdown.
    probe : sequence of str
        Sentences labelled by both; at least one.
    model_format : str
        ``skops`` or ``joblib``.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    ModelError
        If the pipeline cannot be loaded back or then gives other probabilities.

    Notes
    -----
    A function defined in place (a lambda) is dumped without a word and cannot be loaded:
    this is why a model is always loaded before it counts as saved.
    """
    from toolkit.models.pipelines import predict_proba

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    name = FILES[model_format]
    content = _dump_skops(pipeline) if model_format == "skops" else _dump_joblib(pipeline)
    try:
        loaded = _load_skops(content, name) if model_format == "skops" else _load_joblib(content, name)
    except ModelError as error:
        raise ModelError(f"the pipeline was dumped but cannot be loaded back; use types that can [{name}]") from error
    if not np.allclose(predict_proba(pipeline, probe, labels), predict_proba(loaded, probe, labels), atol=1e-12):
        raise ModelError(f"the pipeline loaded back gives other probabilities; use another format [{name}]")
    digest = hashlib.sha256(content).hexdigest()
    compiled, about_compiled = _compile(loaded, probe, labels, digest)
    manifest = {
        "format": MODEL_FORMAT,
        "file": name,
        "sha256": digest,
        "bytes": len(content),
        "compiled": about_compiled,
        "labels": labels.to_dict(),
        "versions": versions(),
        **about,
    }
    (folder / name).write_bytes(content)
    if compiled:
        (folder / COMPILED).write_bytes(compiled)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(card, encoding="utf-8")
    return manifest


def _compile(
    pipeline: Pipeline, probe: Sequence[str], labels: LabelSet, digest: str
) -> tuple[bytes | None, dict[str, Any]]:
    """Compile a pipeline and compare it with itself; return the bytes, and what the manifest says of them."""
    from toolkit.engine.inference.compilation import compile_pipeline
    from toolkit.engine.inference.heads import CannotCompile
    from toolkit.engine.inference.scorer import Scorer
    from toolkit.engine.inference.storage import dump_skeleton, load_skeleton

    try:
        skeleton = compile_pipeline(pipeline)
        content = dump_skeleton(skeleton)
    except CannotCompile as error:
        return None, {"reason": str(error)}
    expected = pipeline.predict_proba(list(probe))
    found = Scorer(load_skeleton(content), pipeline.predict_proba).predict_proba(list(probe))
    # What scikit-learn rounds to single precision, or takes the logarithm of beside 1, it knows no better.
    rounded = skeleton.single or skeleton.link.startswith("scalings")
    if not np.allclose(found, expected, rtol=0, atol=1e-5 if rounded else 1e-8):
        raise ModelError("the compiled pipeline gives other probabilities; report the model as a bug")
    own = hashlib.sha256(content).hexdigest()
    return content, {"file": COMPILED, "sha256": own, "bytes": len(content), "of": digest}


def _read_compiled(folder: Path, manifest: Mapping[str, Any]) -> Skeleton | None:
    """Read the compiled pipeline if it is there, intact, and of the pipeline that lies beside it."""
    from toolkit.engine.inference.storage import load_skeleton

    about = manifest.get("compiled")
    if not isinstance(about, dict) or about.get("of") != manifest["sha256"] or about.get("file") != COMPILED:
        return None
    try:
        content = (folder / COMPILED).read_bytes()
        if hashlib.sha256(content).hexdigest() != about.get("sha256"):
            return None
        return load_skeleton(content)
    except (OSError, ValueError):
        # Nothing is lost: the pipeline itself is compiled anew.
        return None


def versions() -> dict[str, str]:
    """Return the versions of whatever a prediction depends on."""
    packages = ("scikit-learn", "numpy", "scipy", "skops", "joblib", "datasets")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def inspect_model(folder: str | Path) -> dict[str, Any]:
    """Say what a model is and needs, without running anything from it.

    Parameters
    ----------
    folder : str or Path
        A model's folder.

    Returns
    -------
    dict
        The manifest, whether the file is the one it names (``intact``), the types in it
        (``types``; of a joblib file none can be known), and those not trusted.

    Raises
    ------
    ModelError
        If the folder holds no model.

    Examples
    --------
    >>> inspection = inspect_model("runs/default/model")  # doctest: +SKIP
    >>> inspection["intact"], inspection["untrusted"]  # doctest: +SKIP
    (True, [])
    """
    folder, manifest, content = _read(folder)
    intact = hashlib.sha256(content).hexdigest() == manifest["sha256"]
    known = manifest["file"] == FILES["skops"]
    types = _types(content, str(folder / manifest["file"])) if known else []
    untrusted = (
        _untrusted(content, str(folder / manifest["file"])) if known else ["anything: a joblib file can run code"]
    )
    return {"manifest": manifest, "intact": intact, "types": types, "untrusted": untrusted}


def load_saved(folder: str | Path, trusted: bool = False) -> SavedModel:
    """Load a model from its folder.

    Parameters
    ----------
    folder : str or Path
        As :func:`save_model` wrote it.
    trusted : bool
        Whether you trust who made it: a joblib file runs code when opened and is opened
        only then. A skops file needs no trust.

    Returns
    -------
    SavedModel

    Raises
    ------
    ModelError
        If the folder holds no model, its file is not the one the manifest names, is of
        another scikit-learn, holds a type not trusted, or is joblib and not trusted.
    """
    folder, manifest, content = _read(folder)
    path = folder / manifest["file"]
    if hashlib.sha256(content).hexdigest() != manifest["sha256"]:
        raise ModelError(
            f"the file is not the one its manifest names (SHA-256 differs); train or copy it again [{path}]"
        )
    theirs, ours = manifest["versions"].get("scikit-learn"), version("scikit-learn")
    if theirs != ours:
        raise ModelError(
            f"the model was fitted with scikit-learn {theirs}, {ours} is installed; "
            f"install scikit-learn=={theirs} or train again [{path}]"
        )
    if manifest["file"] == FILES["joblib"] and not trusted:
        raise ModelError(
            "a joblib model runs code when it is opened; if you trust who made it, "
            f"pass trusted=True (--trust on the command line) [{path}]"
        )
    load = _load_skops if manifest["file"] == FILES["skops"] else _load_joblib
    model = SavedModel(
        LabelSet.from_dict(manifest["labels"]),
        manifest,
        partial(load, content, str(path)),
        _read_compiled(folder, manifest),
    )
    # What is wrong with the file is said now, not when it is first used.
    given = model.pipeline.classes_ if model.skeleton is None else model.skeleton.classes
    strangers = sorted(set(map(str, given)) - set(model.labels.names))
    if strangers:
        raise ModelError(
            f"the model gives the label {strangers[0]!r}, which its manifest lacks; "
            f"train or copy it again [{folder / 'manifest.json'}]"
        )
    return model


def _read(folder: str | Path) -> tuple[Path, dict[str, Any], bytes]:
    folder = Path(folder)
    path = folder / "manifest.json"
    try:
        manifest = read_json(path)
    except OSError as error:
        siblings = (other.name for other in folder.parent.parent.glob("*/model")) if folder.name != "model" else ()
        near = did_you_mean(folder.name, siblings)
        raise ModelError(
            f"there is no model; train one with 'toolkit train' or name its folder{near} [{folder}]"
        ) from error
    except ValueError as error:
        raise ModelError(f"the manifest is not valid JSON; train or copy the model again [{path}]") from error
    if isinstance(manifest, dict) and "schema" in manifest:
        raise ModelError(f"the folder is a run; name the model in it [{folder / 'model'}]")
    found = next(_misfits(manifest, "the manifest", {"format": object}), None)
    if not found and manifest["format"] != MODEL_FORMAT:
        raise ModelError(
            f"the model has format {manifest['format']!r}, this toolkit reads {MODEL_FORMAT}; "
            f"train again or use the toolkit that wrote it [{path}]"
        )
    found = found or next(_manifest_misfits(manifest), None)
    if found:
        raise ModelError(f"{found}; train or copy the model again [{path}]")
    try:
        LabelSet.from_dict(manifest["labels"])
    except ValueError as error:
        raise ModelError(f"labels is no label set; train or copy the model again [{path}]") from error
    # The name comes from a file: only the two names we write are ever opened.
    if manifest["file"] not in FILES.values():
        raise ModelError(
            f"the manifest names the file {manifest['file']!r}, expected {' or '.join(FILES.values())}; "
            f"train or copy the model again [{path}]"
        )
    try:
        return folder, manifest, (folder / manifest["file"]).read_bytes()
    except OSError as error:
        raise ModelError(
            f"the model's file is missing; train or copy it again [{folder / manifest['file']}]"
        ) from error


def _manifest_misfits(manifest: Mapping[str, Any]) -> Iterator[str]:
    yield from _misfits(manifest, "the manifest", _REQUIRED, _OPTIONAL)
    yield from _misfits(manifest["versions"], "versions", {}, dict.fromkeys(manifest["versions"], str))
    if manifest.get("compiled") is not None:
        yield from _misfits(manifest["compiled"], "compiled", {}, _COMPILED)


def _misfits(
    value: Any, place: str, required: Mapping[str, type], optional: Mapping[str, type] = MappingProxyType({})
) -> Iterator[str]:
    """Say which keys of plain data are missing or hold values of other types."""
    if not isinstance(value, dict):
        yield f"{place} is {quote(value, 40)}, expected keys with values"
        return
    for key in required:
        if key not in value:
            yield f"{place} lacks {key!r}"
            return
    for key, kind in {**required, **optional}.items():
        if key in value and not (_is_count(value[key]) if kind is int else isinstance(value[key], kind)):
            name = key if place == "the manifest" else f"{place}.{key}"
            yield f"{name} is {quote(value[key], 40)}, expected {_NAMES[kind]}"


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**53


def translated(content: bytes) -> bytes:
    """Return a skops file in which modules that have moved since are named as they are today.

    Raises
    ------
    ModelError
        If it is not a skops file.
    """
    buffer = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(buffer, "w") as written:
            for entry in archive.infolist():
                data = archive.read(entry)
                if entry.filename == "schema.json":
                    schema = json.loads(data)
                    for node in _nodes(schema):
                        if "__module__" in node:
                            node["__module__"] = _MOVED.get(node["__module__"], node["__module__"])
                    data = json.dumps(schema, separators=(",", ":")).encode()
                written.writestr(entry, data, compresslevel=9)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ModelError("the skops file is damaged; train or copy the model again") from error
    return buffer.getvalue()


def _dump_joblib(pipeline: Pipeline) -> bytes:
    import joblib

    buffer = io.BytesIO()
    joblib.dump(pipeline, buffer, compress=3)
    return buffer.getvalue()


def _load_joblib(content: bytes, where: str) -> Pipeline:
    import joblib

    try:
        return joblib.load(io.BytesIO(content))
    except Exception as error:
        raise ModelError(f"the joblib file cannot be opened; train or copy it again [{where}]") from error


def _dump_skops(pipeline: Pipeline) -> bytes:
    import skops.io

    return _canonical(skops.io.dumps(pipeline))


def _load_skops(content: bytes, where: str) -> Pipeline:
    import skops.io

    untrusted = _untrusted(content, where)
    if untrusted:
        raise ModelError(f"the model holds the type {untrusted[0]!r}, which is not trusted; train it again [{where}]")
    try:
        return skops.io.loads(content, trusted=list(TRUSTED_TYPES))
    except Exception as error:
        raise ModelError(f"the skops file is damaged; train or copy the model again [{where}]") from error


def _untrusted(content: bytes, where: str) -> list[str]:
    import skops.io

    try:
        return sorted(set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED_TYPES))
    except Exception as error:
        raise ModelError(f"the skops file is damaged; train or copy the model again [{where}]") from error


def _types(content: bytes, where: str) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            schema = json.loads(archive.read("schema.json"))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ModelError(f"the skops file is damaged; train or copy the model again [{where}]") from error
    found = {f"{node['__module__']}.{node['__class__']}" for node in _nodes(schema) if "__class__" in node}
    return sorted(found)


def _nodes(value: Any) -> list[dict[str, Any]]:
    """List all JSON objects in a value, parents first, in order."""
    found, left = [], [value]
    while left:
        item = left.pop()
        if isinstance(item, dict):
            found.append(item)
            left.extend(reversed(item.values()))
        elif isinstance(item, list):
            left.extend(reversed(item))
    return found


def _canonical(content: bytes) -> bytes:
    """Rewrite a skops file so that equal models are equal bytes, and deflate it.

    skops numbers its nodes and files by memory address and stamps the time; here they
    are numbered in order and the stamp is fixed. Plain values get a number each: whether
    two equal ones are one object in memory depends on how the pipeline travelled.
    """
    numbers = itertools.count(1)
    shared: dict[int, int] = {}
    renamed: dict[str, str] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        schema = json.loads(archive.read("schema.json"))
        for node in _nodes(schema):
            # scikit-learn keeps the memory address of a vectoriser's stop words, and does without.
            node.pop("_stop_words_id", None)
            if "__id__" in node:
                plain = node.get("__loader__") == "JsonNode"
                node["__id__"] = next(numbers) if plain else shared.setdefault(node["__id__"], next(numbers))
            if isinstance(node.get("file"), str):
                name = renamed.setdefault(node["file"], f"{len(renamed)}{Path(node['file']).suffix}")
                node["file"] = name
        files = {name: archive.read(old) for old, name in renamed.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in [*files.items(), ("schema.json", json.dumps(schema, separators=(",", ":")).encode())]:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data, compresslevel=9)
    return buffer.getvalue()
