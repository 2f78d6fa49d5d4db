"""Names of experiments, or a folder -> experiment files in the order to train them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from toolkit.config.reading import read_experiment
from toolkit.exceptions import ConfigError, ToolkitError


def find_experiments(names: Iterable[str | Path], folder: str | Path = "experiments") -> list[Path]:
    """List experiment files in the order to train them: a baseline before the experiments that name it.

    Parameters
    ----------
    names : iterable of str or Path
        Files, or bare names that are looked up in the folder; if there are none, all
        experiments of the folder but those with an encoder, which take long and need the extra
        ``accurate``.
    folder : str or Path
        The folder of experiments.

    Raises
    ------
    ConfigError
        If there is no experiment, or one of them is not valid.
    ToolkitError
        If an experiment is, by way of others, its own baseline.

    Examples
    --------
    >>> [path.stem for path in find_experiments(["svm", "words"])]
    ['words', 'svm']
    """
    folder = Path(folder)
    named = [_find(name, folder) for name in names]
    read = {path: read_experiment(path) for path in named or sorted(folder.glob("*.toml"))}
    experiments = {path: experiment for path, experiment in read.items() if named or experiment.encoder is None}
    if not experiments:
        raise ConfigError(f"there is no experiment; write one or name a file [{folder}]")
    path_of = {experiment.name: path for path, experiment in experiments.items()}
    baselines = {path: path_of.get(experiment.baseline or "") for path, experiment in experiments.items()}
    return _order(experiments, baselines)


def _find(name: str | Path, folder: Path) -> Path:
    path, bare = Path(name), folder / f"{name}.toml"
    return bare if not path.suffix and not path.exists() and bare.is_file() else path


def _order(paths: Iterable[Path], baselines: Mapping[Path, Path | None]) -> list[Path]:
    ordered: list[Path] = []

    def add(path: Path, dependents: tuple[Path, ...]) -> None:
        if path in dependents:
            raise ToolkitError(f"the baseline of {path.stem!r} leads back to itself; name another [{path}]")
        baseline = baselines[path]
        if baseline is not None and baseline != path:
            add(baseline, (*dependents, path))
        if path not in ordered:
            ordered.append(path)

    for path in paths:
        add(path, ())
    return ordered
