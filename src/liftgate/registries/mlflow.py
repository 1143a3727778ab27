"""MLflow's tracking server and model registry, through its own client (``liftgate[mlflow]``).

Names and passwords come from the client's environment (``MLFLOW_TRACKING_USERNAME``,
``MLFLOW_TRACKING_TOKEN``) and never from an address, which is kept in the ledger.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from liftgate.canon import sha256_of_file
from liftgate.errors import DataError, LiftgateError, Unavailable, UnknownName
from liftgate.protocols import ModelVersion

_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
"""Settings of the client, unless the user has set them: offline, and an answer within a minute."""
_MISSING = ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND")
_PAGE = 200
_GONE = 404
_P = ParamSpec("_P")
_T = TypeVar("_T")


def open_registry(place: str) -> MlflowRegistry:
    """Open the registry of a tracking server.

    Args:
        place: its address, e.g. ``http://mlflow.example:5000``, or what the client takes else.

    Raises:
        DataError: the address carries a password, or is none.
        Unavailable: the client is not installed.
    """
    if not place:
        raise DataError("registry: got mlflow: without an address", hint="e.g. mlflow:http://…")
    if urlsplit(place).password or urlsplit(place).username:
        raise DataError(
            "registry: the address carries a name or a password, and addresses are kept",
            hint="set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
        )
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise Unavailable(
            f"registry mlflow: its client cannot be imported: {error}",
            hint="pip install 'liftgate[mlflow]'",
        ) from error
    return MlflowRegistry(place, MlflowClient(place))


def _told(call: Callable[_P, _T]) -> Callable[_P, _T]:
    """Turn what the client raises into errors of this tree."""

    @wraps(call)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return call(*args, **kwargs)
        except LiftgateError:
            raise
        except Exception as error:
            raise Unavailable(
                f"registry mlflow: {_first_line(error)}",
                hint="does the server answer, and may you do this there?",
            ) from error

    return wrapped


class MlflowRegistry:
    """One tracking server; see ``protocols.registries.Registry``."""

    def __init__(self, place: str, client: Any) -> None:
        self.place = f"mlflow:{place}"
        self._address = place
        self._client = client

    @_told
    def models(self) -> Iterator[str]:
        """Yield the names of all registered models."""
        names = [one.name for one in _pages(self._client.search_registered_models)]
        return iter(sorted(names))

    @_told
    def aliases(self, model: str) -> Mapping[str, str]:
        """Return alias -> version. Raises UnknownName: no such model."""
        found = _known(lambda: self._client.get_registered_model(model), "model", model)
        return {name: str(version) for name, version in found.aliases.items()}

    @_told
    def version(self, model: str, version: str) -> ModelVersion:
        """Return one version. Raises UnknownName: there is none."""
        one = _known(
            lambda: self._client.get_model_version(model, version),
            f"version of {model}",
            version,
        )
        return ModelVersion(
            model, str(one.version), one.source or "", one.run_id or None, dict(one.tags)
        )

    @_told
    def files(self, model: str, version: str) -> Mapping[str, str]:
        """Return path -> digest of a version's files; empty: the storage says that it has none.

        Raises:
            Unavailable: the storage behind the server does not answer, refuses, or needs a client
                that is not installed here: that is no word about the files.
        """
        from mlflow.artifacts import download_artifacts

        with tempfile.TemporaryDirectory() as folder:
            try:
                held = Path(
                    download_artifacts(
                        artifact_uri=self._client.get_model_version_download_uri(model, version),
                        dst_path=folder,
                        tracking_uri=self._address,
                    )
                )
            except Exception as error:
                if _is_absent(error):
                    return {}
                raise
            found = sorted(path for path in Path(folder).rglob("*") if path.is_file())
            root = held if held.is_dir() else held.parent
            return {path.relative_to(root).as_posix(): sha256_of_file(path) for path in found}

    @_told
    def tag(self, model: str, version: str, tags: Mapping[str, str | None]) -> None:
        """Write tags on a version; None takes one away."""
        for name, value in tags.items():
            if value is None:
                self._client.delete_model_version_tag(model, version, name)
            else:
                self._client.set_model_version_tag(model, version, name, value)

    @_told
    def point(self, model: str, alias: str, version: str | None) -> None:
        """Let an alias point at a version; None: remove the alias."""
        if version is None:
            self._client.delete_registered_model_alias(model, alias)
        else:
            self._client.set_registered_model_alias(model, alias, version)

    @_told
    def run(self, run: str) -> Mapping[str, Any]:
        """Return a run's state, parameters, metrics, tags, data sets and files, as JSON."""
        told = _known(lambda: self._client.get_run(run), "run", run).to_dictionary()
        told["files"] = dict(sorted(self._listed(run)))
        return dict(told)

    @_told
    def runs(self, experiment: str) -> Iterator[str]:
        """Yield the ids of an experiment's runs. Raises UnknownName: no such experiment."""
        found = self._client.get_experiment_by_name(experiment)
        if found is None:
            raise UnknownName("experiment", experiment, ())
        named = [found.experiment_id]
        pages = _pages(lambda **page: self._client.search_runs(named, **page))
        return iter([one.info.run_id for one in pages])

    def _listed(self, run: str, folder: str | None = None) -> Iterator[tuple[str, int]]:
        for one in self._client.list_artifacts(run, folder):
            if one.is_dir:
                yield from self._listed(run, one.path)
            else:
                yield one.path, int(one.file_size or 0)


def _pages(search: Callable[..., Any]) -> Iterator[Any]:
    token = None
    while True:
        page = search(max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _known(call: Callable[[], Any], kind: str, name: str) -> Any:
    try:
        return call()
    except Exception as error:
        if getattr(error, "error_code", None) in _MISSING:
            raise UnknownName(kind, name, ()) from error
        raise


def _is_absent(error: BaseException | None) -> bool:
    """Whether the storage said that there is nothing, and not that it could not be asked."""
    while error is not None:
        status = getattr(getattr(error, "response", None), "status_code", None)
        code = getattr(error, "error_code", None)
        if isinstance(error, FileNotFoundError) or status == _GONE or code in _MISSING:
            return True
        error = error.__cause__ or error.__context__
    return False


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
