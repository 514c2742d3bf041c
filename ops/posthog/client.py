"""PostHog's private API for one project: the lists of its objects, their changes, and a count of events."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import httpx2
from pydantic import BaseModel, ValidationError

from cli.errors import UserError
from ops.posthog.found import Alert, Dashboard, Insight, Kind, User
from ops.posthog.refusals import KEY, RefusedError, make_key, refusal, silence, undocumented

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from settings.schema import PostHog

Model = TypeVar("Model", bound=BaseModel)
_PATIENCE_S = 30.0
_PAGE = 100
_MOST_PAGES = 200
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class _Page(BaseModel):
    next: str | None = None
    results: list[dict[str, Any]]


class _Made(BaseModel):
    id: int | str


class _Counted(BaseModel):
    results: list[tuple[int]]


class Client:
    """One project. Every method raises UserError with a remedy where PostHog refuses or does not answer."""

    def __init__(self, settings: PostHog, http: httpx2.Client) -> None:
        self.settings = settings
        self._http = http

    def dashboards(self) -> list[Dashboard]:
        """Return the dashboards that are not deleted."""
        return self._all("dashboard", Dashboard, {})

    def insights(self) -> list[Insight]:
        """Return the insights that are not deleted, without their results."""
        # Without an order of its own the list is ordered by a column that most insights leave empty, so that
        # an insight could be on two pages or on none.
        return self._all("insight", Insight, {"basic": "true", "order": "id"})

    def alerts(self) -> list[Alert]:
        """Return the alerts, also those of deleted insights: PostHog keeps and counts them."""
        return self._all("alert", Alert, {})

    def user(self) -> User:
        """Return the owner of the key."""
        doing = "read the owner of the key"
        return self._read(User, self._ask("GET", "/api/users/@me/", doing), doing)

    def create(self, kind: Kind, body: Mapping[str, Any]) -> int | str:
        """Create an object and return its id."""
        doing = f"create the {kind} “{body['name']}”"
        answer = self._ask("POST", self._path(kind), doing, json=body)
        return self._read(_Made, answer, doing).id

    def change(self, kind: Kind, identifier: int | str, body: Mapping[str, Any], name: str) -> None:
        """Change the fields of an object that the body names."""
        self._ask("PATCH", f"{self._path(kind)}{identifier}/", f"change the {kind} “{name}”", json=body)

    def delete(self, kind: Kind, identifier: int | str, name: str) -> None:
        """Delete an object; one that is gone already counts as deleted."""
        path, doing = f"{self._path(kind)}{identifier}/", f"delete the {kind} “{name}”"
        try:
            if kind == "alert":
                self._ask("DELETE", path, doing)
            else:
                # PostHog has no DELETE for these: it hides them.
                self._ask("PATCH", path, doing, json={"deleted": True})
        except RefusedError as error:
            if error.status != 404:
                raise

    def count(self, hogql: str) -> int:
        """Return the number that a query of one row and one column selects."""
        query, doing = {"query": {"kind": "HogQLQuery", "query": hogql}}, "count events"
        answer = self._ask("POST", f"/api/projects/{self.settings.project_id}/query/", doing, json=query)
        ((counted,), *_) = self._read(_Counted, answer, doing).results or [(0,)]
        return counted

    def _path(self, kind: Kind) -> str:
        return f"/api/projects/{self.settings.project_id}/{kind}s/"

    def _all(self, kind: Kind, form: type[Model], options: dict[str, str]) -> list[Model]:
        """Return every object of a kind once, from all pages."""
        doing, found = f"list {kind}s", dict[Any, Model]()
        params = {"limit": str(_PAGE), **options}
        for _ in range(_MOST_PAGES):
            page = self._read(_Page, self._ask("GET", self._path(kind), doing, params=params), doing)
            for one in page.results:
                # While objects are created, one may move to the next page and be listed twice.
                found[one.get("id")] = self._parsed(form, one, doing)
            if not page.next:
                return list(found.values())
            # The query alone: behind a proxy the address may be another's, which must not get the key.
            params = dict(parse_qsl(urlsplit(page.next).query))
        raise undocumented(self.settings, doing, f"it has over {_MOST_PAGES} pages")

    def _ask(self, method: str, path: str, doing: str, **content: Any) -> httpx2.Response:
        try:
            answer = self._http.request(method, path, **content)
        except httpx2.TransportError as error:
            raise silence(self.settings, error) from error
        if not answer.is_success:
            raise refusal(self.settings, answer, doing)
        return answer

    def _read(self, form: type[Model], answer: httpx2.Response, doing: str) -> Model:
        try:
            content = answer.json()
        except ValueError as error:
            raise undocumented(self.settings, doing, "it is no JSON") from error
        return self._parsed(form, content, doing)

    def _parsed(self, form: type[Model], content: object, doing: str) -> Model:
        try:
            return form.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "its JSON"
            raise undocumented(self.settings, doing, f"{where}: {first['msg']}") from error


@contextmanager
def connected(settings: PostHog) -> Iterator[Client]:
    """Connect to the project with the key of the environment variable POSTHOG_PERSONAL_API_KEY.

    Raises UserError where that is missing, or no personal key.
    """
    key = os.environ.get(KEY, "").strip()
    if not key:
        raise UserError(f"{KEY} is not set.", hint=make_key(settings))
    if key.startswith("phc_"):
        raise UserError(f"{KEY} is a project's key, which can only write events.", hint=make_key(settings))
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise UserError(f"{KEY} has characters that no key has.", hint=make_key(settings))
    with new_http(settings.api_url, key) as http:
        yield Client(settings, http)


def new_http(url: str, key: str) -> httpx2.Client:
    """Return the connections to a PostHog; no proxy stands between us and one on this machine."""
    return httpx2.Client(
        base_url=url,
        headers={"Authorization": f"Bearer {key}"},
        timeout=_PATIENCE_S,
        follow_redirects=False,
        trust_env=urlsplit(url).hostname not in _LOOPBACK,
    )
