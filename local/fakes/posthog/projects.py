"""The private API of a PostHog project: insights, dashboards and alerts."""

from fastapi import APIRouter

routes = APIRouter()
