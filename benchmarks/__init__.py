"""Programs that measure Vitrine, and that kill its processes on purpose."""
