"""The services that Vitrine's stacks ship, and the library they share."""
