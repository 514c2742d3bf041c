"""What the page is told: /config.json, whose type is in web/src/config.ts."""

from typing import Any

from settings.environment import Environment


def page_config(
    settings: Environment, *, api: str, demo_sign_in: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return the page's configuration, without the keys that do not apply.

    `api` is the base URL of the API, as the page sees it. `demo_sign_in` has the `email` and `password` that
    the page offers, on the local system alone.
    """
    values = {
        "api": api,
        "supabase_url": settings.supabase.url,
        "supabase_publishable_key": settings.supabase.publishable_key,
        "environment": settings.name,
        "goods": settings.catalogue.goods,
        "model_start_minutes": settings.model.wake_minutes,
        "demo_sign_in": demo_sign_in,
    }
    return {key: value for key, value in values.items() if value is not None}
