"""The demo: photos in, a report out, as a front end or as a database row would ask for it."""
