"""Pictures of the page's screens, for its documents."""
