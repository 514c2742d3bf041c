"""Who calls: the subject of a Supabase access token, checked again behind the gateway."""

from typing import TYPE_CHECKING, Annotated

from anyio import to_thread
from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from services.core.domain.errors import Unauthenticated

if TYPE_CHECKING:
    from services.analyze.dependencies import Dependencies

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="A Supabase access token")


async def _subject(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> str:
    if credentials is None:
        raise Unauthenticated("no access token; send `Authorization: Bearer <token>`")
    parts: Dependencies = request.app.state.parts
    # A thread, since an unknown key id makes the verifier fetch the issuer's keys.
    identity = await to_thread.run_sync(parts.verifier.verify, credentials.credentials)
    return identity.subject


Caller = Annotated[str, Depends(_subject)]
